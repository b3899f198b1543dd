"""What was asked and what was found, noted afterwards so that no search waits for it (knowledge.md 4.4)."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Sequence
from typing import Literal

import msgspec
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.engine import Database
from orrery.knowledge.datasets.tables import DatasetQuery
from orrery.knowledge.documents.tables import DocumentSegment
from orrery.retrieval.cleaning import storable

_log = logging.getLogger(__name__)
MOST_WAITING = 4096
"""Questions that may wait to be noted; beyond them they are not."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question, and who asked it."""

    text: str
    source: Literal["hit_testing", "app"]
    role: Literal["account", "end_user"]
    user_id: str
    app_id: str | None = None


class Noted(msgspec.Struct, frozen=True):
    """A question that datasets were asked, and the segments that were found for it."""

    asked: Asked
    dataset_ids: Sequence[str]
    segment_ids: Sequence[str]


def note_question(session: AsyncSession, asked: Asked, dataset_id: str) -> None:
    """Adds the row of one dataset's question."""
    content = json.dumps([{"content_type": "text_query", "content": storable(asked.text)}], ensure_ascii=False)
    session.add(
        DatasetQuery(
            dataset_id=dataset_id,
            content=content,
            source=asked.source,
            source_app_id=asked.app_id,
            created_by_role=asked.role,
            created_by=asked.user_id,
        )
    )


class QueryNotes:
    """Notes questions of runs, all that wait in one transaction. `close` before the database is closed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[Noted] = []
        self._task: asyncio.Task[None] | None = None

    def note(self, noted: Noted) -> None:
        """Never waits. What a process that dies had not written is lost."""
        if len(self._waiting) >= MOST_WAITING:
            return
        self._waiting.append(noted)
        if self._task is None:
            self._task = asyncio.create_task(self._write_all(), name="knowledge-queries")

    async def idle(self) -> None:
        """Returns when everything is written."""
        while self._task is not None:
            await asyncio.wait({self._task})

    async def close(self) -> None:
        """Writes what waits."""
        await self.idle()

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                # A dataset may be gone by now: the others' questions are noted all the same.
                if not await self._written(batch) and len(batch) > 1:
                    for one in batch:
                        await self._written([one])
        finally:
            self._task = None

    async def _written(self, batch: Sequence[Noted]) -> bool:
        try:
            await self._write(batch)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("%d questions to knowledge bases could not be noted: %s", len(batch), error)
            return False
        return True

    async def _write(self, batch: Sequence[Noted]) -> None:
        hits = Counter(segment_id for noted in batch for segment_id in set(noted.segment_ids))
        async with self._database.write() as session:
            for noted in batch:
                for dataset_id in noted.dataset_ids:
                    note_question(session, noted.asked, dataset_id)
            # In one order everywhere, so that two processes can't wait for each other's rows.
            for segment_id in sorted(hits):
                await session.execute(
                    update(DocumentSegment)
                    .where(DocumentSegment.id == segment_id)
                    .values(
                        hit_count=DocumentSegment.hit_count + hits[segment_id],
                        updated_at=DocumentSegment.updated_at,  # a hit is no change of the segment
                    )
                )
