"""What a run and the sub-runs of its containers share: services, limits, counters, and the order to stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from orrery.inference.types import Usage
from orrery.workflow.clock import Clock
from orrery.workflow.journal import Journal
from orrery.workflow.limits import RunLimits
from orrery.workflow.node import NodeServices

if TYPE_CHECKING:
    from orrery.workflow.graph_run import GraphRun


class Stop(msgspec.Struct, frozen=True):
    """Why the run must stop; ``by_limit`` when nobody asked for it."""

    reason: str
    by_limit: bool = False


class RunScope:
    """One per run. ``on_stop`` is called once, when a stop is first asked for.

    ``steps`` and ``starts`` count node starts at every depth, ``steps`` with every attempt; ``settled`` counts what
    was journalled as finished. ``on_round`` is told of each container's round that asks people, before it runs.
    """

    def __init__(
        self,
        services: NodeServices,
        *,
        limits: RunLimits,
        clock: Clock,
        new_id: Callable[[], str],
        journal: Journal | None,
    ) -> None:
        self.services, self.limits, self.clock, self.new_id, self.journal = services, limits, clock, new_id, journal
        self.began = clock.monotonic()
        self.steps = 0
        self.starts = 0
        self.settled = 0
        self.usage = Usage()
        self.stop: Stop | None = None
        self.pausing = False
        self.pause_reasons: list[Mapping[str, object]] = []
        self.on_stop: Callable[[], None] | None = None
        self.on_round: Callable[[GraphRun, str], None] | None = None

    def ask_stop(self, stop: Stop) -> None:
        """The first reason counts."""
        if self.stop is None:
            self.stop = stop
            if self.on_stop is not None:
                self.on_stop()

    def elapsed(self) -> float:
        """Seconds since the run began, earlier parts of a resumed run included."""
        return self.clock.monotonic() - self.began

    def check_limits(self) -> None:
        """Asks to stop when the run made too many steps or took too long."""
        if self.steps > self.limits.max_steps:
            text = f"Maximum execution steps exceeded: {self.steps} > {self.limits.max_steps}"
            self.ask_stop(Stop(text, by_limit=True))
        elif (elapsed := self.elapsed()) > self.limits.max_seconds:
            self.ask_stop(Stop(overtime(elapsed, self.limits), by_limit=True))

    def pause_for(self, reasons: Sequence[Mapping[str, object]]) -> None:
        """No further node starts; what runs may finish."""
        self.pausing = True
        self.pause_reasons.extend(reasons)


def overtime(elapsed: float, limits: RunLimits) -> str:
    """The reason of a run that took too long."""
    return f"Maximum execution time exceeded: {elapsed:.2f}s > {limits.max_seconds}s"
