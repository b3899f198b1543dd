"""The Celery application, and what of it this room uses.

Celery has no types of its own: the protocols here say what is relied on, and nothing else touches it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, cast

from orrery.jobs.errors import JobsConfigurationError
from orrery.jobs.fleet.broker import Broker

JOB_TASK = "orrery.job"
"""Brings one job: (name, payload, id)."""
WAKE_TASK = "orrery.wake"
"""Makes a worker look at the schedules; they are guarded by the table, so waking twice is harmless."""
WAKE_QUEUE = "schedule_poller"
_WAKE_SECONDS = 60.0


class DeclaredQueue(Protocol):
    """What a broker says of a queue."""

    @property
    def message_count(self) -> int: ...


class Channel(Protocol):
    def queue_declare(self, queue: str, *, passive: bool) -> DeclaredQueue: ...
    def queue_purge(self, queue: str) -> object: ...


class Connection(Protocol):
    @property
    def default_channel(self) -> Channel: ...


class CeleryWorker(Protocol):
    """A worker of this process; `start` returns when it was told to stop."""

    exitcode: int | None

    def start(self) -> None: ...
    def stop(self) -> None: ...


class Configuration(Protocol):
    """Celery's settings by name."""

    def update(self, values: Mapping[str, object], /) -> None: ...
    def __getitem__(self, name: str) -> object: ...


class CeleryApp(Protocol):
    """Celery, as far as it is used."""

    @property
    def conf(self) -> Configuration: ...

    def send_task(
        self,
        name: str,
        args: Sequence[object],
        *,
        queue: str,
        task_id: str | None = None,
        ignore_result: bool = True,
        shadow: str | None = None,
        argsrepr: str | None = None,
    ) -> object: ...
    def task(
        self,
        *,
        name: str,
        throws: tuple[type[Exception], ...] = (),
        Request: object = ...,  # noqa: N803  (as above)
    ) -> Callable[[Callable[..., None]], object]: ...
    def connection_for_read(self) -> AbstractContextManager[Connection]: ...
    def Worker(self, **options: object) -> CeleryWorker: ...  # noqa: N802  (Celery's name)
    def close(self) -> None: ...


def celery_app(broker: Broker, *, prefetch: int = 1, zone: str = "UTC") -> CeleryApp:
    """An application for this broker; connects to nothing. Raises `JobsConfigurationError` without the extra."""
    try:
        from celery import Celery  # Optional: an extra, and its import costs 200 ms.
    except ModuleNotFoundError as error:
        raise JobsConfigurationError(
            "ORRERY_JOBS is celery, but Celery is not installed. "
            "Install it with: pip install 'orrery[celery]', or set ORRERY_JOBS=process."
        ) from error
    app = cast("CeleryApp", Celery("orrery", broker=broker.url, set_as_current=False))
    app.conf.update(_configuration(broker, prefetch, zone))
    return app


def _configuration(broker: Broker, prefetch: int, zone: str) -> dict[str, object]:
    return {
        "broker_transport_options": broker.transport_options,
        "broker_use_ssl": broker.tls,
        "broker_connection_retry_on_startup": True,
        "result_backend": None,
        "task_ignore_result": True,
        # A message stays with the broker until its job ended. What a worker's death leaves is brought again by the
        # broker, and sooner by whoever sees the lease in the table run out.
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "worker_prefetch_multiplier": prefetch,
        "worker_hijack_root_logger": False,
        # Nobody listens as a rule: Flower and other monitors switch the events on for as long as a worker lives.
        "worker_send_task_events": False,
        "timezone": zone,
        "beat_schedule": {
            "orrery-wake": {"task": WAKE_TASK, "schedule": _WAKE_SECONDS, "options": {"queue": WAKE_QUEUE}}
        },
    }
