"""Every job and schedule of this process. Filled by the wiring before anything starts; there is no global one."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from typing import cast, get_type_hints

import msgspec

from orrery.jobs.attempt import Attempt
from orrery.jobs.declaration import (
    Due,
    Handler,
    JobDeclaration,
    ScheduleDeclaration,
    job_of,
    schedule_of,
)
from orrery.jobs.due_times import Cron, DueTimes, Every
from orrery.jobs.errors import JobsConfigurationError
from orrery.jobs.lanes import Lane
from orrery.jobs.queues import KNOWN, unserved
from orrery.jobs.versions import Form, forms_of
from orrery.settings.declare import SettingValue

LEASE = 30.0
"""Seconds without a sign of life, unless the installation or a declaration says otherwise."""
_PLACE = re.compile(r"\{([A-Z0-9_]+)\}")


class BoundJob(msgspec.Struct, frozen=True):
    """A declaration with the function that does the work, for payloads of one form. Rows call it ``name``.

    ``lease`` is the declared one or else the installation's, in seconds.
    """

    declaration: JobDeclaration
    form: Form
    handler: Handler
    wants_attempt: bool
    lease: float

    @property
    def name(self) -> str:
        return self.form.name

    def lane_of(self, payload: msgspec.Struct, queue: str) -> Lane | None:
        """The lane of this job with this payload in ``queue``; None where jobs of all workspaces stand in one line."""
        field = self.declaration.tenant
        tenant = None if field is None else cast("str | None", getattr(payload, field))
        return Lane(queue, tenant) if tenant else None

    async def run(self, payload: object, attempt: Attempt) -> None:
        """Does the work. ``payload`` is plain JSON data; raises `msgspec.ValidationError` if it doesn't fit."""
        typed = self.form.read(payload)
        await (self.handler(typed, attempt) if self.wants_attempt else self.handler(typed))


class BoundSchedule(msgspec.Struct, frozen=True):
    """A schedule that is switched on."""

    job: BoundJob
    declaration: ScheduleDeclaration
    due_times: DueTimes


class JobCatalog:
    """Knows jobs by name and by the type of their payload.

    ``settings`` are the values that switches and cron expressions refer to, ``zone`` is the time zone of schedules
    that name none, ``lease`` the one of jobs that declare none. Raises `JobsConfigurationError` when something is declared wrongly.
    """

    def __init__(
        self, settings: Mapping[str, SettingValue] | None = None, *, zone: str = "UTC", lease: float = LEASE
    ) -> None:
        self._settings = settings or {}
        self._zone = zone
        self._lease = lease
        self._jobs: dict[str, BoundJob] = {}
        self._by_payload: dict[type, BoundJob] = {}
        self._schedules: list[BoundSchedule] = []

    def add(self, handlers: Iterable[Handler]) -> None:
        """Takes in declared functions or bound methods."""
        for handler in handlers:
            self._add(handler)

    def _add(self, handler: Handler) -> None:
        bound, *earlier = _bind(handler, self._lease)
        name, payload_type = bound.declaration.name, bound.form.payload_type
        if any(one.declaration.name == name for one in self._jobs.values()):
            raise JobsConfigurationError(f"two jobs are called {name}")
        schedule = schedule_of(handler)
        if payload_type is not Due:
            if schedule is not None:
                raise JobsConfigurationError(f"job {name} is scheduled: its payload must be Due")
            other = self._by_payload.setdefault(payload_type, bound)
            if other is not bound:
                raise JobsConfigurationError(
                    f"jobs {other.declaration.name} and {name} share a payload type; give each its own"
                )
        self._jobs |= {one.name: one for one in (bound, *earlier)}
        if schedule is not None and self._is_on(schedule, name):
            self._schedules.append(BoundSchedule(bound, schedule, self._due_times(schedule, name)))

    def _is_on(self, schedule: ScheduleDeclaration, name: str) -> bool:
        return schedule.switch is None or self._setting(schedule.switch, name) is True

    def _due_times(self, schedule: ScheduleDeclaration, name: str) -> DueTimes:
        if schedule.cron is None:
            assert schedule.every is not None
            return Every(schedule.every)
        expression = _PLACE.sub(lambda match: str(self._setting(match[1], name)), schedule.cron)
        return Cron(expression, schedule.zone or self._zone)

    def _setting(self, variable: str, name: str) -> SettingValue:
        if variable not in self._settings:
            raise JobsConfigurationError(f"job {name} refers to {variable}, which is not a setting")
        return self._settings[variable]

    def get(self, name: str) -> BoundJob | None:
        """The job that rows call so, if this version has it and reads that form of its payload."""
        return self._jobs.get(name)

    def of_payload(self, payload_type: type[msgspec.Struct]) -> BoundJob:
        """The job that takes this payload. Raises `JobsConfigurationError` if none does."""
        found = self._by_payload.get(payload_type)
        if found is None:
            raise JobsConfigurationError(f"no job takes a {payload_type.__name__}")
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """What rows may call the jobs of this version, in the order in which they were added."""
        return tuple(self._jobs)

    @property
    def queues(self) -> frozenset[str]:
        """The queues that jobs are declared with."""
        return frozenset(bound.declaration.queue for bound in self._jobs.values())

    @property
    def has_lanes(self) -> bool:
        """Whether any job is one of those of which a workspace may have only some at a time."""
        return any(bound.declaration.tenant is not None for bound in self._jobs.values())

    @property
    def schedules(self) -> tuple[BoundSchedule, ...]:
        """The schedules that are switched on."""
        return tuple(self._schedules)

    @property
    def shortest_lease(self) -> float:
        """Seconds; how often signs of life are given depends on it."""
        return min((bound.lease for bound in self._jobs.values()), default=self._lease)

    def require_served(self, served: Iterable[str]) -> None:
        """Raises `JobsConfigurationError` if jobs would wait for ever, because nobody serves their queue."""
        missing = unserved(self.queues, served)
        if missing:
            raise JobsConfigurationError(f"nobody serves the queues {', '.join(missing)}; add them to CELERY_QUEUES")


def _bind(handler: Handler, lease: float) -> list[BoundJob]:
    """The job with its present form, then with each earlier one."""
    declaration = job_of(handler)
    if declaration is None:
        raise JobsConfigurationError(f"{handler!r} is not declared as a job")
    if declaration.queue not in KNOWN:
        raise JobsConfigurationError(f"job {declaration.name}: there is no queue {declaration.queue}")
    if not inspect.iscoroutinefunction(handler):
        raise JobsConfigurationError(f"job {declaration.name}: not a coroutine function")
    parameters = list(inspect.signature(handler).parameters)
    hints = cast("dict[str, object]", get_type_hints(handler))
    payload_type = hints.get(parameters[0]) if parameters else None
    if not isinstance(payload_type, type) or not issubclass(payload_type, msgspec.Struct) or len(parameters) > 2:
        raise JobsConfigurationError(
            f"job {declaration.name} must take one msgspec struct, and may take the Attempt after it"
        )
    if len(parameters) == 2 and hints.get(parameters[1]) is not Attempt:
        raise JobsConfigurationError(f"job {declaration.name}: the second parameter can only be the Attempt")
    if declaration.tenant is not None and declaration.tenant not in payload_type.__struct_fields__:
        raise JobsConfigurationError(f"job {declaration.name}: its payload has no {declaration.tenant}")
    forms = forms_of(declaration.name, declaration.version, payload_type, declaration.earlier)
    own = declaration.lease or lease
    return [BoundJob(declaration, form, handler, len(parameters) == 2, own) for form in forms]
