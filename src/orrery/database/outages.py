"""Telling a database that is away from rows that it does not want."""

from __future__ import annotations

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_CLOSED = "the handler is closed"
_ABOUT_ROWS = (IntegrityError, DataError, ProgrammingError, NotSupportedError)
_STALE = "InvalidCachedStatementError"
"""PostgreSQL's plan of a statement is from before a migration: SQLAlchemy forgets it, and the next try succeeds."""
_FULL = ("disk is full", "no space left", "could not extend file", "disk full", "the table is full", "readonly")


def is_outage(error: BaseException) -> bool:
    """True when the same statement may succeed later: no connection, a lost one, a server that starts or stops.

    Whether what was sent has been done is not known then: a connection can be lost after the commit.
    """
    if isinstance(error, DBAPIError):
        return not isinstance(error, _ABOUT_ROWS) or type(error.orig).__name__ == _STALE
    # The last is uvloop's word for writing to a connection that was lost; drivers let it through.
    return isinstance(error, OSError | PoolTimeout) or (isinstance(error, RuntimeError) and _CLOSED in str(error))


def is_full(error: BaseException) -> bool:
    """True when the database has no room to write, or was made read-only."""
    text = str(error.orig if isinstance(error, DBAPIError) else error).lower()
    return is_outage(error) and any(word in text for word in _FULL)
