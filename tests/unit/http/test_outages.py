"""Which errors are the storage's to tell, and as what."""

from __future__ import annotations

import errno
import sqlite3

import pytest
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from orrery.http.outages import storage_refusal


def told(error: Exception) -> tuple[int, str, float | None] | None:
    refusal = storage_refusal(error)
    return None if refusal is None else (refusal.status, refusal.code, refusal.retry_after)


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT 1", None, ConnectionError("lost")),
        InterfaceError("SELECT 1", None, ConnectionError("connection is closed")),
        DBAPIError("SELECT 1", None, ConnectionError("the database system is shutting down")),
        PoolTimeout("QueuePool limit reached"),
        ConnectionRefusedError(errno.ECONNREFUSED, "refused"),
        RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed"),
    ],
    ids=["operational", "interface", "other", "pool", "socket", "transport"],
)
def test_a_database_that_is_away_is_asked_again(error: Exception) -> None:
    assert told(error) == (503, "service_unavailable", 2)


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("INSERT", None, sqlite3.OperationalError("database or disk is full")),
        OperationalError("INSERT", None, sqlite3.OperationalError("attempt to write a readonly database")),
        DBAPIError("INSERT", None, OSError('could not extend file "base/1": No space left on device')),
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
    ],
    ids=["sqlite", "read-only", "postgres", "disk", "quota"],
)
def test_a_full_disk_is_said_so(error: Exception) -> None:
    assert told(error) == (507, "storage_full", 30)


@pytest.mark.parametrize(
    "error",
    [
        IntegrityError("INSERT", None, sqlite3.IntegrityError("UNIQUE constraint failed")),
        DataError("INSERT", None, ValueError("too long")),
        ProgrammingError("SELEC", None, ValueError("syntax error")),
        FileNotFoundError(errno.ENOENT, "No such file or directory"),
        RuntimeError("the disk is full"),
    ],
    ids=["integrity", "data", "programming", "file", "other"],
)
def test_faults_of_our_own_stay_faults(error: Exception) -> None:
    assert told(error) is None
