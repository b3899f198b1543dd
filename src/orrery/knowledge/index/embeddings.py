"""The `VectorCache` of a workspace: what its models answered before, as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from sqlalchemy import Table as CoreTable
from sqlalchemy import select

from orrery.database.engine import Database
from orrery.database.ids import new_id
from orrery.database.insert_missing import InsertMissing
from orrery.database.orm import utc_now
from orrery.inference.types import ModelRef
from orrery.knowledge.index.tables import StoredEmbedding
from orrery.knowledge.index.writing import AT_ONCE, slices

_embeddings = cast("CoreTable", StoredEmbedding.__table__)
_NAME = 191


class StoredEmbeddings:
    """Rows of one workspace. A text that two processes embed at a time is kept once."""

    def __init__(self, database: Database, workspace_id: str) -> None:
        self._database = database
        self._workspace_id = workspace_id

    async def get(self, model: ModelRef, hashes: Sequence[str]) -> dict[str, bytes]:
        """Those that are known."""
        columns = (_embeddings.c.hash, _embeddings.c.embedding)
        of_model = (
            _embeddings.c.tenant_id == self._workspace_id,
            _embeddings.c.provider_name == model.provider[:_NAME],
            _embeddings.c.model_name == model.name[:_NAME],
        )
        found: dict[str, bytes] = {}
        async with self._database.reader.connect() as connection:
            for some in slices(hashes, AT_ONCE):
                query = select(*columns).where(*of_model, _embeddings.c.hash.in_(some))
                found.update((row[0], row[1]) for row in await connection.execute(query))
        return found

    async def put(self, model: ModelRef, vectors: Mapping[str, bytes]) -> None:
        """Keeps them for as long as the retention says."""
        now = utc_now()
        rows = [
            {
                "id": new_id(),
                "tenant_id": self._workspace_id,
                "provider_name": model.provider[:_NAME],
                "model_name": model.name[:_NAME],
                "hash": digest,
                "embedding": vector,
                "created_at": now,
            }
            # In one order everywhere: two processes that keep the same texts wait for each other, and don't lock up.
            for digest, vector in sorted(vectors.items())
        ]
        if not rows:
            return
        async with self._database.connection() as connection:
            await connection.execute(InsertMissing(_embeddings), rows)
