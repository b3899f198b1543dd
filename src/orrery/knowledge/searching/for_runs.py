"""Knowledge for runs: what a knowledge-retrieval node asks for and gets (knowledge.md 4.4, workflow.md 3.11)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement

from orrery.database.engine import Database
from orrery.database.patience import patiently
from orrery.errors import OrreryError
from orrery.inference.types import InvokeError, Usage
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.documents.tables import Document
from orrery.knowledge.searching.asking import Models
from orrery.knowledge.searching.automatic_filter import find_conditions
from orrery.knowledge.searching.documents import Allowed, allowed, datasets_named, metadata_names, with_documents
from orrery.knowledge.searching.metadata_filter import restriction
from orrery.knowledge.searching.one_dataset import DatasetSearch, Found
from orrery.knowledge.searching.queries import Asked, Noted, QueryNotes
from orrery.knowledge.searching.question import Question
from orrery.knowledge.searching.retrieval_model import stored_retrieval_model
from orrery.knowledge.searching.routing import Choice, choose
from orrery.knowledge.searching.several import SeveralSearch, read_merging, total_usage
from orrery.knowledge.searching.view import items
from orrery.knowledge.segments.entries import EmbedderOf
from orrery.knowledge.segments.view import Sign
from orrery.workflow.node import NodeFailure
from orrery.workflow.nodes.knowledge_services import MetadataFilter, RetrievalRequest, RetrievalResult
from orrery.workflow.nodes.llm_errors import ModelCallError


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """Whose run asks: ``role`` is account or end_user."""

    workspace_id: str
    app_id: str
    role: str
    user_id: str


class RunSearch(msgspec.Struct, frozen=True, kw_only=True):
    """What all runs of a process search with."""

    database: Database
    search: DatasetSearch
    several: SeveralSearch
    models: Models
    embedder: EmbedderOf
    notes: QueryNotes
    sign: Sign

    def of_run(self, asker: Asker) -> RunRetrieval:
        """The knowledge that one run may search."""
        return RunRetrieval(self, asker)


class RunRetrieval:
    """Implements the workflow's `Retrieval` for one run."""

    def __init__(self, parts: RunSearch, asker: Asker) -> None:
        self._parts = parts
        self._asker = asker

    async def retrieve(self, request: RetrievalRequest) -> RetrievalResult:
        """Passages of the workspace's datasets; ids of none are left out. Raises `NodeFailure`."""
        if not request.query:
            return RetrievalResult(())
        try:
            return await self._retrieve(request)
        except InvokeError as error:
            raise ModelCallError(error) from error
        except OrreryError as error:
            failure = NodeFailure(error.message)
            failure.error_type = type(error).__name__
            raise failure from error

    async def _retrieve(self, request: RetrievalRequest) -> RetrievalResult:
        parts = self._parts
        datasets, names = await patiently(lambda: self._datasets(request))
        if not datasets:
            return RetrievalResult(())
        test, spent = await self._test(request, names)
        searched = await patiently(lambda: self._searched(datasets, test))
        question = Question(request.query, parts.embedder(self._asker.workspace_id))
        if request.mode == "single":
            found = await self._one(searched, question, request)
        else:
            merging = read_merging(request.settings)
            found = await patiently(lambda: parts.several.find(searched, question, merging))
        self._note(request.query, [dataset for dataset, _ in searched], found)
        return RetrievalResult(items(found.passages, parts.sign), total_usage([spent, found.usage]))

    async def _datasets(self, request: RetrievalRequest) -> tuple[list[Dataset], list[str]]:
        """The datasets that can be searched, and the names of their fields where a model wants to know them."""
        async with self._parts.database.read() as session:
            named = await datasets_named(session, self._asker.workspace_id, request.dataset_ids)
            datasets = await with_documents(session, named)
            names = await metadata_names(session, datasets) if request.metadata.mode == "automatic" else []
        return datasets, names

    async def _searched(
        self, datasets: Sequence[Dataset], test: ColumnElement[bool] | None
    ) -> list[tuple[Dataset, Allowed]]:
        """Those that have a document which counts."""
        async with self._parts.database.read() as session:
            searched = [(dataset, await allowed(session, dataset, test)) for dataset in datasets]
        return [(dataset, documents) for dataset, documents in searched if documents.any]

    async def _test(
        self, request: RetrievalRequest, names: Sequence[str]
    ) -> tuple[ColumnElement[bool] | None, Usage | None]:
        """The condition on documents that the node asks for, and what finding it took."""
        wanted: MetadataFilter = request.metadata
        if wanted.mode == "manual":
            return restriction(Document.doc_metadata, wanted.conditions, wanted.logical_operator), None
        if wanted.mode != "automatic":
            return None, None
        gateway = self._parts.models(self._asker.workspace_id)
        conditions, usage = await find_conditions(gateway, wanted.model, request.query, names)
        return restriction(Document.doc_metadata, conditions, wanted.logical_operator), usage

    async def _one(
        self, searched: Sequence[tuple[Dataset, Allowed]], question: Question, request: RetrievalRequest
    ) -> Found:
        """The dataset that a model chooses, by its own settings."""
        choices = [Choice(dataset.id, dataset.name, dataset.description) for dataset, _ in searched]
        if request.model is None and len(choices) > 1:
            raise NodeFailure("The node searches one of several knowledge bases, but names no model that chooses it.")
        chosen, spent = choices[0].id if len(choices) == 1 else None, None
        if request.model is not None:
            gateway = self._parts.models(self._asker.workspace_id)
            chosen, spent = await choose(gateway, request.model, request.query, choices)
        picked = next((pair for pair in searched if pair[0].id == chosen), None)
        if picked is None:
            return Found([], spent)
        dataset, documents = picked
        plan = stored_retrieval_model(dataset.retrieval_model)
        found = await patiently(lambda: self._parts.search.find(dataset, question, plan, documents))
        return Found(found.passages, total_usage([spent, found.usage]))

    def _note(self, query: str, datasets: Sequence[Dataset], found: Found) -> None:
        asker = self._asker
        asked = Asked(
            text=query,
            source="app",
            role="account" if asker.role == "account" else "end_user",
            user_id=asker.user_id,
            app_id=asker.app_id,
        )
        segments = [passage.segment.id for passage in found.passages]
        self._parts.notes.note(Noted(asked, [dataset.id for dataset in datasets], segments))
