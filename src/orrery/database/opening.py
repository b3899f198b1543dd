"""Building the database of an installation from its settings."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import msgspec

from orrery.database.engine import Database, PoolOptions
from orrery.settings.groups.database import Database as DatabaseSettings

_OPTION = re.compile(r"-c\s*([A-Za-z_][\w.]*)=((?:\\.|\S)+)")

BEAT_CONNECTIONS = 4
"""What a beat opens at most: it asks one thing after the other."""
DAEMON_CONNECTIONS = 5
"""What the plugin daemon keeps open at most, and as many more for a moment."""


def open_database(settings: DatabaseSettings, *, places: int = 0, most: int | None = None) -> Database:
    """The database that ``settings`` name; no connection is made yet.

    ``places`` are pieces of work at a time that may each want a connection. ``most``: connections that this process
    may open, where that is fewer than the settings allow.
    """
    pool = pool_options(settings, places=places)
    if most is not None:
        pool = msgspec.structs.replace(pool, size=min(pool.size, most), overflow=0)
    return Database(settings.url(), pool, echo=settings.echo)


def pool_options(settings: DatabaseSettings, *, places: int = 0) -> PoolOptions:
    """DB_EXTRAS holds libpq's ``options`` (``-c name=value``) and session settings as a query string (5.4)."""
    extras = dict(parse_qsl(settings.extras, keep_blank_values=True))
    options = {name: value.replace("\\ ", " ") for name, value in _OPTION.findall(extras.get("options", ""))}
    return PoolOptions(
        size=max(settings.pool_size, places),
        overflow=settings.pool_overflow,
        timeout=settings.pool_timeout_seconds,
        recycle=settings.pool_recycle_seconds,
        pre_ping=settings.pool_pre_ping,
        lifo=settings.pool_lifo,
        settings=options,
        charset=settings.charset or extras.get("charset", ""),
        behind_pooler=settings.behind_pooler,
    )
