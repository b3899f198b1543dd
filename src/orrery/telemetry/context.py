"""What is known about the work in hand, carried along with it: request, trace and caller.

Context variables flow into tasks that the work starts, and end with it.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

import msgspec

from orrery.telemetry.trace import Trace


class Identity(msgspec.Struct, frozen=True):
    """On whose behalf the work is done."""

    tenant_id: str = ""
    user_id: str = ""
    user_type: Literal["", "account", "end-user"] = ""


_trace: ContextVar[Trace | None] = ContextVar("orrery_trace", default=None)
_identity: ContextVar[Identity | None] = ContextVar("orrery_identity", default=None)


def current_trace() -> Trace | None:
    """The trace of the work in hand, if it has one."""
    return _trace.get()


def current_identity() -> Identity | None:
    """The caller of the work in hand, once known."""
    return _identity.get()


def identify(identity: Identity) -> None:
    """Tells the caller of the work in hand, from where it is authenticated on."""
    _identity.set(identity)


@contextmanager
def work(trace: Trace) -> Generator[None, None, None]:
    """Marks a piece of work: a request, a job, a run."""
    trace_token = _trace.set(trace)
    identity_token = _identity.set(None)
    try:
        yield
    finally:
        _identity.reset(identity_token)
        _trace.reset(trace_token)
