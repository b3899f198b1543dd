"""The commands ``orrery worker`` and ``orrery beat`` as processes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from tests.support.ports import free_port

from orrery.database import Database
from orrery.database.migrate import migrate
from orrery.jobs import Due, JobNeeds, Jobs, NoAnnouncer
from orrery.jobs.tables import Job
from orrery.schema import schema
from orrery.telemetry.alive import what_is_wrong

_OLD = datetime.now(UTC) - timedelta(days=40)


class Commands:
    def __init__(self, home: Path) -> None:
        self._home = home
        self._running: list[subprocess.Popen[bytes]] = []

    def launch(self, command: str, **variables: str) -> subprocess.Popen[bytes]:
        known = {name: value for name, value in os.environ.items() if not name.startswith(("CELERY", "ORRERY", "DB_"))}
        environment = {
            **known, "ORRERY_HOME": str(self._home), "ORRERY_ALIVE_FILE": str(self.alive(command)), **variables,
        }  # fmt: skip
        with (self._home / f"{command}.out").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-u", "-m", "orrery", command],
                env=environment, cwd=self._home, stdout=output, stderr=subprocess.PIPE,
            )  # fmt: skip
        self._running.append(process)
        return process

    def alive(self, command: str) -> Path:
        """Where the role leaves its signs of life."""
        return self._home / f"{command}.alive"

    async def until_well(self, command: str) -> None:
        async with asyncio.timeout(60):
            while what_is_wrong(self.alive(command)) is not None:
                await asyncio.sleep(0.05)

    async def until_said(self, command: str, words: str) -> None:
        """Waits until the role says so: before, a signal would end it as it ends any program."""
        async with asyncio.timeout(60):
            while words not in (self._home / f"{command}.out").read_text():
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        for process in self._running:
            process.kill()
            process.communicate()


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    commands = Commands(tmp_path)
    yield commands
    commands.kill()


async def _with_an_old_job_to_clean(home: Path) -> tuple[Database, str]:
    """A database with a job done long ago, and a job waiting that will delete it; the first one's id."""
    database = Database(f"sqlite+aiosqlite:///{home / 'orrery.db'}")
    await migrate(database, schema())
    jobs = Jobs.build(JobNeeds(database=database, announcer=NoAnnouncer(), owner="test"))
    old = Job(name="gone", queue="mail", payload={}, status="done", finished_at=_OLD, due_at=_OLD, created_at=_OLD)
    async with database.write() as session:
        session.add(old)
    clean = jobs.catalog.get("clean_finished_jobs")
    assert clean is not None
    now = datetime.now(UTC)
    await jobs.outbox.add_due([(clean, Due(now), now, "test")])
    return database, old.id


async def _gone(database: Database, job_id: str) -> None:
    async with asyncio.timeout(60):
        while True:
            async with database.read() as session:
                if await session.scalar(select(Job.id).where(Job.id == job_id)) is None:
                    return
            await asyncio.sleep(0.1)


async def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, 120) == 0


async def test_a_worker_without_a_broker_runs_jobs_of_the_table(commands: Commands, tmp_path: Path) -> None:
    database, old = await _with_an_old_job_to_clean(tmp_path)
    worker = commands.launch("worker", ORRERY_JOBS="process")
    await _gone(database, old)
    await commands.until_well("worker")
    await _stop(worker)
    assert what_is_wrong(commands.alive("worker")) == "has not started, or was stopped"
    await database.close()


@pytest.mark.redis
async def test_beat_relays_and_a_worker_runs_what_the_broker_brings(
    commands: Commands, tmp_path: Path, redis_url: str
) -> None:
    pytest.importorskip("celery", reason="the celery extra is not installed")
    database, old = await _with_an_old_job_to_clean(tmp_path)
    fleet = {"ORRERY_JOBS": "celery", "CELERY_BROKER_URL": f"{redis_url}/63"}
    beat = commands.launch("beat", **fleet)
    # The variables of an existing installation, as its containers set them.
    worker = commands.launch(
        "worker", CELERY_WORKER_CLASS="gevent", CELERY_AUTO_SCALE="False", CELERY_QUEUES="", **fleet
    )
    await _gone(database, old)
    await commands.until_said("beat", "fires schedules")
    for role in (beat, worker):
        await commands.until_well("beat" if role is beat else "worker")
    await _stop(beat)
    worker.kill()
    worker.wait()
    assert what_is_wrong(commands.alive("worker")) == f"has ended without a word (process {worker.pid})"
    await database.close()


@pytest.mark.parametrize("command", ["worker", "beat"])
def test_a_missing_broker_is_told_with_its_mend(commands: Commands, command: str) -> None:
    process = commands.launch(command, ORRERY_JOBS="celery")
    _, told = process.communicate(timeout=120)
    assert process.returncode == 78
    assert told.decode().strip().endswith("Set it, or set ORRERY_JOBS=process.")
    assert "CELERY_BROKER_URL is empty" in told.decode()


@pytest.mark.parametrize("command", ["worker", "beat"])
async def test_roles_without_http_offer_their_metrics(commands: Commands, tmp_path: Path, command: str) -> None:
    port = free_port()
    role = commands.launch(
        command, ORRERY_JOBS="process", ORRERY_METRICS="true", ORRERY_METRICS_PORT=str(port)
    )  # fmt: skip
    async with asyncio.timeout(60), httpx.AsyncClient(timeout=120, trust_env=False) as client:
        while True:
            assert role.poll() is None
            try:
                text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                break
    assert "orrery_runs_active 0.0" in text
    await _stop(role)
