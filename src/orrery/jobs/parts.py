"""The services of this room, built once from what they need.

The catalog is filled between `Jobs.build` and the start of a role: rooms need the outbox for their services, and the
catalog needs the services' jobs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

from orrery.database import Database
from orrery.jobs.announcing import Announcer
from orrery.jobs.catalog import LEASE, JobCatalog
from orrery.jobs.claims import Claims
from orrery.jobs.clock import Clock, SystemClock
from orrery.jobs.execution import Execution
from orrery.jobs.holdings import Holdings
from orrery.jobs.housekeeping import JobHousekeeping
from orrery.jobs.inspection import JobInspection
from orrery.jobs.lanes import Lanes
from orrery.jobs.outbox import JobOutbox
from orrery.jobs.queues import served_by_default
from orrery.jobs.takeover import Takeover
from orrery.jobs.timekeeper import Timekeeper
from orrery.settings.declare import SettingValue

A = TypeVar("A", bound=Announcer)
B = TypeVar("B", bound=Announcer)


class JobNeeds(msgspec.Struct, Generic[A], frozen=True, kw_only=True):
    """What the room is built from.

    ``announcer``: `Wake` where jobs run in this process, `CeleryCarrier` in a fleet with a broker, `NoAnnouncer`
    otherwise. ``owner`` names this process. ``settings`` are the values that schedules refer to, by variable (see
    `setting_values`). ``zone`` is the time zone of cron expressions. ``tenant_places``: see `Lanes`.
    ``lease``: seconds without a sign of life after which a process's jobs are others'.
    """

    database: Database
    announcer: A
    owner: str
    settings: Mapping[str, SettingValue] = {}
    zone: str = "UTC"
    edition: str = "SELF_HOSTED"
    tenant_places: int = 1
    lease: float = LEASE
    clock: Clock = SystemClock()


class Jobs(msgspec.Struct, Generic[A], frozen=True, kw_only=True):
    """Holds the services; `build` makes them and opens nothing."""

    needs: JobNeeds[A]
    catalog: JobCatalog
    outbox: JobOutbox
    inspection: JobInspection
    timekeeper: Timekeeper
    claims: Claims
    lanes: Lanes
    holdings: Holdings
    execution: Execution
    takeover: Takeover

    @staticmethod
    def build(needs: JobNeeds[B]) -> Jobs[B]:
        """The services, and a catalog with this room's own jobs."""
        database, announcer, clock = needs.database, needs.announcer, needs.clock
        catalog = JobCatalog(needs.settings, zone=needs.zone, lease=needs.lease)
        catalog.add(JobHousekeeping(database, clock).declared())
        holdings = Holdings(database, clock)
        lanes = Lanes(database, announcer, clock, places=needs.tenant_places)
        outbox = JobOutbox(database, catalog, lanes, announcer, clock)
        return Jobs[B](
            needs=needs,
            catalog=catalog,
            outbox=outbox,
            inspection=JobInspection(database, announcer, clock),
            timekeeper=Timekeeper(catalog, outbox, clock),
            claims=Claims(database, catalog, lanes, needs.owner),
            lanes=lanes,
            holdings=holdings,
            execution=Execution(catalog, holdings, clock),
            takeover=Takeover(database, catalog, holdings, announcer, clock),
        )

    def queues(self, wanted: Sequence[str] = ()) -> tuple[str, ...]:
        """The queues to serve: ``wanted``, or all of this edition."""
        return tuple(wanted) or served_by_default(self.needs.edition)

    @property
    def sign_of_life(self) -> float:
        """Seconds between two signs of life: a third of the shortest lease, since one or two may get lost."""
        return min(self.catalog.shortest_lease / 3, 10.0)
