"""What jobs must do in every shape. A shape's test class inherits this and gives ``world``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
from tests.integration.jobs.sample import Chore, Doomed, Endless, FailFirst, Held, Hopeless, Later, Note, Rich, may_end

from orrery.database import Database
from orrery.jobs import Jobs, Wake
from orrery.jobs.errors import JobNotFailed, JobNotFound
from orrery.jobs.fleet.carrier import CeleryCarrier
from orrery.jobs.inspection import JobView

PATIENCE = 120.0


class World(Protocol):
    """``jobs`` enqueues; `start` and `stop` are those of whoever runs the jobs, and may be called again."""

    folder: Path
    database: Database

    @property
    def jobs(self) -> Jobs[Wake] | Jobs[CeleryCarrier]: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


def effects(world: World) -> list[str]:
    path = world.folder / "effects"
    return path.read_text().splitlines() if path.exists() else []


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        await asyncio.sleep(0.02)


async def until_status(world: World, job_id: str, status: str) -> JobView:
    deadline = time.monotonic() + PATIENCE
    while True:
        view = await world.jobs.inspection.get(job_id)
        if view.status == status:
            return view
        assert time.monotonic() < deadline, f"still {view}"
        await asyncio.sleep(0.02)


class JobsConformance:
    async def test_a_job_runs_if_its_transaction_commits(self, world: World) -> None:
        await world.start()
        with pytest.raises(ZeroDivisionError):
            async with world.database.write() as session:
                await world.jobs.outbox.enqueue(session, Note("undone"))
                raise ZeroDivisionError
        async with world.database.write() as session:
            first = await world.jobs.outbox.enqueue(session, Note("first"))
            second = await world.jobs.outbox.enqueue(session, Note("second"))
        for job_id in (first, second):
            view = await until_status(world, job_id, "done")
            assert (view.attempts, view.lease_owner, view.error) == (1, None, None)
            assert view.finished_at is not None
        assert sorted(effects(world)) == ["first", "second"]

    async def test_a_job_waits_for_a_worker(self, world: World) -> None:
        job_id = await world.jobs.outbox.enqueue_now(Note("early"))
        assert (await world.jobs.inspection.get(job_id)).status == "waiting"
        await world.start()
        await until_status(world, job_id, "done")
        assert effects(world) == ["early"]

    async def test_one_key_is_one_job(self, world: World) -> None:
        await world.start()
        ids = {await world.jobs.outbox.enqueue_now(Note("keyed"), key="k") for _ in range(3)}
        other = await world.jobs.outbox.enqueue_now(Note("other"), key="l")
        assert len(ids) == 1
        await until_status(world, ids.pop(), "done")
        await until_status(world, other, "done")
        assert sorted(effects(world)) == ["keyed", "other"]

    async def test_a_payload_arrives_as_it_was(self, world: World) -> None:
        await world.start()
        payload = Rich(datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC), [1, 2, 2**60], {"ä": None, "b": "\n"})
        await until_status(world, await world.jobs.outbox.enqueue_now(payload), "done")
        assert effects(world) == [f"{payload.at.isoformat()} {3 + 2**60} {{'ä': None, 'b': '\\n'}}"]

    async def test_a_delayed_job_waits_for_its_time(self, world: World) -> None:
        await world.start()
        due = datetime.now(UTC) + timedelta(seconds=0.7)
        job_id = await world.jobs.outbox.enqueue_now(Note("delayed"), due_at=due)
        view = await until_status(world, job_id, "done")
        assert view.finished_at is not None
        assert view.finished_at >= due

    async def test_a_failed_attempt_is_tried_again(self, world: World) -> None:
        await world.start()
        view = await until_status(world, await world.jobs.outbox.enqueue_now(FailFirst(2)), "done")
        assert view.attempts == 3
        assert effects(world) == ["attempt 1", "attempt 2", "attempt 3"]

    async def test_a_job_says_when_to_try_again(self, world: World) -> None:
        await world.start()
        await until_status(world, await world.jobs.outbox.enqueue_now(Later(0.05)), "done")
        assert effects(world) == ["later 1", "later 2"]

    async def test_a_job_without_attempts_left_fails_and_can_be_retried_by_hand(self, world: World) -> None:
        await world.start()
        job_id = await world.jobs.outbox.enqueue_now(Doomed("x"))
        view = await until_status(world, job_id, "failed")
        assert view.attempts == 2
        assert "RuntimeError: never works" in (view.error or "")
        assert [one.id for one in await world.jobs.inspection.list("failed")] == [job_id]
        assert [(c.queue, c.status, c.number) for c in await world.jobs.inspection.counts()] == [
            ("dataset", "failed", 1)
        ]
        await world.jobs.inspection.retry(job_id)
        await until(lambda: len(effects(world)) == 4)
        await until_status(world, job_id, "failed")
        done = await world.jobs.outbox.enqueue_now(Note("fine"))
        await until_status(world, done, "done")
        with pytest.raises(JobNotFailed):
            await world.jobs.inspection.retry(done)
        with pytest.raises(JobNotFound):
            await world.jobs.inspection.retry("00000000-0000-7000-8000-000000000000")

    async def test_giving_up_and_overrunning_end_a_job(self, world: World) -> None:
        await world.start()
        hopeless = await until_status(world, await world.jobs.outbox.enqueue_now(Hopeless("no such page")), "failed")
        assert (hopeless.attempts, hopeless.error) == (1, "no such page")
        endless = await until_status(world, await world.jobs.outbox.enqueue_now(Endless()), "failed")
        assert (endless.attempts, endless.error) == (1, "took longer than 0.1 seconds")

    async def test_many_jobs_run_once_each(self, world: World) -> None:
        await world.start()
        for start in range(0, 100, 20):
            async with world.database.write() as session:
                for number in range(start, start + 20):
                    await world.jobs.outbox.enqueue(session, Note(f"n{number}"))
        await until(lambda: len(effects(world)) >= 100)
        await world.stop()
        assert sorted(effects(world)) == sorted(f"n{number}" for number in range(100))
        assert [(c.queue, c.status, c.number) for c in await world.jobs.inspection.counts()] == [("mail", "done", 100)]

    async def test_a_thousand_jobs_of_one_workspace_do_not_delay_the_only_one_of_another(self, world: World) -> None:
        (world.folder / "effects").touch()
        async with world.database.write() as session:
            # Each of them would keep a place until the other workspace's job is done.
            await world.jobs.outbox.enqueue_many(session, [Chore("busy", f"n{n}", "single") for n in range(1000)])
        single = await world.jobs.outbox.enqueue_now(Chore("other", "single"))
        counts = {(c.queue, c.status): c.number for c in await world.jobs.inspection.counts()}
        assert counts == {("priority_dataset", "held"): 999, ("priority_dataset", "waiting"): 2}
        await world.start()
        await until_status(world, single, "done")
        assert effects(world)[0] == "single"

    async def test_a_stopped_worker_finishes_short_jobs_and_puts_long_ones_back(self, world: World) -> None:
        await world.start()
        short = await world.jobs.outbox.enqueue_now(Held("short"))
        long = await world.jobs.outbox.enqueue_now(Held("long"))
        await until(lambda: len(effects(world)) == 2)
        may_end(world.folder, "short").touch()
        await world.stop()
        assert (await world.jobs.inspection.get(short)).status == "done"
        view = await world.jobs.inspection.get(long)
        assert (view.status, view.attempts, view.lease_owner) == ("waiting", 0, None)
        may_end(world.folder, "long").touch()
        await world.start()
        view = await until_status(world, long, "done")
        assert view.attempts == 1
        lines = [line.rsplit(" ", 1)[0] for line in effects(world)]
        assert sorted(lines) == ["long begins", "long begins", "long ends", "short begins", "short ends"]
