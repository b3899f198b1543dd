"""What is told of finished requests, and the spans that traces are made of."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

import msgspec

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus' text format."""

Attributes: TypeAlias = Mapping[str, str | int | float | bool]


class RequestSeen(msgspec.Struct, frozen=True):
    """A finished request. ``route`` is the declared path ("" where no route fits), ``path`` what was asked for."""

    method: str
    route: str
    path: str
    status: int
    seconds: float
    trace_id: str


class RequestObserver(Protocol):
    """Hears of each finished request."""

    def request(self, seen: RequestSeen) -> None:
        """Returns at once and never raises."""
        ...


class Span(Protocol):
    """A piece of work in a trace."""

    @property
    def traceparent(self) -> str:
        """The header under which others go on with the trace (W3C Trace Context)."""
        ...

    def set(self, attributes: Attributes) -> None: ...
    def add(
        self, name: str, attributes: Attributes, *, started_at: float, finished_at: float, error: str | None
    ) -> None:
        """A finished part of this work; times are seconds since 1970."""
        ...

    def end(self, error: str | None = None) -> None: ...


class Tracer(Protocol):
    """Where spans come from."""

    def serving(self, method: str, headers: Mapping[str, str]) -> AbstractContextManager[Span]:
        """The span of a request, which goes on with the caller's trace and ends with the block."""
        ...

    def begin(self, name: str, attributes: Attributes) -> Span:
        """A part of the work in hand; whoever begins it ends it."""
        ...
