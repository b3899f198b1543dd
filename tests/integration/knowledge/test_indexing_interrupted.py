"""Indexing that is broken off, paused, given up, or done twice at a time: it ends as a clean run does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, event, select, update
from tests.integration.knowledge.indexing_world import FAMILIES, HIGH, LINES, HashModel, World, world
from tests.support.databases import BACKENDS

from orrery.apps.files.tables import UploadFile
from orrery.database import Database
from orrery.database.orm import utc_now
from orrery.inference.types import InvokeAuthorizationError, InvokeConnectionError
from orrery.jobs.claims import Claimed
from orrery.jobs.declaration import Due
from orrery.jobs.tables import Job
from orrery.knowledge.documents.errors import BeingRetried, DocumentIndexing
from orrery.knowledge.documents.tables import ChildChunk, Document
from orrery.knowledge.index.tables import KnowledgeTerms, KnowledgeVector, StoredEmbedding
from orrery.knowledge.indexing import loading, stages

PARTED = "\n\n".join(f"Chapter {n}\nfirst{n} part\nsecond{n} part" for n in range(3))
THREE = "one whale\ntwo birds\nthree fish"


@pytest.fixture
def model() -> HashModel:
    return HashModel()


@pytest.fixture
async def house(
    backend: str, tmp_path: Path, model: HashModel, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    monkeypatch.setattr(loading, "BATCH", 2)
    monkeypatch.setattr(stages, "SAVED_AT_ONCE", 2)
    async with world(backend, tmp_path, model) as made:
        yield made


class Killed(BaseException):
    """What ends an attempt without a word, as the end of its process does."""


@contextmanager
def killed_at(database: Database, commit: int) -> Generator[list[int]]:
    """Commit number ``commit`` does not come any more; the list holds how many were asked for."""
    asked = [0]

    def count(_connection: object) -> None:
        asked[0] += 1
        if asked[0] == commit:
            raise Killed

    engine = database.writer.sync_engine
    event.listen(engine, "commit", count)
    try:
        yield asked
    finally:
        event.remove(engine, "commit", count)


async def facts(house: World, document_id: str) -> list[object]:
    """All that indexing says of a document, without ids and times."""
    document = await house.document(document_id)
    async with house.database.read() as session:
        children = list(await session.scalars(select(ChildChunk).where(ChildChunk.document_id == document_id)))
        vectors = {one.node_id: one.vector for one in await session.scalars(select(KnowledgeVector))}
        terms = {one.node_id: one.terms for one in await session.scalars(select(KnowledgeTerms))}
    said: list[object] = [document.indexing_status, document.error, document.word_count, document.tokens]
    for segment in await house.segments(document_id):
        node = str(segment.index_node_id)
        said.append((segment.position, segment.content, segment.status, segment.enabled, segment.tokens))
        said.append((segment.index_node_hash, segment.word_count, vectors.get(node), terms.get(node)))
        of_segment = [one for one in children if one.segment_id == segment.id]
        for child in sorted(of_segment, key=lambda one: one.position):
            node = str(child.index_node_id)
            said.append((child.position, child.content, child.index_node_hash, vectors.get(node), terms.get(node)))
    return said


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_killed_anywhere_it_ends_as_if_it_had_not_been(house: World) -> None:
    await _killed_before_commits(house, "text_model", THREE, LINES, every=1)


@pytest.mark.parametrize("backend", BACKENDS)
async def test_killed_among_children_it_ends_as_if_it_had_not_been(house: World, backend: str) -> None:
    """On servers before some of the commits: there everything takes longer."""
    every = 1 if backend == "sqlite" else 5
    await _killed_before_commits(house, "hierarchical_model", PARTED, FAMILIES, every=every)


async def _killed_before_commits(house: World, form: str, text: str, rule: object, *, every: int) -> None:
    dataset = await house.dataset()

    async def added(number: int) -> tuple[str, Claimed]:
        # What was embedded before is forgotten: the first run's way is that of every other one.
        async with house.database.write() as session:
            await session.execute(delete(StoredEmbedding))
        document_id = await house.add(dataset, text, HIGH, rule, form=form, name=f"{number}.txt")
        (claimed,) = await house.take()
        return document_id, claimed

    first, claimed = await added(0)
    with killed_at(house.database, 0) as asked:
        assert await house.run(claimed) == "done"
    clean, commits = await facts(house, first), asked[0]
    # Begin, parsed, saved, two batches embedded and written, done; the verdict is the job's.
    assert commits >= 8
    killed = 0
    for number in range(1, commits + 1, every):
        document_id, claimed = await added(number)
        try:
            with killed_at(house.database, number):
                await house.run(claimed)
        except Killed:
            assert await house.jobs.takeover.put_back_all() == 1
            killed += 1
        await house.work_to_the_end()
        assert await facts(house, document_id) == clean
    assert killed >= (commits - 1 if every == 1 else 2)
    await house.expect_whole()


@pytest.mark.parametrize("backend", BACKENDS)
async def test_who_wakes_after_its_lease_changes_nothing(house: World, model: HashModel) -> None:
    document_id = await house.add(await house.dataset(), THREE)
    (claimed,) = await house.take()
    model.gate = gate = asyncio.Event()
    late = asyncio.create_task(house.run(claimed))
    await model.waiting.wait()
    # Somebody else takes the job over and does it, while the first one sleeps.
    async with house.database.write() as session:
        await session.execute(update(Job).where(Job.id == claimed.id).values(status="waiting", lease_owner=None))
    model.gate = None
    assert await house.work() == {"done": 1}
    before = await facts(house, document_id)
    async with house.database.write() as session:
        # As if the new owner were still at it: only the lease keeps the late one out.
        await session.execute(update(Job).where(Job.id == claimed.id).values(status="running", lease_owner="other/1"))
        await session.execute(update(Document).values(indexing_status="indexing"))
        await session.execute(delete(KnowledgeTerms))
    gate.set()
    assert await late == "lost"
    assert (await house.document(document_id)).indexing_status == "indexing"
    assert (before[0], await house.rows(KnowledgeTerms)) == ("completed", [])


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_a_pause_holds_from_the_next_batch_on(house: World, model: HashModel) -> None:
    dataset = await house.dataset()
    document_id = await house.add(dataset, "\n".join(f"line {n}" for n in range(20)))
    (claimed,) = await house.take()
    model.gate = gate = asyncio.Event()
    running = asyncio.create_task(house.run(claimed))
    await model.waiting.wait()
    await house.documents.pause(house.who, dataset, document_id)
    gate.set()
    assert await running == "done"
    paused = await house.document(document_id)
    assert (paused.indexing_status, paused.is_paused, paused.paused_by) == ("indexing", True, house.who.account_id)
    assert await house.rows(KnowledgeTerms) == []
    assert not await house.work()
    await house.documents.resume(house.who, dataset, document_id)
    assert await house.work() == {"done": 1}
    assert (await house.document(document_id)).indexing_status == "completed"
    await house.expect_whole()
    for refused in (house.documents.pause, house.documents.resume):
        with pytest.raises(DocumentIndexing):
            await refused(house.who, dataset, document_id)


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_paused_while_it_waits_and_deleted_while_it_is_embedded(house: World, model: HashModel) -> None:
    dataset = await house.dataset()
    waiting = await house.add(dataset, THREE, name="a.txt")
    await house.documents.pause(house.who, dataset, waiting)
    assert await house.work() == {"done": 1}
    assert (await house.document(waiting)).indexing_status == "waiting"
    gone = await house.add(dataset, THREE, name="b.txt")
    (claimed,) = await house.take()
    model.gate = gate = asyncio.Event()
    running = asyncio.create_task(house.run(claimed))
    await model.waiting.wait()
    await house.documents.delete(house.who, dataset, [gone])
    gate.set()
    assert await running == "done"
    await house.work()
    assert (await house.segments(gone), await house.rows(KnowledgeTerms)) == ([], [])


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_faults_of_a_moment_are_tried_again_and_others_told(house: World, model: HashModel) -> None:
    dataset = await house.dataset()
    document_id = await house.add(dataset, THREE)
    model.failures = [InvokeConnectionError("The endpoint hung.")]
    (claimed,) = await house.take()
    assert await house.run(claimed) == "held"
    assert (await house.document(document_id)).error is None
    with pytest.raises(BeingRetried):
        await house.documents.retry(house.who, dataset, [document_id])
    # Two batches are asked for at a time, in whatever order.
    model.failures = [InvokeAuthorizationError("The vendor refused the key.") for _ in range(2)]
    await house.due_now()
    assert await house.work() == {"done": 1}
    failed = await house.document(document_id)
    assert (failed.indexing_status, failed.error) == ("error", "The vendor refused the key.")
    assert failed.stopped_at is not None
    model.failures = []
    await house.documents.retry(house.who, dataset, [document_id])
    assert await house.work() == {"done": 1}
    done = await house.document(document_id)
    assert (done.indexing_status, done.error, done.stopped_at) == ("completed", None, None)
    await house.documents.retry(house.who, dataset, [document_id])
    assert not await house.work()


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_what_cannot_be_read_says_why(house: World) -> None:
    dataset = await house.dataset()
    empty, lost = await house.add(dataset, " \n ", name="a.txt"), await house.add(dataset, THREE, name="b.txt")
    for row in await house.rows(UploadFile):
        if row.name == "b.txt":
            await house.storage.delete(row.key)
    await house.work()
    told = [(one.indexing_status, one.error) for one in (await house.document(empty), await house.document(lost))]
    assert told == [("error", "The document has no text that could be indexed."), ("error", "File not found.")]


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_nothing_stays_under_way_without_a_job(house: World) -> None:
    dataset = await house.dataset()
    lost, failed, fine = [await house.add(dataset, THREE, name=f"{n}.txt") for n in range(3)]
    jobs = {key: str((await house.document(key)).indexing_job_id) for key in (lost, failed, fine)}
    async with house.database.write() as session:
        await session.execute(delete(Job).where(Job.id == jobs[lost]))
        reason = "Traceback ...\nits process died too often"
        await session.execute(update(Job).where(Job.id == jobs[failed]).values(status="failed", error=reason))
    await house.sweeping.sweep(Due(utc_now()))
    assert (await house.document(lost)).indexing_job_id == jobs[lost]
    await house.sweeping.sweep(Due(utc_now() + timedelta(minutes=2)))
    document = await house.document(failed)
    assert (document.indexing_status, document.error) == (
        "error",
        "Indexing was given up: its process died too often",
    )
    assert (await house.document(fine)).indexing_job_id == jobs[fine]
    assert await house.work() == {"done": 2}
    assert (await house.document(lost)).indexing_status == "completed"
    await house.expect_whole()
