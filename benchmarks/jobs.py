"""What a durable job costs: enqueue, claim, run and mark as done, beside a bare durable commit in the same run.

    python benchmarks/jobs.py [jobs]

Wall times of a shared machine vary; the ratio to the bare commit does not.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import insert

from orrery.database import Database, new_id
from orrery.database.orm import Table
from orrery.jobs import EmbeddedJobs, Handler, JobNeeds, Jobs, RunnerLimits, Wake, job
from orrery.jobs.tables import Job

COMMITS = 100
BATCH = 100


class Nothing(msgspec.Struct):
    number: int


class Work:
    """Jobs that do nothing; ``done`` is set with the last one."""

    def __init__(self, expected: int) -> None:
        self._left = expected
        self.done = asyncio.Event()
        self.ran = asyncio.Event()

    def declared(self) -> tuple[Handler, ...]:
        return (self.nothing,)

    @job("nothing", queue="workflow")
    async def nothing(self, payload: Nothing) -> None:
        self._left -= 1
        self.ran.set()
        if self._left == 0:
            self.done.set()


def processor_seconds() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


async def measured(name: str, number: int, work: Callable[[], Awaitable[None]]) -> float:
    wall, processor = time.perf_counter(), processor_seconds()
    await work()
    each = (time.perf_counter() - wall) * 1e3 / number
    spent = (processor_seconds() - processor) * 1e3 / number
    print(f"{name:46} {each:7.3f} ms wall  {spent:7.3f} ms CPU")
    return each


async def fresh(folder: Path) -> Database:
    database = Database(f"sqlite+aiosqlite:///{folder / 'jobs.db'}")
    async with database.writer.begin() as connection:
        await connection.run_sync(Table.metadata.create_all, tables=[Table.metadata.tables["jobs"]])
    return database


async def bare_commits(database: Database) -> None:
    for _ in range(COMMITS):
        now = datetime.now(UTC)
        row: dict[str, object] = {
            "id": new_id(), "name": "bare", "queue": "mail", "payload": {}, "status": "done", "attempts": 0,
            "due_at": now, "created_at": now, "finished_at": now,
        }  # fmt: skip
        async with database.connection() as connection:
            await connection.execute(insert(Job), row)


async def main(number: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = await fresh(Path(folder))
        bare = await measured("bare commit of one row, one after the other", COMMITS, lambda: bare_commits(database))
        work = Work(number)
        jobs = Jobs.build(JobNeeds(database=database, announcer=Wake(), owner="benchmark"))
        jobs.catalog.add(work.declared())

        async def enqueue() -> None:
            for start in range(0, number, BATCH):
                async with database.write() as session:
                    await jobs.outbox.enqueue_many(session, [Nothing(one) for one in range(start, start + BATCH)])

        async def run() -> None:
            running = EmbeddedJobs(jobs, RunnerLimits(at_once=64, per_queue=64), schedules=False)
            await running.start(alone=True)
            await work.done.wait()
            await running.close()

        enqueued = await measured(f"enqueue, {BATCH} in the caller's transaction", number, enqueue)
        ran = await measured("claim, run and mark as done, 64 at once", number, run)

        alone = Work(COMMITS)
        single = Jobs.build(JobNeeds(database=database, announcer=Wake(), owner="benchmark"))
        single.catalog.add(alone.declared())
        running = EmbeddedJobs(single, schedules=False)
        await running.start(alone=True)

        async def one_by_one() -> None:
            for one in range(COMMITS):
                alone.ran.clear()
                await single.outbox.enqueue_now(Nothing(one))
                await alone.ran.wait()

        latency = await measured("one job after the other, from enqueue to run", COMMITS, one_by_one)
        await running.close()
        await database.close()
        print(f"\na job of many costs {(enqueued + ran) / bare:.2f} bare commits, a single one {latency / bare:.2f}")


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    asyncio.run(main(-(-wanted // BATCH) * BATCH))
