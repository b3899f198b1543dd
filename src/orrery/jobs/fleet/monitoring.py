"""What Flower and other monitors of Celery see: each job by its own name, with its state, queue, worker and runtime.

Workers tell of their tasks only after a monitor asked for it (``enable_events``), which Flower does by itself.
"""

from __future__ import annotations

from typing import Protocol, cast

from orrery.jobs.fleet.service import Carried


class JobFailed(Exception):
    """An attempt failed. The jobs' own log and table have told it; this is for Celery's states alone."""


class _Request(Protocol):
    """A message that a worker took, as far as it is used."""

    @property
    def delivery_info(self) -> dict[str, object]: ...
    def send_event(self, kind: str, **fields: object) -> None: ...


def tell_celery(carried: Carried) -> None:
    """Returns when a job is done; otherwise raises what Celery calls its end."""
    # Lazy: Celery is an extra.
    from celery.exceptions import Ignore, Reject, Retry

    error = JobFailed(carried.error or "put back into the queue")
    if carried.end == "stopping":
        raise Reject("this worker is stopping", requeue=True)
    if carried.end == "nothing":
        raise Ignore
    if carried.end == "failed":
        raise error
    if carried.end == "waiting":
        raise Retry(exc=error)


def request_with_queue() -> object:
    """A class of requests that tell, when their job begins, from which queue it came.

    Celery tells that where messages are sent: each one would cost a second message, whether anybody listens or not.
    """
    from celery.worker.request import Request  # Lazy, as above.

    plain = cast("type[_Request]", Request)

    def send_event(self: _Request, kind: str, **fields: object) -> None:
        if kind == "task-started":
            info = self.delivery_info
            # A default exchange has no name, and a queue's name is its key.
            fields |= {name: info.get(name) for name in ("exchange", "routing_key")}
            fields["queue"] = info.get("routing_key")
        plain.send_event(self, kind, **fields)

    return type("RequestWithQueue", (plain,), {"send_event": send_event})
