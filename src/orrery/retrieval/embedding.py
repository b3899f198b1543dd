"""Texts to vectors: each text is asked for once, and every vector belongs to its text or there is an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from orrery.inference.types import InvokeError, ModelRef, Usage
from orrery.retrieval.cleaning import storable
from orrery.retrieval.hashing import text_hash
from orrery.retrieval.vectors import NotAVector, packed


class EmbeddingModel(Protocol):
    """`InferenceGateway` is one."""

    async def embed(self, model: ModelRef, texts: Sequence[str]) -> tuple[list[list[float]], Usage]:
        """One vector for each text, in order. Raises `InvokeError`."""
        ...


class VectorCache(Protocol):
    """Vectors of documents' texts by `text_hash`; whoever implements it forgets them when it likes."""

    async def get(self, model: ModelRef, hashes: Sequence[str]) -> dict[str, bytes]: ...

    async def put(self, model: ModelRef, vectors: Mapping[str, bytes]) -> None: ...


class QueryCache(Protocol):
    """Vectors of queries by `text_hash`, for minutes."""

    async def get(self, model: ModelRef, query_hash: str) -> bytes | None: ...

    async def put(self, model: ModelRef, query_hash: str, vector: bytes) -> None: ...


class UnusableVector(InvokeError):
    """The model answered something that is not one vector for each text, all of one length."""


class Embedded(msgspec.Struct, frozen=True):
    """``vectors``: one for each text, in order, as `retrieval.vectors` packs them.

    ``tokens`` and ``usage`` are of the texts that the model was asked now; those known before cost nothing.
    """

    vectors: list[bytes]
    tokens: int
    usage: Usage


class Embedder:
    """Without ``queries`` every query is asked of the model."""

    def __init__(self, models: EmbeddingModel, cache: VectorCache, queries: QueryCache | None = None) -> None:
        self._models, self._cache, self._queries = models, cache, queries

    async def documents(self, model: ModelRef, texts: Sequence[str]) -> Embedded:
        """Raises `InvokeError`; then nothing of these texts was kept."""
        hashes = [text_hash(text) for text in texts]
        by_hash = dict(zip(hashes, texts, strict=True))
        known = await self._cache.get(model, list(by_hash)) if by_hash else {}
        missing = [key for key in by_hash if key not in known]
        fresh, usage = await self._fresh(model, missing, by_hash)
        if fresh and known and len(next(iter(fresh.values()))) not in {len(vector) for vector in known.values()}:
            # the model behind the name was changed: what is known of it is of no use any more
            again, more = await self._fresh(model, [key for key in by_hash if key in known], by_hash)
            fresh, usage, known = fresh | again, usage + more, {}
        if fresh:
            await self._cache.put(model, fresh)
        found = known | fresh
        _require_one_length(found)
        return Embedded([found[key] for key in hashes], usage.total_tokens, usage)

    async def query(self, model: ModelRef, text: str) -> bytes:
        """The vector to search with. Raises `InvokeError`."""
        text = storable(text)  # documents were cleaned; what runs ask for may be anything
        key = text_hash(text)
        found = await self._queries.get(model, key) if self._queries else None
        if found is None:
            fresh, _ = await self._fresh(model, [key], {key: text})
            found = fresh[key]
            if self._queries:
                await self._queries.put(model, key, found)
        return found

    async def _fresh(
        self, model: ModelRef, hashes: Sequence[str], texts: Mapping[str, str]
    ) -> tuple[dict[str, bytes], Usage]:
        if not hashes:
            return {}, Usage()
        vectors, usage = await self._models.embed(model, [texts[key] for key in hashes])
        if len(vectors) != len(hashes):
            raise UnusableVector(
                f"The embedding model {model.name} answered {len(vectors)} vectors for {len(hashes)} texts."
            )
        found: dict[str, bytes] = {}
        for place, (key, numbers) in enumerate(zip(hashes, vectors, strict=True), 1):
            try:
                found[key] = packed(numbers)
            except NotAVector as exc:
                raise UnusableVector(
                    f"The vector that the embedding model {model.name} answered for text {place} of {len(hashes)} {exc}."
                ) from exc
        _require_one_length(found)
        return found, usage


def _require_one_length(vectors: Mapping[str, bytes]) -> None:
    if len({len(vector) for vector in vectors.values()}) > 1:
        raise UnusableVector("The embedding model answered vectors of different lengths.")
