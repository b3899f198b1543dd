"""Searching one dataset by one of the four methods (knowledge.md 4.2).

The index is asked for more until enough different segments are found that may be shown: it also knows segments that
are switched off, and several child chunks may stand for one segment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import msgspec

from orrery.database.engine import Database
from orrery.inference.types import Usage
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.searching.asking import Models
from orrery.knowledge.searching.documents import Allowed
from orrery.knowledge.searching.passages import Candidate, Passage, assembled, candidates, segments_in
from orrery.knowledge.searching.question import Question
from orrery.knowledge.searching.reranking import Reranked, by_model, by_weights
from orrery.knowledge.searching.retrieval_model import RetrievalModel
from orrery.knowledge.segments.entries import ECONOMY
from orrery.retrieval.fusion import reciprocal_ranks
from orrery.retrieval.search_text import keyword_terms, keywords
from orrery.retrieval.stores.protocol import Hit, VectorIndex

Leg: TypeAlias = Callable[[int], Awaitable[list[Hit]]]
_QUERY_KEYWORDS = 10
_WIDER = 4
_WIDEST = 4096


class Found(msgspec.Struct, frozen=True):
    """Passages, best first, and what models took for finding them."""

    passages: list[Passage]
    usage: Usage | None = None


class DatasetSearch:
    """Finds passages in one dataset."""

    def __init__(self, database: Database, index: VectorIndex, models: Models) -> None:
        self._database = database
        self._index = index
        self._models = models

    async def find(self, dataset: Dataset, question: Question, plan: RetrievalModel, allowed: Allowed) -> Found:
        """At most ``plan.top_k`` passages. Raises `InvokeError`, `ProviderNotInitialized`, `WrongDimension`."""
        if not allowed.any or plan.top_k < 1:
            return Found([])
        method = "keyword_search" if dataset.indexing_technique == ECONOMY else plan.method
        if method == "hybrid_search":
            return await self._hybrid(dataset, question, plan, allowed)
        if method == "keyword_search":
            found = await self._enough(dataset, self._by_keywords(dataset, question, allowed), plan.top_k)
            return Found(assembled(dataset, found))
        if method == "full_text_search":
            found = await self._enough(dataset, self._by_text(dataset, question, allowed), plan.top_k)
        else:
            found = await self._near(dataset, question, plan, allowed)
        ordered, usage = await self._reranked(dataset, question, plan, found)
        return Found(assembled(dataset, found if ordered is None else ordered), usage)

    async def cosines(self, dataset: Dataset, question: Question, nodes: Sequence[str]) -> dict[str, float]:
        """How near these entries are to the question; entries without a vector are left out."""
        if not nodes or dataset.indexing_technique == ECONOMY:
            return {}
        return await self._index.similar(dataset.id, await question.vector(dataset), nodes)

    async def _hybrid(self, dataset: Dataset, question: Question, plan: RetrievalModel, allowed: Allowed) -> Found:
        await question.vector(dataset)  # what fails most often fails before anything else is under way
        near, worded = await asyncio.gather(
            self._near(dataset, question, plan, allowed),
            self._enough(dataset, self._by_text(dataset, question, allowed), plan.top_k),
        )
        merged = list({one.node_id: one for one in (*worded, *near)}.values())
        usage = None
        if plan.weighing is not None:
            ordered = await self._weighed(dataset, question, plan, merged)
        else:
            ordered, usage = await self._reranked(dataset, question, plan, merged)
        if ordered is not None:
            return Found(assembled(dataset, ordered)[: plan.top_k], usage)
        ranks = reciprocal_ranks([[one.node_id for one in near], [one.node_id for one in worded]])
        passages = assembled(dataset, [_scored(one, ranks[one.node_id]) for one in merged])[: plan.top_k]
        for passage in passages:
            passage.is_ranked = True
        return Found(passages)

    async def _near(
        self, dataset: Dataset, question: Question, plan: RetrievalModel, allowed: Allowed
    ) -> list[Candidate]:
        vector = await question.vector(dataset)
        threshold = plan.threshold or 0.0

        async def leg(count: int) -> list[Hit]:
            return await self._index.by_vector(dataset.id, vector, count, threshold, allowed.ids)

        found = await self._enough(dataset, leg, plan.top_k)
        for one in found:
            one.cosine = one.score
        return found

    def _by_text(self, dataset: Dataset, question: Question, allowed: Allowed) -> Leg:
        return lambda count: self._index.by_text(dataset.id, question.text, count, allowed.ids)

    def _by_keywords(self, dataset: Dataset, question: Question, allowed: Allowed) -> Leg:
        words = keyword_terms(keywords(question.text, _QUERY_KEYWORDS))
        return lambda count: self._index.by_keywords(dataset.id, words, count, allowed.ids)

    async def _enough(self, dataset: Dataset, leg: Leg, top_k: int) -> list[Candidate]:
        """The best nodes of the best ``top_k`` segments that may be shown."""
        count = top_k
        while True:
            hits = await leg(count)
            async with self._database.read() as session:
                found = await candidates(session, dataset, {hit.node_id: hit.score for hit in hits})
            if segments_in(found) >= top_k or len(hits) < count or count >= _WIDEST:
                return _of_first_segments(found, top_k)
            count = min(count * _WIDER, _WIDEST)

    async def _reranked(
        self, dataset: Dataset, question: Question, plan: RetrievalModel, found: Sequence[Candidate]
    ) -> tuple[list[Candidate] | None, Usage | None]:
        """In a reranking model's order; None without a model."""
        if plan.reranking is None or not found:
            return None, None
        gateway = self._models(dataset.tenant_id)
        texts = [one.text for one in found]
        done = await by_model(gateway, plan.reranking, question.text, texts, threshold=plan.threshold)
        return (None, None) if done is None else (_in_order(found, done), done.usage)

    async def _weighed(
        self, dataset: Dataset, question: Question, plan: RetrievalModel, found: Sequence[Candidate]
    ) -> list[Candidate]:
        assert plan.weighing is not None
        unknown = [one.node_id for one in found if one.cosine is None]
        known = await self.cosines(dataset, question, unknown)
        for one in found:
            if one.cosine is None:
                one.cosine = known.get(one.node_id, 0.0)
        near = [one.cosine or 0.0 for one in found]
        texts = [one.text for one in found]
        return _in_order(found, by_weights(plan.weighing, question.text, texts, near, threshold=plan.threshold))


def _of_first_segments(found: Sequence[Candidate], most: int) -> list[Candidate]:
    chosen: set[str] = set()
    kept: list[Candidate] = []
    for one in found:
        if one.segment.id not in chosen and len(chosen) == most:
            continue
        chosen.add(one.segment.id)
        kept.append(one)
    return kept


def _in_order(found: Sequence[Candidate], done: Reranked) -> list[Candidate]:
    return [_scored(found[place], score) for place, score in done.order]


def _scored(one: Candidate, score: float) -> Candidate:
    return msgspec.structs.replace(one, score=score)
