"""Retrieval tests, and searches by key: one dataset, asked by a person or a program (knowledge.md 4.5)."""

from __future__ import annotations

from typing import cast

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.engine import Database
from orrery.errors import InvalidParam
from orrery.inference.types import InvokeError
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.documents.tables import Document
from orrery.knowledge.index.tables import KnowledgeIndex
from orrery.knowledge.searching.documents import Allowed, allowed
from orrery.knowledge.searching.errors import DatasetNotInitialized, told
from orrery.knowledge.searching.metadata_filter import read_conditions, restriction
from orrery.knowledge.searching.one_dataset import DatasetSearch
from orrery.knowledge.searching.queries import Asked, note_question
from orrery.knowledge.searching.question import Question
from orrery.knowledge.searching.retrieval_model import RetrievalModel, read_retrieval_model, stored_retrieval_model
from orrery.knowledge.searching.view import records
from orrery.knowledge.segments.entries import EmbedderOf
from orrery.knowledge.segments.place import find_dataset
from orrery.knowledge.segments.view import Sign

LONGEST_QUERY = 250
_CONDITIONS = "metadata_filtering_conditions"


class SearchRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller sent. ``retrieval_model`` None takes the dataset's own."""

    query: str
    retrieval_model: object = None
    attachment_ids: object = None


class Searching:
    """Searches one dataset for a caller, and notes the question."""

    def __init__(self, database: Database, search: DatasetSearch, embedder: EmbedderOf, sign: Sign) -> None:
        self._database = database
        self._search = search
        self._embedder = embedder
        self._sign = sign

    async def retrieve(
        self, workspace_id: str, dataset_id: str, request: SearchRequest, account_id: str
    ) -> dict[str, object]:
        """``{"query", "records"}``.

        Raises `DatasetNotFound`, `DatasetNotInitialized`, `InvalidParam`, `WrongDimension`, and what the models
        refuse: `ProviderNotInitialized`, `ModelNotSupported`, `ModelRequestFailed`.
        """
        _check(request)
        given = request.retrieval_model
        plan = None if given is None else read_retrieval_model(given)
        async with self._database.read() as session:
            dataset = await find_dataset(session, workspace_id, dataset_id)
            if (
                await session.scalar(select(KnowledgeIndex.dataset_id).where(KnowledgeIndex.dataset_id == dataset.id))
                is None
            ):
                raise DatasetNotInitialized
            documents = await _documents(session, dataset, given)
        plan = plan or stored_retrieval_model(dataset.retrieval_model)
        question = Question(request.query, self._embedder(workspace_id))
        try:
            found = await self._search.find(dataset, question, plan, documents)
        except InvokeError as error:
            raise told(error) from error
        asked = Asked(text=request.query, source="hit_testing", role="account", user_id=account_id)
        async with self._database.write() as session:
            note_question(session, asked, dataset.id)
        return records(request.query, found.passages, self._sign)


async def _documents(session: AsyncSession, dataset: Dataset, given: object) -> Allowed:
    stored = cast("dict[str, object]", given).get(_CONDITIONS) if isinstance(given, dict) else None
    logic, conditions = read_conditions(stored, f"retrieval_model.{_CONDITIONS}")
    return await allowed(session, dataset, restriction(Document.doc_metadata, conditions, logic))


def _check(request: SearchRequest) -> None:
    attachments = request.attachment_ids
    if attachments is not None and not isinstance(attachments, list):
        raise InvalidParam("Attachment_ids must be a list", params="attachment_ids")
    if attachments:
        raise InvalidParam(
            "attachment_ids: searching by images is not available in this version.", params="attachment_ids"
        )
    if not request.query.strip():
        raise InvalidParam("Query or attachment_ids is required", params="query")
    if len(request.query) > LONGEST_QUERY:
        raise InvalidParam(f"Query cannot exceed {LONGEST_QUERY} characters", params="query")


__all__ = ["LONGEST_QUERY", "RetrievalModel", "SearchRequest", "Searching"]
