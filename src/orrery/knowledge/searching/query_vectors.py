"""Vectors of questions asked in the last minutes, by workspace: two may mean different endpoints by one name."""

from __future__ import annotations

import msgspec

from orrery.inference.types import ModelRef
from orrery.retrieval.embedding import QueryCache


class QueryVectors:
    """A workspace's part of a `QueryCache` that all share."""

    def __init__(self, shared: QueryCache, workspace_id: str) -> None:
        self._shared = shared
        self._workspace_id = workspace_id

    async def get(self, model: ModelRef, query_hash: str) -> bytes | None:
        return await self._shared.get(self._own(model), query_hash)

    async def put(self, model: ModelRef, query_hash: str, vector: bytes) -> None:
        await self._shared.put(self._own(model), query_hash, vector)

    def _own(self, model: ModelRef) -> ModelRef:
        return msgspec.structs.replace(model, provider=f"{self._workspace_id}/{model.provider}")
