"""Asking running workers over their broker, and giving each of their queues something to do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, cast

from sqlalchemy import func, insert, select

from orrery.database import Database
from orrery.database.ids import new_id
from orrery.jobs.fleet.application import CeleryApp, celery_app
from orrery.jobs.fleet.broker import Broker, broker_of
from orrery.jobs.tables import Job
from orrery.settings.load import Settings, load_settings

_SECONDS = 120.0


class _Inspect(Protocol):
    def active_queues(self) -> Mapping[str, list[Mapping[str, object]]] | None: ...


class _Control(Protocol):
    def inspect(self, *, timeout: float, limit: int) -> _Inspect: ...
    def enable_events(self, *, reply: bool, timeout: float, limit: int) -> object: ...


def settings_of_process(pid: int) -> Settings:
    """The settings that this running process of a fleet was given."""
    lines = Path(f"/proc/{pid}/environ").read_text("utf-8").split("\0")
    return load_settings(dict(line.split("=", 1) for line in lines if "=" in line), shape="fleet")


def consumed_queues(settings: Settings, workers: int) -> dict[str, set[str]]:
    """Which queues each of so many workers consumes, by the worker's name, as they say themselves."""
    app = celery_app(broker_of(settings.jobs, settings.cache))
    try:
        until = time.monotonic() + _SECONDS
        while True:
            told = _control(app).inspect(timeout=10.0, limit=workers).active_queues() or {}
            if len(told) == workers:
                return {name: {str(queue["name"]) for queue in queues} for name, queues in told.items()}
            assert time.monotonic() < until, f"only these workers answered: {sorted(told)}"
    finally:
        app.close()


def enable_events(broker_url: str) -> None:
    """Asks one worker for events of its tasks, as Flower does."""
    app = celery_app(Broker(url=broker_url, transport_options={}))
    try:
        assert _control(app).enable_events(reply=True, timeout=_SECONDS, limit=1)
    finally:
        app.close()


async def done_in_each(database: Database, queues: Iterable[str]) -> None:
    """Puts one job of the product into each queue, and waits until all of them were done."""
    now = datetime.now(UTC)
    payload = {"due_at": now.isoformat()}
    rows = [
        {"id": new_id(), "name": "clean_finished_jobs", "queue": queue, "payload": payload, "status": "waiting"}
        for queue in sorted(queues)
    ]
    async with database.connection() as connection:
        await connection.execute(
            insert(Job), [{**row, "attempts": 0, "due_at": now, "created_at": now} for row in rows]
        )
    done = select(func.count()).where(Job.id.in_([row["id"] for row in rows]), Job.status == "done")
    async with asyncio.timeout(_SECONDS):
        while True:
            async with database.reader.connect() as connection:
                if await connection.scalar(done) == len(rows):
                    return
            await asyncio.sleep(0.05)


def _control(app: CeleryApp) -> _Control:
    return cast("_Control", getattr(app, "control"))  # noqa: B009  (what the product uses of Celery has no such thing)
