from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from orrery.database import Database
from orrery.jobs import JobsConfigurationError
from orrery.jobs.announcing import ANNOUNCED_FOR
from orrery.jobs.outbox import INSERT_JOB
from orrery.jobs.tables import Job

from .conftest import JobClock
from .parts import Ear, jobs_of, row
from .samples import Ping, Pong, Samples


async def test_jobs_are_announced_after_the_commit_and_never_after_a_rollback(
    database: Database, clock: JobClock
) -> None:
    ear = Ear()
    outbox = jobs_of(database, clock, Samples(), ear=ear).outbox
    async with database.write() as session:
        ids = [await outbox.enqueue(session, Ping("one")), await outbox.enqueue(session, Ping("two"))]
        assert ear.heard == []
    assert ear.heard == ids
    with pytest.raises(ZeroDivisionError):
        async with database.write() as session:
            await outbox.enqueue(session, Ping("three"))
            raise ZeroDivisionError
    assert ear.heard == ids
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Job)) == 2


async def test_many_jobs_are_added_together(database: Database, clock: JobClock) -> None:
    ear = Ear()
    outbox = jobs_of(database, clock, Samples(), ear=ear).outbox
    async with database.write() as session:
        assert await outbox.enqueue_many(session, []) == []
        ids = await outbox.enqueue_many(session, [Ping("a"), Pong(3), Ping("b")])
    assert ear.heard == ids
    assert [(await row(database, one)).payload for one in ids] == [{"text": "a"}, {"number": 3}, {"text": "b"}]


async def test_a_second_job_of_a_key_is_neither_added_nor_announced(database: Database, clock: JobClock) -> None:
    ear = Ear()
    outbox = jobs_of(database, clock, Samples(), ear=ear).outbox
    first = await outbox.enqueue_now(Ping("one"), key="k")
    assert await outbox.enqueue_now(Ping("two"), key="k") == first
    assert ear.heard == [first]
    assert (await row(database, first)).payload == {"text": "one"}


async def test_a_row_says_whether_a_message_is_under_way(database: Database, clock: JobClock) -> None:
    carrying = jobs_of(database, clock, Samples(), ear=Ear(carries=True)).outbox
    now = await row(database, await carrying.enqueue_now(Ping("now")))
    later = await row(database, await carrying.enqueue_now(Ping("x"), due_at=clock.now() + timedelta(seconds=1)))
    assert now.lease_expires_at == clock.now() + ANNOUNCED_FOR
    assert later.lease_expires_at is None
    here = await jobs_of(database, clock, Samples()).outbox.enqueue_now(Ping("here"))
    assert (await row(database, here)).lease_expires_at is None


async def test_only_known_queues_and_payloads_are_taken(database: Database, clock: JobClock) -> None:
    outbox = jobs_of(database, clock, Samples()).outbox
    assert (await row(database, await outbox.enqueue_now(Ping("x"), queue="plugin"))).queue == "plugin"
    with pytest.raises(JobsConfigurationError, match="no queue nowhere"):
        await outbox.enqueue_now(Ping("x"), queue="nowhere")
    with pytest.raises(JobsConfigurationError, match="no job takes a Job"):
        await outbox.enqueue_now(Job(name="x"))  # type: ignore[arg-type]


async def test_a_job_may_be_a_row_of_somebody_elses_commit(database: Database, clock: JobClock) -> None:
    ear = Ear()
    outbox = jobs_of(database, clock, Samples(), ear=ear).outbox
    prepared = outbox.prepared(Ping("one"), queue="plugin")
    async with database.connection() as connection:
        await connection.execute(INSERT_JOB, prepared.row)
    assert ear.heard == []
    outbox.announce(prepared)
    (job_id,) = ear.heard
    found = await row(database, job_id)
    assert (found.payload, found.queue, found.status) == ({"text": "one"}, "plugin", "waiting")
