"""Building this room's parts as the settings say."""

from __future__ import annotations

import os
import secrets
import socket
from typing import TypeVar

import msgspec

from orrery.database import Database
from orrery.jobs.announcing import Announcer
from orrery.jobs.fleet.application import celery_app
from orrery.jobs.fleet.broker import broker_of
from orrery.jobs.fleet.carrier import CeleryCarrier
from orrery.jobs.parts import JobNeeds
from orrery.jobs.setting_values import setting_values
from orrery.settings.declare import Group
from orrery.settings.groups.cache import CacheSettings
from orrery.settings.groups.jobs import Jobs as JobSettings
from orrery.settings.load import Settings

A = TypeVar("A", bound=Announcer)


def open_carrier(jobs: JobSettings, cache: CacheSettings) -> CeleryCarrier:
    """The carrier to this installation's broker; no connection is made before the first message.

    Raises `JobsConfigurationError`.
    """
    return CeleryCarrier(celery_app(broker_of(jobs, cache)))


def needs_of(settings: Settings, database: Database, announcer: A) -> JobNeeds[A]:
    """What `Jobs.build` wants: schedules see all settings, cron expressions are in the zone of LOG_TZ."""
    groups = [value for value in msgspec.structs.astuple(settings) if isinstance(value, Group)]
    return JobNeeds(
        database=database,
        announcer=announcer,
        owner=process_name(),
        settings=setting_values(groups),
        zone=settings.logs.timezone,
        edition=settings.server.edition,
        tenant_places=settings.jobs.tenant_places,
        lease=settings.jobs.lease_seconds,
    )


def process_name() -> str:
    """A name for the leases of this process: machine, process number, and something that no other one has."""
    return f"{socket.gethostname()[:24]}:{os.getpid()}:{secrets.token_hex(4)}"
