"""What a worker's places cost: at rest, after all of them were used at once, and what events for a monitor cost.

    python benchmarks/worker_places.py [--counts 1,4,16,100] [--jobs 400]

A worker by Celery over Redis with SQLite below and jobs that only wait, so that what is seen is the worker's own.
Memory is the proportional set size. The reference is the worker with one place, of the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.integration.jobs.fleet_world import FleetWorld  # noqa: E402  (the path above)
from tests.integration.jobs.sample import Held, Note, may_end  # noqa: E402
from tests.support.migrated import migrated_url  # noqa: E402
from tests.support.ports import free_port  # noqa: E402
from tests.support.redis_server import redis_server  # noqa: E402
from tests.support.workers import enable_events  # noqa: E402

from http_load import cpu_seconds, memory_mib  # noqa: E402  (beside this file)

_REST_SECONDS = 10.0


async def until(condition: Callable[[], bool]) -> None:
    """Waits for what must come."""
    async with asyncio.timeout(120):
        while not condition():
            await asyncio.sleep(0.02)


def effects(folder: Path) -> list[str]:
    """What the jobs have told so far."""
    path = folder / "effects"
    return path.read_text().splitlines() if path.exists() else []


def threads(pid: int) -> int:
    """How many threads a process has."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


async def at_rest(pid: int) -> float:
    """CPU milliseconds a second of a worker that has nothing to do."""
    before = cpu_seconds(pid)
    await asyncio.sleep(_REST_SECONDS)
    return (cpu_seconds(pid) - before) / _REST_SECONDS * 1000


async def places(world: FleetWorld, number: int) -> None:
    """One row of the first table."""
    pid = world.launch("worker").pid
    await world.jobs.outbox.enqueue_now(Note("up"))
    await until(lambda: "up" in effects(world.folder))
    idle, memory, count = await at_rest(pid), memory_mib(pid), threads(pid)
    async with world.database.write() as session:
        await world.jobs.outbox.enqueue_many(session, [Held(f"h{n}") for n in range(number)])
    await until(lambda: len([line for line in effects(world.folder) if "begins" in line]) == number)
    busy = memory_mib(pid)
    for at in range(number):
        may_end(world.folder, f"h{at}").touch()
    async with asyncio.timeout(120):
        while any(count.status != "done" for count in await world.jobs.inspection.counts()):
            await asyncio.sleep(0.1)
    later = await at_rest(pid)
    print(
        f"{number:6} | {memory:7.1f} MB {count:4} threads {idle:5.1f} ms/s | {busy:7.1f} MB at once"
        f" | {memory_mib(pid):7.1f} MB {threads(pid):4} threads {later:5.1f} ms/s"
    )


async def events(world: FleetWorld, jobs: int) -> None:
    """One row of the second table: CPU of the worker for each job, before and after a monitor asked for events."""
    pid = world.launch("worker").pid
    costs: list[float] = []
    for round_, told in enumerate(("nobody listens", "warm", "nobody listens", "events are on")):
        if told == "events are on":
            enable_events(world.broker_url)
        done = len(effects(world.folder)) + jobs
        before = cpu_seconds(pid) if round_ else 0.0
        async with world.database.write() as session:
            await world.jobs.outbox.enqueue_many(session, [Note("n") for _ in range(jobs)])
        await until(lambda: len(effects(world.folder)) == done)  # noqa: B023  (waited for in this round)
        costs.append((cpu_seconds(pid) - before) * 1000 / jobs)
    print(f"CPU a job: {costs[2]:.2f} ms while nobody listens, {costs[3]:.2f} ms with events")


async def main(counts: list[int], jobs: int) -> None:
    """Prints both tables."""
    with tempfile.TemporaryDirectory() as folder:
        port, base = free_port(), Path(folder)
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        with redis_server(port, *options, folder=base):
            print("places | at rest | all of them used | at rest afterwards")
            for index, number in enumerate([*counts, 4]):
                home = base / str(index)
                home.mkdir()
                url = await migrated_url("sqlite", home)
                world = FleetWorld(home, url, f"redis://127.0.0.1:{port}/{index}", places=number)
                try:
                    await (places(world, number) if index < len(counts) else events(world, jobs))
                finally:
                    for process in list(world.processes):
                        world.kill(process)
                    await world.jobs.needs.announcer.close()
                    await world.database.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", default="1,4,16,100")
    parser.add_argument("--jobs", type=int, default=400)
    given = parser.parse_args()
    started = time.monotonic()
    asyncio.run(main([int(word) for word in given.counts.split(",")], given.jobs))
    print(f"{time.monotonic() - started:.0f} s")
