"""How many segments a minute are indexed, beside a bare loop that embeds the same texts and inserts them.

    python benchmarks/indexing.py [documents] [segments of each]

The model answers at once, with vectors of 384 numbers. Wall times of a shared machine vary; the ratio to the bare loop
and the seconds of CPU do not. The memory is the most that the process had from its start on.
"""

from __future__ import annotations

import asyncio
import random
import resource
import sys
import tempfile
import time
from array import array
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Column, LargeBinary, MetaData, String, Table, Text, func, insert, select

from orrery.apps.files.tables import UploadFile
from orrery.database import Database, new_id
from orrery.inference.types import ModelRef, Usage
from orrery.jobs import EmbeddedJobs, JobNeeds, Jobs, RunnerLimits, Wake
from orrery.knowledge.datasets.access import Member
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.documents.drafts import NewDocument, Settling
from orrery.knowledge.documents.service import Documents
from orrery.knowledge.documents.tables import Document
from orrery.knowledge.index.embeddings import StoredEmbeddings
from orrery.knowledge.indexing.job import Indexing
from orrery.knowledge.indexing.stages import Stages
from orrery.retrieval.embedding import Embedder
from orrery.retrieval.extraction.in_thread import units_in_thread
from orrery.schema import schema
from orrery.storage.local import LocalStorage
from orrery.wiring.source_files import UploadedSources
from orrery.workspaces.accounts.tables import Account
from orrery.workspaces.members.names import AccountNames
from orrery.workspaces.members.tables import Workspace

NUMBERS = 384
WORDS = 60
BATCH = 100
MODEL = ModelRef("mock", "mock", "text-embedding")
RULE: dict[str, object] = {
    "mode": "custom",
    "rules": {"pre_processing_rules": [], "segmentation": {"separator": "\n", "max_tokens": 1000}},
}
SETTLING = Settling(indexing_technique="high_quality", embedding_model="mock", embedding_model_provider="mock")
BARE = Table(
    "bare", MetaData(), Column("id", String(36), primary_key=True), Column("text", Text), Column("v", LargeBinary)
)


class Mock:
    """A vendor without latency: the vectors are ready."""

    def __init__(self) -> None:
        chance = random.Random(7)
        self._ready = [[chance.uniform(-1, 1) for _ in range(NUMBERS)] for _ in range(BATCH)]

    async def embed(self, model: ModelRef, texts: Sequence[str]) -> tuple[list[list[float]], Usage]:
        return self._ready[: len(texts)], Usage()


class Stopwatch:
    """Wall and processor seconds since it was made."""

    def __init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), _processor()

    def tell(self, name: str, segments: int) -> float:
        wall, processor = time.perf_counter() - self._wall, _processor() - self._processor
        print(f"{name:42} {segments / wall * 60:10,.0f} segments/min  {processor / segments * 1e3:7.3f} ms CPU each")
        return wall


def _processor() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


def texts_of(number: int, segments: int) -> list[str]:
    chance = random.Random(number)
    vocabulary = [f"word{n}" for n in range(5000)]
    return [" ".join(chance.choices(vocabulary, k=WORDS)) for _ in range(segments)]


async def bare_loop(folder: Path, documents: int, segments: int) -> float:
    """Embeds and inserts, a commit for each batch: what nobody can be faster than."""
    database = Database(f"sqlite+aiosqlite:///{folder / 'bare.db'}")
    async with database.writer.begin() as connection:
        await connection.run_sync(BARE.metadata.create_all)
    model, watch = Mock(), Stopwatch()
    for number in range(documents):
        texts = texts_of(number, segments)
        for start in range(0, segments, BATCH):
            some = texts[start : start + BATCH]
            vectors, _ = await model.embed(MODEL, some)
            rows = [
                {"id": new_id(), "text": one, "v": array("f", vector).tobytes()}
                for one, vector in zip(some, vectors, strict=True)
            ]
            async with database.connection() as connection:
                await connection.execute(insert(BARE), rows)
    wall = watch.tell("bare loop: embed, insert, commit", documents * segments)
    await database.close()
    return wall


async def product(folder: Path, documents: int, segments: int) -> float:
    """Uploads are there; measured is from the first job to the last document's end."""
    database = Database(f"sqlite+aiosqlite:///{folder / 'product.db'}")
    async with database.writer.begin() as connection:
        await connection.run_sync(schema().create_all)
    storage = LocalStorage(folder / "files")
    jobs = Jobs.build(JobNeeds(database=database, announcer=Wake(), owner="benchmark"))
    sources, model = UploadedSources(database, storage), Mock()
    adding = Documents(database, jobs.outbox, sources, AccountNames(database), longest_chunk=4000)
    stages = Stages(database, sources, units_in_thread, lambda one: Embedder(model, StoredEmbeddings(database, one)))
    jobs.catalog.add([Indexing(database, stages, longest_chunk=4000).index])
    who, dataset = await _settle(database)
    for number in range(documents):
        key = f"upload_files/{who.workspace_id}/{new_id()}.txt"
        size = await storage.save(key, "\n".join(texts_of(number, segments)).encode())
        row = UploadFile(
            tenant_id=who.workspace_id, storage_type="local", key=key, name=f"{number}.txt", size=size,
            extension="txt", mime_type="text/plain", created_by_role="account", created_by=who.account_id,
        )  # fmt: skip
        async with database.write() as session:
            session.add(row)
        await adding.add(who, dataset, NewDocument(upload_file_id=row.id, process_rule=RULE), SETTLING)
    running, watch = EmbeddedJobs(jobs, RunnerLimits(), schedules=False), Stopwatch()
    await running.start(alone=True)
    while await _left(database):
        await asyncio.sleep(0.1)
    wall = watch.tell("indexing, from job to completed", documents * segments)
    await running.close()
    await storage.close()
    await database.close()
    return wall


async def _settle(database: Database) -> tuple[Member, str]:
    workspace, account = Workspace(name="w"), Account(name="a", email="a@example.com")
    async with database.write() as session:
        session.add_all([workspace, account])
    who = Member(workspace.id, account.id)
    dataset = Dataset(tenant_id=who.workspace_id, name="d", created_by=who.account_id)
    async with database.write() as session:
        session.add(dataset)
    return who, dataset.id


async def _left(database: Database) -> int:
    query = select(func.count()).select_from(Document).where(Document.indexing_status != "completed")
    async with database.read() as session:
        return (await session.execute(query)).scalar_one()


async def main(documents: int, segments: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bare = await bare_loop(Path(folder), documents, segments)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        whole = await product(Path(folder), documents, segments)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{whole / bare:.1f} x the bare loop; {memory / 1024:.0f} MiB at most ({before / 1024:.0f} before indexing)")


if __name__ == "__main__":
    asyncio.run(main(*(int(one) for one in (sys.argv[1:] or ["10", "2000"]))))
