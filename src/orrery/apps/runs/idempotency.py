"""The same request twice is one run: clients that repeat themselves get the first run's answer (reliability.md G4)."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime

import msgspec
from sqlalchemy import select

from orrery.apps.runs import statements
from orrery.apps.runs.errors import KeyReused, NotRecorded
from orrery.apps.runs.live import LiveRun
from orrery.apps.runs.service import RunRequest, RunService
from orrery.apps.runs.tables import IdempotencyKey
from orrery.database.engine import Database
from orrery.database.group_commit import Entry
from orrery.database.ids import new_id
from orrery.errors import InvalidParam

LONGEST_KEY = 128


class Idempotency:
    """Starts runs under keys. The key's row is written with the run's, so that one of two races wins."""

    def __init__(self, database: Database, runs: RunService) -> None:
        self._database = database
        self._runs = runs
        self._starting: dict[tuple[str, str, str], asyncio.Future[None]] = {}

    async def start(self, request: RunRequest, key: str, fingerprint: str) -> LiveRun | str:
        """A new run, or the id of the earlier run under this key.

        Raises `InvalidParam` for a key that can't be one, `KeyReused` when it was used for another request.
        """
        if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
            raise InvalidParam(f"Idempotency-Key must have 1 to {LONGEST_KEY} printable characters.")
        # Hashed: databases differ in which keys they hold for the same, and in what characters they take.
        place = (request.app.app_id, request.user.id, hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest())
        # Callers of this process wait for each other here; other processes meet in the unique constraint.
        while place in self._starting:
            await asyncio.shield(self._starting[place])
        waiting = self._starting[place] = asyncio.get_running_loop().create_future()
        try:
            earlier = await self._earlier(place, fingerprint)
            if earlier is not None:
                return earlier
            return await self._start(request, place, fingerprint)
        finally:
            del self._starting[place]
            waiting.set_result(None)

    async def _start(self, request: RunRequest, place: tuple[str, str, str], fingerprint: str) -> LiveRun | str:
        run_id = request.run_id or new_id()
        rows = (*request.extra_rows, _key_row(place, fingerprint, run_id))
        try:
            return await self._runs.start(msgspec.structs.replace(request, run_id=run_id, extra_rows=rows))
        except NotRecorded:
            earlier = await self._earlier(place, fingerprint)
            if earlier is None:
                raise
            return earlier

    async def _earlier(self, place: tuple[str, str, str], fingerprint: str) -> str | None:
        app_id, caller, key = place
        async with self._database.read() as session:
            row = await session.scalar(
                select(IdempotencyKey).where(
                    IdempotencyKey.app_id == app_id, IdempotencyKey.caller == caller, IdempotencyKey.key == key
                )
            )
        if row is None:
            return None
        if row.fingerprint != fingerprint:
            raise KeyReused
        return row.run_id


def _key_row(place: tuple[str, str, str], fingerprint: str, run_id: str) -> Entry:
    app_id, caller, key = place
    return statements.INSERT_KEY, {
        "id": new_id(),
        "app_id": app_id,
        "caller": caller,
        "key": key,
        "fingerprint": fingerprint,
        "run_id": run_id,
        "created_at": datetime.now(UTC),
    }
