"""A file becomes a document: its row, its rule, what it decides for the dataset, and the job that indexes it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.engine import Database
from orrery.database.ids import new_id
from orrery.database.orm import utc_now
from orrery.errors import InvalidParam
from orrery.jobs.outbox import JobOutbox
from orrery.knowledge.datasets.access import Member
from orrery.knowledge.datasets.errors import NotOffered
from orrery.knowledge.datasets.metadata import built_in_values
from orrery.knowledge.datasets.tables import Dataset, ProcessRuleRow
from orrery.knowledge.documents import states, store
from orrery.knowledge.documents.drafts import NewDocument, Settling
from orrery.knowledge.documents.errors import DocFormDiffers, RuleMissing, TechniqueMissing
from orrery.knowledge.documents.sources import SourceFile, SourceFiles
from orrery.knowledge.documents.tables import Document
from orrery.knowledge.indexing.payloads import CleanDocuments, IndexDocument
from orrery.retrieval.rules import read_rule
from orrery.workspaces.members.names import AccountNames

FORMS = ("text_model", "hierarchical_model")
TECHNIQUES = ("high_quality", "economy")
LONGEST_NAME = 255
_MODEL_NAME = 255


class Adding:
    """Each call is one transaction: a document is there with its job, or not at all.

    ``longest_chunk``: characters that a rule may ask for at most.
    """

    def __init__(
        self, database: Database, outbox: JobOutbox, files: SourceFiles, names: AccountNames, *, longest_chunk: int
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._files = files
        self._names = names
        self._longest = longest_chunk

    async def add(
        self, who: Member, dataset_id: str, news: Sequence[NewDocument], settling: Settling
    ) -> list[Document]:
        """Adds documents as one batch, in their order, each in place of its namesake if there is one.

        Raises `DatasetNotFound`, `TechniqueMissing`, `DocFormDiffers`, `RuleMissing`, `BadRule`, `NotOffered`,
        `InvalidParam`, and the `NotFound` of files; then none of them is there.
        """
        uploader = (await self._names.of([who.account_id])).get(who.account_id, "")
        batch = new_batch(utc_now())
        async with self._database.write() as session:
            dataset = await store.lock_dataset(session, who.workspace_id, dataset_id)
            settle(dataset, settling, who)
            added: list[Document] = []
            for number, new in enumerate(news):
                # One call is one rule where its files say the same.
                same = number > 0 and new.process_rule == news[number - 1].process_rule
                rule_id = added[-1].dataset_process_rule_id if same else None
                document = await self._document(session, who, dataset, new, rule_id)
                document.batch = batch
                if dataset.built_in_field_enabled:
                    known = store.as_object(document.doc_metadata)
                    document.doc_metadata = {**known, **built_in_values(document, uploader)}
                await start_indexing(session, self._outbox, document)
                await session.flush()
                added.append(document)
        return added

    async def _document(
        self, session: AsyncSession, who: Member, dataset: Dataset, new: NewDocument, rule_id: str | None
    ) -> Document:
        """The row of a new document, or its namesake's with what is new. ``rule_id``: of a rule that is there."""
        source = await self._files.find(session, who.workspace_id, new.upload_file_id)
        form = await checked_form(session, dataset, new.doc_form)
        if rule_id is None:
            rule_id = await self.rule(session, who, dataset, new.process_rule, form, required=new.rule_required)
        name = checked_name(new.name, source)
        document = await store.namesake(session, dataset, name) if new.duplicate else None
        if document is None:
            document = Document(
                id=new_id(),
                tenant_id=dataset.tenant_id,
                dataset_id=dataset.id,
                position=await store.next_position(session, dataset),
                name=name,
                created_by=who.account_id,
                created_at=utc_now(),
                updated_at=utc_now(),
                data_source_type="upload_file",
            )
            session.add(document)
        else:
            await self._replace(session, document, new)
        document.data_source_info = {"upload_file_id": source.id}
        document.dataset_process_rule_id = rule_id
        document.created_from = new.created_from
        document.doc_form = form
        document.doc_language = new.doc_language or document.doc_language or "English"
        return document

    async def rule(
        self,
        session: AsyncSession,
        who: Member,
        dataset: Dataset,
        wanted: object,
        form: str,
        *,
        required: bool,
    ) -> str:
        """The id of the rule row: a new one for what is wanted, else the dataset's latest, else the automatic rule."""
        latest = None if wanted is not None else await store.latest_rule(session, dataset)
        if latest is not None:
            read_rule({"mode": latest.mode, "rules": latest.rules}, longest=self._longest, form=form)
            return latest.id
        if wanted is None and required:
            raise RuleMissing
        stored = {"mode": "automatic"} if wanted is None else wanted
        rule = read_rule(stored, longest=self._longest, form=form)
        row = ProcessRuleRow(
            id=new_id(),
            dataset_id=dataset.id,
            mode=rule.mode,
            rules=store.as_object(stored).get("rules"),
            created_by=who.account_id,
            created_at=utc_now(),
        )
        session.add(row)
        return row.id

    async def _replace(self, session: AsyncSession, document: Document, new: NewDocument) -> None:
        before = store.upload_of(document)
        await store.hide_segments(session, document.id)
        document.updated_at = utc_now()
        if before is not None and before != new.upload_file_id:
            clean = CleanDocuments(document.tenant_id, document.dataset_id, (), (before,))
            await self._outbox.enqueue(session, clean)


async def start_indexing(session: AsyncSession, outbox: JobOutbox, document: Document) -> None:
    """Has a document indexed from the start, by a job of its own; any earlier one changes nothing from now on."""
    document.indexing_status = states.WAITING
    document.is_paused, document.paused_by, document.paused_at = False, None, None
    document.processing_started_at = document.parsing_completed_at = None
    document.cleaning_completed_at = document.splitting_completed_at = None
    document.completed_at = document.stopped_at = document.error = document.indexing_latency = None
    await go_on(session, outbox, document)


async def go_on(session: AsyncSession, outbox: JobOutbox, document: Document) -> None:
    """Gives a document to a new job, which begins where the document's state says."""
    document.indexing_job_id = await outbox.enqueue(session, IndexDocument(document.tenant_id, document.id))
    document.updated_at = utc_now()


def settle(dataset: Dataset, settling: Settling, who: Member) -> None:
    """What the first document decides for the dataset. Raises `TechniqueMissing`, `InvalidParam`."""
    if dataset.indexing_technique is None:
        technique = settling.indexing_technique
        if technique is None:
            raise TechniqueMissing
        if technique not in TECHNIQUES:
            raise InvalidParam(
                f"indexing_technique: must be one of {', '.join(TECHNIQUES)}.", params="indexing_technique"
            )
        dataset.indexing_technique = technique
        dataset.updated_by = who.account_id
    if dataset.indexing_technique == "high_quality" and dataset.embedding_model is None:
        if not settling.embedding_model or not settling.embedding_model_provider:
            raise InvalidParam("embedding_model: a high_quality dataset needs one.", params="embedding_model")
        dataset.embedding_model = settling.embedding_model[:_MODEL_NAME]
        dataset.embedding_model_provider = settling.embedding_model_provider[:_MODEL_NAME]
    if dataset.retrieval_model is None and settling.retrieval_model is not None:
        dataset.retrieval_model = settling.retrieval_model
    if dataset.data_source_type is None:
        dataset.data_source_type = "upload_file"


async def checked_form(session: AsyncSession, dataset: Dataset, wanted: str | None) -> str:
    """The form of a document of this dataset. Raises `DocFormDiffers`, `NotOffered`, `InvalidParam`."""
    known = await store.form_of(session, dataset)
    form = wanted or known or "text_model"
    if form == "qa_model":
        raise NotOffered("the form qa_model", "doc_form")
    if form not in FORMS:
        raise InvalidParam(f"doc_form: must be one of {', '.join(FORMS)}.", params="doc_form")
    if known is not None and known != form:
        raise DocFormDiffers
    if form == "hierarchical_model" and dataset.indexing_technique != "high_quality":
        raise InvalidParam("doc_form: hierarchical_model needs indexing_technique high_quality.", params="doc_form")
    return form


def checked_name(wanted: str | None, source: SourceFile) -> str:
    """Raises `InvalidParam` for a name that no row can hold."""
    name = source.name if wanted is None else wanted.strip()
    if not name or len(name) > LONGEST_NAME:
        raise InvalidParam(f"name: must have 1 to {LONGEST_NAME} characters.", params="name")
    return name


def new_batch(now: datetime) -> str:
    """The name of one call's documents: the local time and six digits."""
    return f"{now.astimezone():%Y%m%d%H%M%S}{100_000 + secrets.randbelow(900_000)}"
