"""Whether all processes of a fleet together stay below the connections that their database gives (reliability.md, F10).

Pools belong to processes, and each may be full at the same moment; so what counts is the sum of what they may open.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from orrery.database.engine import Database
from orrery.database.limits import ConnectionLimit, read_limit
from orrery.database.opening import BEAT_CONNECTIONS, DAEMON_CONNECTIONS
from orrery.jobs.places import places_of
from orrery.settings.load import Settings

_RAISE = {
    "postgresql": "max_connections (POSTGRES_MAX_CONNECTIONS)",
    "mysql": "max_connections (MYSQL_MAX_CONNECTIONS)",
}


class Demand(msgspec.Struct, frozen=True):
    """So many processes of a role, each of which may open so many connections."""

    role: str
    processes: int
    each: int

    @property
    def total(self) -> int:
        return self.processes * self.each


class Budget(msgspec.Struct, frozen=True):
    """What the fleet may open, and what there is; ``problem`` and ``mend`` where that does not fit."""

    demands: Sequence[Demand]
    limit: ConnectionLimit
    problem: str | None = None
    mend: str = ""

    @property
    def wanted(self) -> int:
        return sum(demand.total for demand in self.demands)

    def __str__(self) -> str:
        parts = ", ".join(f"{one.processes} {one.role} x {one.each}" for one in self.demands if one.processes)
        if self.limit.pooler:
            return f"{self.wanted} at most, shared out by a pooler: {parts}"
        return f"{self.wanted} at most of {self.limit.usable}: {parts}"


async def read_budget(database: Database, settings: Settings) -> Budget | None:
    """None where nothing is counted. Raises what the database says."""
    limit = await read_limit(database)
    return None if limit is None else budget(settings, limit, database.dialect)


def budget(settings: Settings, limit: ConnectionLimit, dialect: str = "postgresql") -> Budget:
    """Compares what all processes may open with the limit."""
    demands, known = demands_of(settings), settings.database
    if limit.pooler:
        if known.behind_pooler:
            return Budget(demands, limit)
        problem = "A pooler answers at DB_HOST, which gives each transaction another connection of the server."
        return Budget(demands, limit, problem, "Set ORRERY_DB_BEHIND_POOLER=true.")
    wanted = sum(demand.total for demand in demands)
    if wanted <= limit.usable:
        return Budget(demands, limit)
    fixed = sum(demand.total for demand in demands if demand.role not in {"api", "worker"})
    pools = sum(demand.processes for demand in demands if demand.role in {"api", "worker"})
    fitting = max((limit.usable - fixed) // max(pools, 1), 1)
    return Budget(
        demands,
        limit,
        f"The processes of this fleet may open {wanted} connections, the database gives them {limit.usable}.",
        f"Let SQLALCHEMY_POOL_SIZE and SQLALCHEMY_MAX_OVERFLOW be {fitting} together, or raise "
        f"{_RAISE.get(dialect, 'max_connections')} above {wanted + limit.reserved}, or put a pooler before the database "
        "(ORRERY_DB_BEHIND_POOLER).",
    )


def demands_of(settings: Settings) -> list[Demand]:
    """By role, for as many processes as ORRERY_FLEET_APIS, _WORKERS and _BEATS say."""
    known = settings.database
    counts = {
        "api": known.fleet_apis * settings.server.workers,
        "worker": known.fleet_workers,
        "beat": known.fleet_beats,
        "plugin_daemon": 1 if settings.plugins.daemon_url else 0,
    }
    each = {
        "api": known.pool_size + known.pool_overflow,
        "worker": max(known.pool_size, places_of(settings.jobs)) + known.pool_overflow,
        "beat": min(known.pool_size, BEAT_CONNECTIONS),
        "plugin_daemon": min(known.pool_size, DAEMON_CONNECTIONS) + min(known.pool_overflow, DAEMON_CONNECTIONS),
    }
    return [Demand(role, counts[role], each[role]) for role in each]
