"""Where a document stands, and who may move it on.

Every write goes through `Progress.step`: it holds the job's lease and the document's row until it commits. So a process
that lost its lease, a job that was replaced by a newer one, and a document that was paused or deleted get nothing in.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

import msgspec
from sqlalchemy import Table as CoreTable
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.engine import Database
from orrery.database.orm import utc_now
from orrery.inference.types import ModelRef
from orrery.jobs.attempt import Attempt
from orrery.knowledge.datasets.tables import Dataset, ProcessRuleRow
from orrery.knowledge.documents import states
from orrery.knowledge.documents.store import upload_of
from orrery.knowledge.documents.tables import Document
from orrery.knowledge.index.transactions import without_gap_locks
from orrery.retrieval.rules import AUTOMATIC, ProcessRule, read_rule

DEFAULT_KEYWORDS = 10
_documents = cast("CoreTable", Document.__table__)


class Stopped(Exception):
    """The document was paused, deleted, or given to another job: there is nothing to do here any more."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be indexed and how. ``model`` is None in the economy technique; ``file_id`` for no file at all."""

    document_id: str
    dataset_id: str
    workspace_id: str
    created_by: str
    status: str
    file_id: str | None
    form: str
    rule: ProcessRule
    model: ModelRef | None
    keyword_number: int

    @property
    def hierarchical(self) -> bool:
        return self.form == "hierarchical_model"


class Progress:
    """The way of one attempt through one document. ``longest_chunk``: characters that rules may ask for."""

    def __init__(self, database: Database, attempt: Attempt, document_id: str, *, longest_chunk: int) -> None:
        self._database = database
        self._attempt = attempt
        self._document_id = document_id
        self._longest = longest_chunk

    async def task(self) -> Task:
        """What is to be done. Raises `Stopped`, `BadRule`."""
        query = (
            select(Document, Dataset, ProcessRuleRow)
            .join(Dataset, Dataset.id == Document.dataset_id)
            .outerjoin(ProcessRuleRow, ProcessRuleRow.id == Document.dataset_process_rule_id)
            .where(Document.id == self._document_id, Dataset.deleted_at.is_(None))
        )
        async with self._database.read() as session:
            found = (await session.execute(query)).one_or_none()
        if found is None:
            raise Stopped
        document, dataset, rule = found
        if document.indexing_job_id != self._attempt.job_id or document.is_paused:
            raise Stopped
        return Task(
            document_id=document.id,
            dataset_id=dataset.id,
            workspace_id=document.tenant_id,
            created_by=document.created_by,
            status=document.indexing_status,
            file_id=upload_of(document),
            form=document.doc_form,
            rule=self._rule(rule, document.doc_form),
            model=_model_of(dataset),
            keyword_number=dataset.keyword_number or DEFAULT_KEYWORDS,
        )

    def _rule(self, row: ProcessRuleRow | None, form: str) -> ProcessRule:
        if row is None:
            return AUTOMATIC
        return read_rule({"mode": row.mode, "rules": row.rules}, longest=self._longest, form=form)

    @asynccontextmanager
    async def step(self, **changes: object) -> AsyncGenerator[AsyncSession]:
        """A transaction that changes the document so, and whatever else the caller adds.

        Raises `Stopped`, `LeaseLost`.
        """
        async with without_gap_locks(self._database) as session:
            await self._attempt.hold(session)
            connection = await session.connection()
            held = await connection.execute(
                update(_documents)
                .where(
                    _documents.c.id == self._document_id,
                    _documents.c.indexing_job_id == self._attempt.job_id,
                    _documents.c.is_paused.is_(False),
                )
                .values(updated_at=utc_now(), **changes)
            )
            if held.rowcount != 1:
                raise Stopped
            yield session

    async def begin(self) -> None:
        """The document is being read."""
        async with self.step(
            indexing_status=states.PARSING, processing_started_at=utc_now(), error=None, stopped_at=None
        ):
            pass

    async def parsed(self) -> None:
        """Its text is there."""
        async with self.step(indexing_status=states.SPLITTING, parsing_completed_at=utc_now()):
            pass

    async def fail(self, reason: str) -> None:
        """Nothing more will be tried."""
        async with self.step(indexing_status=states.ERROR, error=reason, stopped_at=utc_now()):
            pass


def _model_of(dataset: Dataset) -> ModelRef | None:
    if dataset.indexing_technique != "high_quality":
        return None
    return ModelRef(dataset.embedding_model_provider or "", dataset.embedding_model or "", "text-embedding")
