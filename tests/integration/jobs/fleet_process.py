"""A worker or a beat as a process of its own: ``python -m ... worker|beat DATABASE_URL BROKER_URL FOLDER``.

``FOLDER/fleet.json``, where it is, tells more: ``clock`` of another time and speed, ``grace`` of the schedule, ``places``
of a worker, settings of ``jobs`` and of the ``cache`` that say how the broker is reached.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from tests.integration.jobs.sample import MinuteJobs, SampleJobs

from orrery.database import Database
from orrery.jobs import JobNeeds, Jobs
from orrery.jobs.clock import SystemClock
from orrery.jobs.fleet.application import celery_app
from orrery.jobs.fleet.beat import Beat
from orrery.jobs.fleet.broker import Broker, broker_of
from orrery.jobs.fleet.carrier import CeleryCarrier
from orrery.jobs.fleet.relay import Relay
from orrery.jobs.fleet.service import FleetService
from orrery.jobs.fleet.worker import LoopThread, WorkerOptions, run_worker
from orrery.settings.groups.cache import CacheSettings
from orrery.settings.groups.jobs import Jobs as JobSettings


class FastClock(SystemClock):
    """Runs ``speed`` times as fast as the machine's, from ``origin`` at the machine's time ``zero`` on."""

    def __init__(self, origin: datetime, zero: float, speed: float) -> None:
        self._origin = origin
        self._zero = zero
        self._speed = speed

    def now(self) -> datetime:
        return self._origin + timedelta(seconds=(time.time() - self._zero) * self._speed)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)


class Told(msgspec.Struct):
    """What a test says of its fleet."""

    places: int = 8
    grace: float = 600.0
    clock: dict[str, float] | None = None
    jobs: JobSettings = JobSettings()
    cache: CacheSettings = CacheSettings()

    @staticmethod
    def by(folder: Path) -> Told:
        file = folder / "fleet.json"
        if not file.exists():
            return Told()
        return msgspec.json.decode(file.read_bytes(), type=Told, dec_hook=lambda kind, value: kind(value))

    def broker(self, url: str) -> Broker:
        return broker_of(msgspec.structs.replace(self.jobs, broker_url=url), self.cache)


def fleet_jobs(database: Database, broker_url: str, folder: Path, *, owner: str) -> Jobs[CeleryCarrier]:
    """Jobs of a fleet with the sample's catalog and the schedule of every minute."""
    told = Told.by(folder)
    clock = SystemClock()
    if told.clock is not None:
        origin = datetime.fromtimestamp(told.clock["origin"], UTC)
        clock = FastClock(origin, told.clock["zero"], told.clock["speed"])
    app = celery_app(told.broker(broker_url))
    jobs = Jobs.build(JobNeeds(database=database, announcer=CeleryCarrier(app), owner=owner, clock=clock))
    jobs.catalog.add(SampleJobs(folder).declared())
    jobs.catalog.add(MinuteJobs(folder, told.grace).declared())
    return jobs


def main(role: str, database_url: str, broker_url: str, folder: str) -> int:
    logging.basicConfig(level=logging.INFO)
    loop = LoopThread()
    database = Database(database_url)
    jobs = fleet_jobs(database, broker_url, Path(folder), owner=f"test:{os.getpid()}")
    carrier = jobs.needs.announcer
    try:
        if role == "worker":
            # A second application: one process may have both, for sending and for receiving.
            told = Told.by(Path(folder))
            app = celery_app(told.broker(broker_url))
            name = f"w{os.getpid()}@test"
            options = WorkerOptions(queues=jobs.queues(), concurrency=told.places, grace=2, name=name)
            return run_worker(app, FleetService(jobs), loop, options)
        relay = Relay(database, jobs.catalog, carrier, jobs.needs.clock)
        beat = Beat(jobs.timekeeper, relay)
        loop.call(beat.start())
        (Path(folder) / f"up-{os.getpid()}").touch()
        signal.sigwait({signal.SIGTERM})
        loop.call(beat.close())
        return 0
    finally:
        loop.call(carrier.close())
        loop.call(database.close())
        loop.close()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM} if sys.argv[1] == "beat" else set())
    sys.exit(main(*sys.argv[1:]))
