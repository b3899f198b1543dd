"""Order among what was found: by a reranking model, by weights (knowledge.md 4.3)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from orrery.inference.gateway import InferenceGateway
from orrery.inference.types import InvokeAuthorizationError, ModelNotFound, ModelRef, ProviderNotConfigured, Usage
from orrery.knowledge.searching.retrieval_model import RerankingModel, Weights
from orrery.retrieval.fusion import keyword_similarities


class Reranked(msgspec.Struct, frozen=True):
    """``order``: (place, score) of what is kept, best first."""

    order: Sequence[tuple[int, float]]
    usage: Usage | None = None


async def by_model(
    gateway: InferenceGateway,
    model: RerankingModel,
    query: str,
    texts: Sequence[str],
    *,
    threshold: float | None,
) -> Reranked | None:
    """None where the workspace can't use the model: what was found then stays in its order. Raises `InvokeError`."""
    if not texts:
        return Reranked(())
    try:
        ranked, usage = await gateway.rerank(ModelRef(model.provider, model.name, "rerank"), query, texts)
    except (ProviderNotConfigured, ModelNotFound, InvokeAuthorizationError):
        return None
    kept = [(one.index, one.score) for one in ranked if threshold is None or one.score >= threshold]
    return Reranked(sorted(kept, key=lambda item: -item[1]), usage)


def by_weights(
    weights: Weights, query: str, texts: Sequence[str], cosines: Sequence[float], *, threshold: float | None
) -> Reranked:
    """Cosine and shared keywords, each with its weight."""
    similar = keyword_similarities(query, texts)
    scores = [
        weights.vector * cosine + weights.keyword * keyword for cosine, keyword in zip(cosines, similar, strict=True)
    ]
    kept = [(place, score) for place, score in enumerate(scores) if threshold is None or score >= threshold]
    return Reranked(sorted(kept, key=lambda item: -item[1]))
