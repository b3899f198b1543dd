from __future__ import annotations

from datetime import timedelta

import pytest

from orrery.database import Database
from orrery.jobs import LeaseLost
from orrery.jobs.attempt import Attempt
from orrery.jobs.claims import Verdict
from orrery.jobs.tables import Job

from .conftest import JobClock
from .parts import Ear, jobs_of, row
from .samples import Ping, Pong, Samples

ROOM = {"mail": 10, "dataset": 10, "plugin": 10}


async def test_jobs_are_taken_in_order_as_far_as_their_queue_has_room(database: Database, clock: JobClock) -> None:
    jobs = jobs_of(database, clock, Samples())
    pings = [await jobs.outbox.enqueue_now(Ping(str(n))) for n in range(3)]
    pong = await jobs.outbox.enqueue_now(Pong())
    taken = await jobs.claims.turn([], {"mail": 2, "dataset": 5}, clock.now())
    assert [one.id for one in taken] == [pong, *pings[:2]], "mail is in no hurry"
    assert len({one.token for one in taken}) == 3
    assert await jobs.claims.turn([], {"dataset": 5}, clock.now()) == []
    assert await jobs.claims.turn([], ROOM, clock.now(), most=0) == []
    rest = await jobs.claims.turn([], ROOM, clock.now())
    assert [(one.id, one.attempt, one.payload) for one in rest] == [(pings[2], 1, {"text": "2"})]
    assert (await row(database, pong)).status == "running"


async def test_a_job_that_is_not_due_or_not_known_is_left(database: Database, clock: JobClock) -> None:
    jobs = jobs_of(database, clock, Samples())
    due = clock.now() + timedelta(seconds=5)
    later = await jobs.outbox.enqueue_now(Ping("later"), due_at=due)
    async with database.write() as session:
        session.add(Job(name="of_a_newer_version", queue="mail", payload={}, due_at=clock.now()))
    assert await jobs.claims.turn([], ROOM, clock.now()) == []
    assert await jobs.claims.next_due(("mail",)) == due
    clock.advance(seconds=5)
    assert [one.id for one in await jobs.claims.turn([], ROOM, clock.now())] == [later]
    assert await jobs.claims.next_due(("mail",)) is None


async def test_verdicts_and_the_next_claims_are_one_turn(database: Database, clock: JobClock) -> None:
    jobs = jobs_of(database, clock, Samples())
    first, second = [await jobs.outbox.enqueue_now(Ping(str(n))) for n in range(2)]
    (taken,) = await jobs.claims.turn([], {"mail": 1}, clock.now())
    verdict = Verdict(taken, "done", clock.now(), taken.attempt, clock.now())
    (following,) = await jobs.claims.turn([verdict], {"mail": 1}, clock.now())
    assert following.id == second
    done = await row(database, first)
    assert (done.status, done.finished_at, done.lease_owner, done.lease_expires_at) == ("done", clock.now(), None, None)


async def test_a_verdict_whose_lease_was_lost_changes_nothing(database: Database, clock: JobClock) -> None:
    jobs = jobs_of(database, clock, Samples())
    job_id = await jobs.outbox.enqueue_now(Ping("x"))
    (old,) = await jobs.claims.turn([], ROOM, clock.now())
    other = jobs_of(database, clock, Samples(), owner="b")
    assert await other.takeover.put_back_all() == 1
    (new,) = await other.claims.turn([], ROOM, clock.now())
    late = Verdict(old, "failed", clock.now(), 1, clock.now(), "late")
    assert not await jobs.claims.finish(late)
    await jobs.claims.turn([late], {}, clock.now())
    held = await row(database, job_id)
    assert (held.status, held.lease_owner, held.attempts) == ("running", new.token, 2)
    assert await other.claims.finish(Verdict(new, "done", clock.now(), 2, clock.now()))


async def test_an_attempt_ties_its_transaction_to_the_lease(database: Database, clock: JobClock) -> None:
    jobs = jobs_of(database, clock, Samples())
    await jobs.outbox.enqueue_now(Ping("x"))
    (claimed,) = await jobs.claims.turn([], ROOM, clock.now())
    attempt = Attempt(claimed.id, claimed.token, 1, last=False)
    async with database.write() as session:
        await attempt.hold(session)
        kept = Job(name="effect", queue="mail", payload={})
        session.add(kept)
    assert (await row(database, kept.id)).name == "effect"
    await jobs_of(database, clock, Samples(), owner="b").takeover.put_back_all()
    with pytest.raises(LeaseLost):
        async with database.write() as session:
            session.add(Job(name="late effect", queue="mail", payload={}))
            await attempt.hold(session)
    assert [view.name for view in await jobs.inspection.list("waiting")] == ["effect", "ping"]


async def test_a_message_brings_only_a_job_that_was_announced(database: Database, clock: JobClock) -> None:
    jobs = jobs_of(database, clock, Samples(), ear=Ear(carries=True))
    job_id = await jobs.outbox.enqueue_now(Ping("x"))
    delayed = await jobs.outbox.enqueue_now(Ping("y"), due_at=clock.now() + timedelta(hours=1))
    assert await jobs.claims.take_one(job_id, "pong", {}, clock.now()) is None, "another job's name"
    assert await jobs.claims.take_one(job_id, "unknown", {}, clock.now()) is None
    assert await jobs.claims.take_one(delayed, "ping", {}, clock.now()) is None
    taken = await jobs.claims.take_one(job_id, "ping", {"text": "x"}, clock.now())
    assert taken is not None
    assert (taken.id, taken.attempt, taken.queue) == (job_id, 1, "mail")
    assert await jobs.claims.take_one(job_id, "ping", {"text": "x"}, clock.now()) is None, "the same message twice"


async def test_the_longest_owner_fits_into_its_column(database: Database, clock: JobClock) -> None:
    jobs = jobs_of(database, clock, Samples(), owner="o" * 200)
    await jobs.outbox.enqueue_now(Ping("x"))
    (claimed,) = await jobs.claims.turn([], ROOM, clock.now())
    assert len(claimed.token) <= 64
