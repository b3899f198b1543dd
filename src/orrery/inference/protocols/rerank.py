"""Documents put in order for a query, as jina, cohere and most compatible servers serve it (``POST /rerank``)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from orrery.inference.endpoint import Endpoint
from orrery.inference.transport import WireRequest, decoded
from orrery.inference.types import Ranked


class _Result(msgspec.Struct):
    index: int
    relevance_score: float | None = None
    score: float | None = None


class _Tokens(msgspec.Struct):
    total_tokens: int | None = None


class _Body(msgspec.Struct):
    results: list[_Result]
    usage: _Tokens | None = None


class Rerank:
    """One wire for all; the path differs by provider and is part of the endpoint's extras (``rerank_path``)."""

    def request(
        self, endpoint: Endpoint, model: str, query: str, documents: Sequence[str], top_n: int | None
    ) -> WireRequest:
        payload: dict[str, object] = {
            "model": endpoint.model or model,
            "query": query,
            "documents": list(documents),
        }
        if top_n is not None:
            payload["top_n"] = top_n
        path = str(endpoint.extras.get("rerank_path") or "/rerank")
        if not path.startswith("/v2/"):
            payload["return_documents"] = False  # cohere's second version has no such field, others default to true
        return WireRequest(path, payload)

    def ranking(self, endpoint: Endpoint, body: bytes) -> tuple[list[Ranked], int | None]:
        """Best first, with the tokens read (None when the vendor does not say)."""
        found = decoded(endpoint, body, _Body)
        ranked = [
            Ranked(r.index, r.relevance_score if r.relevance_score is not None else r.score or 0.0)
            for r in found.results
        ]
        ranked.sort(key=lambda r: -r.score)
        return ranked, found.usage.total_tokens if found.usage else None
