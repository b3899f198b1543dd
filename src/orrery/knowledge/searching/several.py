"""Searching several datasets for one question, all of them or the one that a model chooses (knowledge.md 4.4)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from orrery.errors import InvalidParam
from orrery.inference.types import Usage
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.searching.asking import Models
from orrery.knowledge.searching.documents import Allowed
from orrery.knowledge.searching.one_dataset import DatasetSearch, Found
from orrery.knowledge.searching.passages import Passage
from orrery.knowledge.searching.question import Question
from orrery.knowledge.searching.reranking import Reranked, by_model, by_weights
from orrery.knowledge.searching.retrieval_model import (
    RerankingModel,
    RetrievalModel,
    Weights,
    named_model,
    read_weights,
    stored_retrieval_model,
)
from orrery.knowledge.segments.entries import ECONOMY
from orrery.retrieval.fusion import keyword_similarities

_TOP_K = 4


class Merging(msgspec.Struct, frozen=True, kw_only=True):
    """How an app puts the passages of its datasets together; a graph's ``multiple_retrieval_config``."""

    top_k: int = _TOP_K
    threshold: float | None = None
    reranking_enabled: bool = True
    is_weighted: bool = False
    model: RerankingModel | None = None
    weights: Weights | None = None


def read_merging(stored: Mapping[str, object]) -> Merging:
    """What a node or an app's configuration holds; anything that can't be reads as the contract's default."""
    plan = stored_retrieval_model({**stored, "score_threshold_enabled": True}, top_k=_TOP_K)
    return Merging(
        top_k=plan.top_k,
        threshold=plan.threshold or None,
        reranking_enabled=stored.get("reranking_enable") is not False,
        is_weighted=plan.reranking_mode == "weighted_score",
        model=named_model(stored.get("reranking_model")),
        weights=read_weights(stored.get("weights")),
    )


def check_mix(datasets: Sequence[Dataset], merging: Merging) -> None:
    """Raises `InvalidParam` for datasets whose passages can't be put in one order."""
    if len({dataset.indexing_technique for dataset in datasets}) > 1 and (
        not merging.reranking_enabled or merging.is_weighted or merging.model is None
    ):
        raise InvalidParam(
            "The configured knowledge base list have different indexing technique, please set reranking model."
        )
    models = {(dataset.embedding_model_provider, dataset.embedding_model) for dataset in datasets}
    if len(models) > 1 and merging.reranking_enabled and merging.is_weighted:
        raise InvalidParam(
            "The configured knowledge base list have different embedding model, please set reranking model."
        )


class SeveralSearch:
    """Finds passages in all of several datasets."""

    def __init__(self, search: DatasetSearch, models: Models) -> None:
        self._search = search
        self._models = models

    async def find(self, datasets: Sequence[tuple[Dataset, Allowed]], question: Question, merging: Merging) -> Found:
        """At most ``merging.top_k`` passages. Raises what `DatasetSearch.find` raises, `InvalidParam`."""
        if not datasets or merging.top_k < 1:
            return Found([])
        check_mix([dataset for dataset, _ in datasets], merging)
        found = await self._each(datasets, question, merging)
        passages = [passage for one in found for passage in one.passages]
        usage = total_usage([one.usage for one in found])
        if merging.reranking_enabled and len(datasets) > 1:
            ordered, spent = await self._together(passages, question, merging)
            return Found(ordered[: merging.top_k], total_usage([usage, spent]))
        if datasets[0][0].indexing_technique == ECONOMY:
            texts = [passage.segment.content for passage in passages]
            scores = keyword_similarities(question.text, texts)
            passages = [_scored(passage, score) for passage, score in zip(passages, scores, strict=True)]
        else:
            passages = [passage for passage in passages if passage.reaches(merging.threshold)]
        return Found(_best_first(passages)[: merging.top_k], usage)

    async def _each(
        self, datasets: Sequence[tuple[Dataset, Allowed]], question: Question, merging: Merging
    ) -> list[Found]:
        """Each dataset by its own settings."""
        return await asyncio.gather(
            *(self._search.find(dataset, question, _plan(dataset, merging), allowed) for dataset, allowed in datasets)
        )

    async def _together(
        self, passages: Sequence[Passage], question: Question, merging: Merging
    ) -> tuple[list[Passage], Usage | None]:
        if not passages:
            return [], None
        texts = [passage.segment.content for passage in passages]
        done: Reranked | None = None
        if merging.is_weighted and merging.weights is not None:
            cosines = await self._cosines(passages, question)
            done = by_weights(merging.weights, question.text, texts, cosines, threshold=merging.threshold)
        elif merging.model is not None and not merging.is_weighted:
            gateway = self._models(passages[0].dataset.tenant_id)
            done = await by_model(gateway, merging.model, question.text, texts, threshold=merging.threshold)
        if done is None:
            return _best_first([one for one in passages if one.reaches(merging.threshold)]), None
        return [_scored(passages[place], score) for place, score in done.order], done.usage

    async def _cosines(self, passages: Sequence[Passage], question: Question) -> list[float]:
        by_dataset: dict[str, list[Passage]] = {}
        for passage in passages:
            if passage.cosine is None:
                by_dataset.setdefault(passage.dataset.id, []).append(passage)
        for some in by_dataset.values():
            nodes = [node for passage in some for node in passage.nodes]
            known = await self._search.cosines(some[0].dataset, question, nodes)
            for passage in some:
                passage.cosine = max((known.get(node, 0.0) for node in passage.nodes), default=0.0)
        return [passage.cosine or 0.0 for passage in passages]


def _plan(dataset: Dataset, merging: Merging) -> RetrievalModel:
    if dataset.indexing_technique == ECONOMY:
        return RetrievalModel(method="keyword_search", top_k=merging.top_k)
    return stored_retrieval_model(dataset.retrieval_model)


def total_usage(spent: Sequence[Usage | None]) -> Usage | None:
    """What several calls took together; None when no model was asked."""
    known = [usage for usage in spent if usage is not None]
    return sum(known[1:], known[0]) if known else None


def _best_first(passages: Sequence[Passage]) -> list[Passage]:
    return sorted(passages, key=lambda passage: -passage.score)


def _scored(passage: Passage, score: float) -> Passage:
    return msgspec.structs.replace(passage, score=score)
