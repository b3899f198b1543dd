"""How a job and a schedule are declared: data on the function that does the work.

Rooms decorate methods of a class whose constructor takes what the work needs, and hand the bound methods to the
catalog. Nothing is collected at import.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Literal, TypeAlias, TypeVar, cast

import msgspec

from orrery.jobs.errors import JobsConfigurationError
from orrery.jobs.versions import Earlier

Handler: TypeAlias = Callable[..., Coroutine[object, object, None]]
F = TypeVar("F", bound=Handler)

Missed = Literal["latest", "each"]
"""What happens to due times that passed while nobody looked: only the last one fires, or each one does."""


class JobDeclaration(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of job.

    ``retries``: how often a failed attempt is followed by another. ``retry_delay``: seconds before the first retry,
    doubled with each further one. ``timeout``: seconds that one attempt may take, None for no limit. ``lease``:
    seconds without a sign of life after which another process takes the job over, None for the installation's.
    ``tenant`` names the payload's field with the workspace, where one workspace's jobs must not delay those of others
    (`orrery.jobs.lanes`). ``version`` is that of the payload's form, and ``earlier`` reads the forms before it
    (`orrery.jobs.versions`).
    """

    name: str
    queue: str
    retries: int = 3
    retry_delay: float = 5.0
    timeout: float | None = 3600.0
    lease: float | None = None
    tenant: str | None = None
    version: int = 1
    earlier: Earlier = {}


class ScheduleDeclaration(msgspec.Struct, frozen=True, kw_only=True):
    """When a job is due: ``cron`` (five fields, or a word like ``@daily``) or ``every`` so many seconds.

    ``{NAME}`` in ``cron`` stands for the value of that setting. ``switch`` names the boolean setting without which
    the schedule does not exist. ``zone`` is the time zone of ``cron``, None for the installation's. ``grace``: seconds
    for which a missed due time is made up for.
    """

    cron: str | None = None
    every: float | None = None
    switch: str | None = None
    zone: str | None = None
    grace: float = 3600.0
    missed: Missed = "latest"


class Due(msgspec.Struct, frozen=True):
    """The payload of every scheduled job: the time at which it was due."""

    due_at: datetime


def job(
    name: str,
    *,
    queue: str,
    retries: int = 3,
    retry_delay: float = 5.0,
    timeout: float | None = 3600.0,
    lease: float | None = None,
    tenant: str | None = None,
    version: int = 1,
    earlier: Earlier | None = None,
) -> Callable[[F], F]:
    """Declares the decorated coroutine function as the job ``name``; see `JobDeclaration` for the rest.

    It takes its payload (a msgspec struct of its own), and, if it wants to, the `Attempt`. It may be run more than
    once for one enqueued job (a process can die after the work and before the mark), so it must be repeatable.
    """
    if (lease is not None and lease <= 0) or retries < 0 or retry_delay < 0 or (timeout is not None and timeout <= 0):
        raise JobsConfigurationError(f"job {name}: lease and timeout must be above 0, retries and delay at least 0")
    declaration = JobDeclaration(
        name=name, queue=queue, retries=retries, retry_delay=retry_delay, timeout=timeout, lease=lease,
        tenant=tenant, version=version, earlier=earlier or {},
    )  # fmt: skip

    def declare(handler: F) -> F:
        handler.__job__ = declaration  # type: ignore[attr-defined]  # functions take attributes
        return handler

    return declare


def scheduled(
    *,
    cron: str | None = None,
    every: float | None = None,
    switch: str | None = None,
    zone: str | None = None,
    grace: float = 3600.0,
    missed: Missed = "latest",
) -> Callable[[F], F]:
    """Declares when the decorated job is due; its payload is `Due`. See `ScheduleDeclaration`."""
    if (cron is None) == (every is None):
        raise JobsConfigurationError("a schedule has either cron or every")
    if every is not None and every <= 0:
        raise JobsConfigurationError("every must be above 0 seconds")
    declaration = ScheduleDeclaration(cron=cron, every=every, switch=switch, zone=zone, grace=grace, missed=missed)

    def declare(handler: F) -> F:
        handler.__schedule__ = declaration  # type: ignore[attr-defined]  # functions take attributes
        return handler

    return declare


def job_of(handler: Handler) -> JobDeclaration | None:
    """What `job` said of this function or bound method."""
    return cast("JobDeclaration | None", getattr(handler, "__job__", None))


def schedule_of(handler: Handler) -> ScheduleDeclaration | None:
    """What `scheduled` said of this function or bound method."""
    return cast("ScheduleDeclaration | None", getattr(handler, "__schedule__", None))
