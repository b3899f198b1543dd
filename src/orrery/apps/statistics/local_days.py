"""Local days in SQL: which day a stored time falls on in somebody's time zone, so that the database can group by it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, SQLColumnExpression, case, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from orrery.apps.statistics.periods import Offset

_EPOCH = date(1970, 1, 1)
_DAY_SECONDS = 24 * 3600


class UnixSeconds(FunctionElement[int]):
    """A stored UTC time as whole seconds since 1970."""

    inherit_cache = True
    type = BigInteger()


def _argument(element: UnixSeconds, compiler: SQLCompiler) -> str:
    return compiler.process(element.clauses)


@compiles(UnixSeconds, "sqlite")
def _sqlite(element: UnixSeconds, compiler: SQLCompiler, **_: object) -> str:
    return f"CAST(strftime('%s', {_argument(element, compiler)}) AS INTEGER)"


@compiles(UnixSeconds, "postgresql")
def _postgresql(element: UnixSeconds, compiler: SQLCompiler, **_: object) -> str:
    return f"CAST(FLOOR(EXTRACT(EPOCH FROM {_argument(element, compiler)})) AS BIGINT)"


@compiles(UnixSeconds, "mysql", "mariadb")
def _mysql(element: UnixSeconds, compiler: SQLCompiler, **_: object) -> str:
    return f"TIMESTAMPDIFF(SECOND, '1970-01-01 00:00:00', {_argument(element, compiler)})"


def local_day(column: SQLColumnExpression[datetime], offsets: Sequence[Offset]) -> ColumnElement[int]:
    """The number of the local day (0 is 1970-01-01) that a time falls on.

    Numbers stand in the statement as text: the same expression stands in SELECT and GROUP BY, and PostgreSQL takes
    two parameters for two different expressions.
    """
    seconds = UnixSeconds(column)
    changes = [
        (seconds < _number(offset.until), _number(offset.seconds)) for offset in offsets if offset.until is not None
    ]
    last = _number(offsets[-1].seconds)
    ahead = case(*changes, else_=last) if changes else last
    return (seconds + ahead) // _number(_DAY_SECONDS)


def date_of(day: int) -> str:
    """The day's date, as ``2026-03-01``."""
    return (_EPOCH + timedelta(days=day)).isoformat()


def _number(value: int) -> ColumnElement[int]:
    return literal_column(str(value), BigInteger())
