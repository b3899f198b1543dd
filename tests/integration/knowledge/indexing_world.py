"""A workspace with knowledge bases on any database: the services of the product, and jobs that a test runs by hand."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select, update
from tests.support.migrated import migrated_url

from orrery.apps.catalog.tags import TagService
from orrery.apps.files.tables import UploadFile
from orrery.database import Database, new_id
from orrery.database.orm import Table, utc_now
from orrery.inference.types import ModelRef, Usage
from orrery.jobs import JobNeeds, Jobs, Wake
from orrery.jobs.claims import Claimed
from orrery.jobs.queues import served_by_default
from orrery.jobs.tables import Job
from orrery.knowledge.datasets import store
from orrery.knowledge.datasets.access import Member
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.documents.drafts import NewDocument, Settling
from orrery.knowledge.documents.dropping import DatasetRemoval
from orrery.knowledge.documents.service import Documents
from orrery.knowledge.documents.tables import ChildChunk, Document, DocumentSegment
from orrery.knowledge.index.embeddings import StoredEmbeddings
from orrery.knowledge.index.store import DatabaseIndex
from orrery.knowledge.index.tables import KnowledgeTerms, KnowledgeVector
from orrery.knowledge.indexing.anew import IndexingAnew
from orrery.knowledge.indexing.cleaning import Cleaning
from orrery.knowledge.indexing.job import Indexing
from orrery.knowledge.indexing.stages import Stages
from orrery.knowledge.indexing.sweeping import Sweeping
from orrery.retrieval.embedding import Embedder, EmbeddingModel
from orrery.retrieval.extraction.in_thread import units_in_thread
from orrery.storage.local import LocalStorage
from orrery.wiring.source_files import UploadedSources
from orrery.workspaces.accounts.tables import Account
from orrery.workspaces.members.names import AccountNames
from orrery.workspaces.members.tables import Workspace

R = TypeVar("R", bound=Table)
HIGH = Settling(indexing_technique="high_quality", embedding_model="hash", embedding_model_provider="test")
ECONOMY = Settling(indexing_technique="economy")
LINES: dict[str, object] = {
    "mode": "custom",
    "rules": {
        "pre_processing_rules": [{"id": "remove_extra_spaces", "enabled": True}],
        "segmentation": {"separator": "\n", "max_tokens": 500},
    },
}
FAMILIES: dict[str, object] = {
    "mode": "hierarchical",
    "rules": {
        "pre_processing_rules": [],
        "segmentation": {"separator": "\n\n", "max_tokens": 1000},
        "parent_mode": "paragraph",
        "subchunk_segmentation": {"separator": "\n", "max_tokens": 500},
    },
}


class HashModel:
    """Vectors of eight numbers that depend on the text alone. ``asked`` are the texts it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.failures: list[Exception] = []
        self.gate: asyncio.Event | None = None
        self.waiting = asyncio.Event()

    async def embed(self, model: ModelRef, texts: Sequence[str]) -> tuple[list[list[float]], Usage]:
        if self.gate is not None:
            self.waiting.set()
            await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        assert model.kind == "text-embedding"
        self.asked += texts
        return [[b - 127.5 for b in hashlib.sha256(text.encode()).digest()[:8]] for text in texts], Usage()


class World:
    """``index`` is that of one process; a second one is made for what other processes see."""

    def __init__(self, database: Database, folder: Path, model: EmbeddingModel) -> None:
        self.database = database
        self.storage = LocalStorage(folder / "files")
        self.jobs = Jobs.build(JobNeeds(database=database, announcer=Wake(), owner="test"))
        self.sources = UploadedSources(database, self.storage)
        outbox, names = self.jobs.outbox, AccountNames(database)
        self.documents = Documents(database, outbox, self.sources, names, longest_chunk=4000)
        self.removal = DatasetRemoval(database, outbox, TagService(database, store.exists))
        self.anew = IndexingAnew(outbox)
        self.index = DatabaseIndex(database)
        self.sweeping = Sweeping(database, outbox)
        stages = Stages(
            database, self.sources, units_in_thread, lambda one: Embedder(model, StoredEmbeddings(database, one))
        )
        cleaning = Cleaning(database, outbox, self.sources)
        indexing = Indexing(database, stages, longest_chunk=4000)
        self.jobs.catalog.add([indexing.index, cleaning.clean, cleaning.drop, self.sweeping.sweep])
        self.who = Member("", "")

    async def settle_in(self) -> None:
        workspace, account = Workspace(name="w"), Account(name="Ada", email=f"{new_id()}@example.com")
        async with self.database.write() as session:
            session.add_all([workspace, account])
        self.who = Member(workspace.id, account.id)

    async def dataset(self) -> str:
        dataset = Dataset(tenant_id=self.who.workspace_id, name=new_id(), created_by=self.who.account_id)
        async with self.database.write() as session:
            session.add(dataset)
        return dataset.id

    async def upload(self, text: str, name: str = "notes.txt") -> str:
        key = f"upload_files/{self.who.workspace_id}/{new_id()}.txt"
        size = await self.storage.save(key, text.encode())
        row = UploadFile(
            tenant_id=self.who.workspace_id, storage_type="local", key=key, name=name, size=size, extension="txt",
            mime_type="text/plain", created_by_role="account", created_by=self.who.account_id,
        )  # fmt: skip
        async with self.database.write() as session:
            session.add(row)
        return row.id

    async def add(
        self,
        dataset_id: str,
        text: str,
        settling: Settling = HIGH,
        rule: object = LINES,
        *,
        name: str = "notes.txt",
        form: str = "text_model",
    ) -> str:
        new = NewDocument(upload_file_id=await self.upload(text, name), process_rule=rule, doc_form=form)
        return (await self.documents.add(self.who, dataset_id, new, settling)).id

    async def take(self) -> list[Claimed]:
        """Every job that is due, as a worker takes it."""
        room = dict.fromkeys(served_by_default(), 100)
        return await self.jobs.claims.turn([], room, utc_now())

    async def run(self, claimed: Claimed) -> str:
        """One attempt with its verdict; the status of the job then, ``lost`` when it was somebody else's."""
        verdict = await asyncio.create_task(self.jobs.execution.run(claimed))
        if verdict is None or not await self.jobs.claims.finish(verdict):
            return "lost"
        return verdict.status

    async def work(self) -> Counter[str]:
        """Runs jobs until none is due; how they ended."""
        ended: Counter[str] = Counter()
        while claimed := await self.take():
            for one in claimed:
                ended[await self.run(one)] += 1
        return ended

    async def due_now(self) -> None:
        """As if the time until the next attempts had passed."""
        async with self.database.write() as session:
            await session.execute(update(Job).where(Job.status == "held").values(status="waiting", due_at=utc_now()))

    async def work_to_the_end(self) -> None:
        """Also what is tried again later."""
        while await self.work():
            await self.due_now()

    async def document(self, document_id: str) -> Document:
        async with self.database.read() as session:
            return await session.get_one(Document, document_id)

    async def segments(self, document_id: str) -> list[DocumentSegment]:
        query = select(DocumentSegment).where(DocumentSegment.document_id == document_id)
        async with self.database.read() as session:
            return list(await session.scalars(query.order_by(DocumentSegment.position)))

    async def rows(self, table: type[R]) -> list[R]:
        async with self.database.read() as session:
            return list(await session.scalars(select(table)))

    async def expect_whole(self) -> None:
        """What is in the index is what completed segments say, no more and no less."""
        async with self.database.read() as session:
            segments = {one.id: one for one in await session.scalars(select(DocumentSegment))}
            documents = {one.id: one for one in await session.scalars(select(Document))}
            children = list(await session.scalars(select(ChildChunk)))
            terms = {one.node_id: one for one in await session.scalars(select(KnowledgeTerms))}
            vectors = {one.node_id: one for one in await session.scalars(select(KnowledgeVector))}
            datasets = {one.id: one for one in await session.scalars(select(Dataset))}
        done = {key: one for key, one in segments.items() if one.status == "completed"}
        families = {key for key, one in done.items() if documents[one.document_id].doc_form == "hierarchical_model"}
        expected = {str(one.index_node_id): one.id for key, one in done.items() if key not in families}
        expected |= {str(one.index_node_id): one.segment_id for one in children if one.segment_id in families}
        assert {node: row.segment_id for node, row in terms.items()} == expected
        high = {n for n, s in expected.items() if datasets[done[s].dataset_id].indexing_technique == "high_quality"}
        assert set(vectors) == high
        assert all(one.enabled for one in done.values())


@asynccontextmanager
async def world(backend: str, folder: Path, model: EmbeddingModel) -> AsyncGenerator[World]:
    database = Database(await migrated_url(backend, folder))
    made = World(database, folder, model)
    await made.settle_in()
    try:
        yield made
    finally:
        await made.storage.close()
        await database.close()
