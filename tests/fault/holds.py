"""Places at which a server is held from outside, so that it can be killed there: in a statement, or while it parses.

A statement is held by a trigger of the test's: in PostgreSQL it waits for a lock that the test has, in SQLite, where
nothing can wait, it counts for as long as the universe lasts. Both are in the middle of the server's transaction.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tests.fault.outside import PostgresServer
from tests.fault.psql import Psql, session

PATIENCE = 120.0
_KEY = 4_711


class Place(NamedTuple):
    """``event`` is INSERT or UPDATE; ``condition`` is SQL about the row NEW."""

    table: str
    event: str
    condition: str


class SqliteHold:
    """Of the file ``database``. One place at a time: the held transaction is the only one that writes."""

    def __init__(self, database: Path) -> None:
        self._database = database

    @contextmanager
    def at(self, places: Sequence[Place]) -> Generator[SqliteHold]:
        """The server must be dead at the end of the block, or its transaction never ends."""
        (place,) = places
        forever = ", ".join(f"sqlite_master AS m{n}" for n in range(9))
        self.write(
            f"CREATE TRIGGER fault_hold BEFORE {place.event} ON {place.table} WHEN {place.condition} "
            f"BEGIN SELECT count(*) FROM {forever}; END"
        )
        try:
            yield self
        finally:
            self.write("DROP TRIGGER fault_hold")

    def until_held(self, count: int = 1) -> None:
        """Until somebody has been writing for longer than any write takes. A kill is never before the place, since
        nothing gets beyond it; this sees to it that it is not long before, either."""
        assert count == 1
        until, looks = time.monotonic() + PATIENCE, 0
        while looks < 6:
            looks = looks + 1 if self._is_locked() else 0
            assert time.monotonic() < until
            time.sleep(0.03)

    def _is_locked(self) -> bool:
        with closing(sqlite3.connect(self._database, timeout=0, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            connection.execute("ROLLBACK")
            return False

    def write(self, statement: str) -> None:
        """Does a statement beside the server."""
        with closing(sqlite3.connect(self._database, timeout=PATIENCE, isolation_level=None)) as connection:
            connection.execute(statement)


class PostgresHold:
    """Of a cluster's database; any number of places. ``talk`` is a session for looks and small changes."""

    def __init__(self, postgres: PostgresServer, talk: Psql) -> None:
        self._postgres = postgres
        self._talk = talk

    @contextmanager
    def at(self, places: Sequence[Place]) -> Generator[PostgresHold]:
        """Whatever was held goes on at the end of the block, if it is still there."""
        for number, place in enumerate(places):
            self.write(
                f"CREATE FUNCTION fault_hold_{number}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF {place.condition} THEN PERFORM pg_advisory_xact_lock_shared({_KEY}); END IF; RETURN NEW; END $$; "
                f"CREATE TRIGGER fault_hold_{number} BEFORE {place.event} ON {place.table} "
                f"FOR EACH ROW EXECUTE FUNCTION fault_hold_{number}()"
            )
        try:
            with session(self._postgres) as lock:
                lock.say(f"SELECT FROM pg_advisory_lock({_KEY})")
                yield self
        finally:
            for number, place in enumerate(places):
                self.write(f"DROP TRIGGER fault_hold_{number} ON {place.table}; DROP FUNCTION fault_hold_{number}()")

    def write(self, statement: str) -> None:
        """Does a statement beside the servers."""
        self._talk.say(statement)

    def until_held(self, count: int = 1) -> None:
        """Until so many statements wait."""
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        until = time.monotonic() + PATIENCE
        while (found := self._talk.say(waiting)) != [(str(count),)]:
            assert time.monotonic() < until, (found, self._talk.say("SELECT state, query FROM pg_stat_activity"))
            time.sleep(0.03)


@contextmanager
def parser_held(server: int) -> Generator[list[int]]:
    """The parsers' process of a server, which must have read something before, stands still within the block.

    Gives its id; there are two where the parsers have no user of their own.
    """
    parsers = [pid for pid in _offspring(server) if b"retrieval.extraction.cell" in _command(pid)]
    assert parsers
    for parser in parsers:
        os.kill(parser, signal.SIGSTOP)
    try:
        yield parsers
    finally:
        for parser in parsers:
            with suppress(ProcessLookupError):  # it went with its server
                os.kill(parser, signal.SIGCONT)


def _offspring(pid: int) -> list[int]:
    children = [int(each) for file in Path(f"/proc/{pid}/task").glob("*/children") for each in file.read_text().split()]
    return [found for child in children for found in (child, *_offspring(child))]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
