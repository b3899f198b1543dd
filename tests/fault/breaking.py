"""Migrations in processes of their own that end, or lose their connection, at a statement that the caller names.

``python -m tests.fault.breaking`` takes requests on standard input, a line of JSON each, and answers in the same way.
Each is done in a forked child: the libraries are loaded once.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

import msgspec
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import configure_mappers
from tests.support import next_version

from orrery.database import Database
from orrery.database.migrate import migrate
from orrery.database.migrating.chain import Chain
from orrery.schema import schema

How = Literal["before", "during", "cut"]
"""Killed before the statement, killed while it is under way, or its connection ended then."""
_CHANGES = ("CREATE", "DROP", "ALTER", "INSERT", "UPDATE", "DELETE")
_LONGEST = 0.004
"""Seconds; how long after a statement was sent the blow falls at the latest."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """``at``: the number of a statement that changes something, from 1; commits count as one. 0: nothing breaks."""

    url: str
    target: str = "head"
    at: int = 0
    how: How = "before"


class Ended(msgspec.Struct, frozen=True):
    """``status``: the exit code, or the signal's number below 0. ``points``: how many places there were by then."""

    status: int
    points: int
    said: str


class Breaker:
    """The server of these requests, from `start` to `close`."""

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.fault.breaking"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent.parent
        )

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(600)
        self._process.stdout.close()

    def run(self, wanted: Wanted) -> Ended:
        """Migrates as the next version, and waits for the end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(wanted) + b"\n")
        self._process.stdin.flush()
        return msgspec.json.decode(self._process.stdout.readline(), type=Ended)


class _Points:
    """Counts the places of a migration, and strikes at one."""

    def __init__(self, wanted: Wanted, told: int) -> None:
        self._wanted = wanted
        self._told = told
        self._number = 0

    def statement(self, connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.lstrip().upper().startswith(_CHANGES):
            self.next(connection)

    def next(self, connection: Connection) -> None:
        self._number += 1
        os.write(self._told, b".")
        if self._number != self._wanted.at:
            return
        # Not the same moment each time; which one it is does not matter.
        moment = random.SystemRandom().uniform(0.0001, _LONGEST)
        if self._wanted.how == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self._wanted.how == "during":
            signal.setitimer(signal.ITIMER_REAL, moment)
        else:
            asyncio.get_running_loop().call_later(moment, _transport(connection).abort)


def _transport(connection: Connection) -> asyncio.WriteTransport:
    driver: Any = connection.connection.driver_connection
    return driver._transport if hasattr(driver, "_transport") else driver._writer.transport


async def _migrate(wanted: Wanted, told: int) -> None:
    database = Database(wanted.url)
    points, engine = _Points(wanted, told), database.writer.sync_engine
    event.listen(engine, "before_cursor_execute", points.statement)
    event.listen(engine, "commit", points.next)
    try:
        await migrate(database, schema(), target=wanted.target, wait=120)
    finally:
        await database.close()


def _child(wanted: Wanted, told: int, said: int) -> None:
    os.dup2(said, 2)
    code = 1
    try:
        asyncio.run(_migrate(wanted, told))
        code = 0
    except BaseException as error:
        os.write(said, f"{type(error).__name__}: {error}"[:4000].encode())
    finally:
        os._exit(code)


def _warm_up() -> None:
    """What each child would otherwise do by itself, each time."""
    next_version.become()
    configure_mappers()
    for driver in ("postgresql+asyncpg", "mysql+asyncmy"):
        create_async_engine(f"{driver}://")
    # A child migrates once, and half of its time went into reading the scripts.
    patch.object(Chain, "load", return_value=Chain.load()).start()
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("wb") as nowhere:
        for number, targets in enumerate((("head",), ("0001", "head", "0001"))):
            url = f"sqlite+aiosqlite:///{folder}/{number}.db"
            for target in targets:
                asyncio.run(_migrate(Wanted(url=url, target=target), nowhere.fileno()))
    gc.collect()
    gc.freeze()


def _serve() -> None:
    _warm_up()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    for line in sys.stdin.buffer:
        wanted = msgspec.json.decode(line, type=Wanted)
        told, telling = os.pipe()
        said, saying = os.pipe()
        pid = os.fork()
        if not pid:
            _child(wanted, telling, saying)
        os.close(telling)
        os.close(saying)
        with os.fdopen(told, "rb") as points, os.fdopen(said, "rb") as words:
            ended = (len(points.read()), words.read().decode(errors="replace"))
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        sys.stdout.buffer.write(msgspec.json.encode(Ended(status, *ended)) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _serve()
