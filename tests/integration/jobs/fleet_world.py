"""A fleet's jobs for tests: the enqueuing side here, workers and beats as processes."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import update
from tests.integration.jobs.fleet_process import fleet_jobs

from orrery.database import Database
from orrery.jobs.tables import Job

_ROOT = Path(__file__).parents[3]


class FleetWorld:
    """``told`` is for all its processes, see `fleet_process`. ``processes`` are those that were launched and run."""

    def __init__(self, folder: Path, database_url: str, broker_url: str, **told: object) -> None:
        self.folder = folder
        self.broker_url = broker_url
        if told:
            (folder / "fleet.json").write_text(json.dumps(told))
        self._urls = (database_url, broker_url)
        self.database = Database(database_url)
        self.jobs = fleet_jobs(self.database, broker_url, folder, owner="test")
        self.processes: list[subprocess.Popen[bytes]] = []

    def launch(self, role: str) -> subprocess.Popen[bytes]:
        """Starts a ``worker`` or a ``beat``."""
        command = [sys.executable, "-m", "tests.integration.jobs.fleet_process", role, *self._urls, str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(command, cwd=_ROOT, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """SIGKILL, and the end is waited for."""
        process.kill()
        process.wait()
        self.processes.remove(process)

    async def start(self) -> None:
        self.launch("worker")

    async def stop(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            await asyncio.to_thread(process.wait, 60)
        self.processes.clear()

    async def close(self) -> None:
        for process in list(self.processes):
            self.kill(process)
        await self.jobs.needs.announcer.close()
        await self.database.close()
        log = self.folder / "log"
        sys.stdout.write(log.read_text() if log.exists() else "")

    async def forget_announcements(self) -> None:
        """As if the time had passed for which an announcement is trusted."""
        past = datetime.now(UTC) - timedelta(seconds=1)
        async with self.database.write() as session:
            await session.execute(update(Job).where(Job.status == "waiting").values(lease_expires_at=past))
