"""What a run and the sub-runs of its containers share: services, limits, counters, and the order to stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from orrery.inference.types import Usage
from orrery.workflow.clock import Clock
from orrery.workflow.conversation_writes import ConversationWrite, WroteInside
from orrery.workflow.journal import Journal
from orrery.workflow.limits import RunLimits
from orrery.workflow.node import NodeServices

if TYPE_CHECKING:
    from orrery.workflow.graph_run import GraphRun


class Stop(msgspec.Struct, frozen=True):
    """Why the run must stop; ``by_limit`` when nobody asked for it."""

    reason: str
    by_limit: bool = False


class Writer(Protocol):
    """An execution that writes."""

    @property
    def node_id(self) -> str: ...
    @property
    def execution_id(self) -> str: ...


class RunScope:
    """One per run. ``on_stop`` is called once, when a stop is first asked for.

    ``steps`` and ``starts`` count node starts at every depth, ``steps`` with every attempt; ``settled`` counts what
    was journalled as finished or written. ``on_round`` is told of each container's round that asks people, before it
    runs. ``wrote`` is what an earlier process wrote inside containers, by place; ``as_begun`` as in `Resume`.
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
        self.wrote: Mapping[tuple[str, ...], WroteInside] = {}
        self.as_begun = True
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

    def earlier_inside(self, place: tuple[str, ...]) -> list[WroteInside]:
        """What an earlier process noted of the container at ``place``, in its order."""
        found = [wrote for at, wrote in self.wrote.items() if at[: len(place)] == place]
        return sorted(found, key=lambda wrote: wrote.order)

    def wrote_within(self, place: tuple[str, ...]) -> list[ConversationWrite]:
        """What an earlier process did to the conversation inside the container at ``place``."""
        return [write for wrote in self.earlier_inside(place) for write in wrote.writes]

    def write_once(
        self, who: Writer, place: tuple[str, ...], writes: Sequence[ConversationWrite], *, note: bool
    ) -> Sequence[ConversationWrite]:
        """What a node inside a container did to the conversation; not to be stored if an earlier process stored it.

        ``note``: nothing else is journalled of the node.
        """
        if place in self.wrote:
            return [msgspec.structs.replace(write, kept=False) for write in writes]
        if note and self.journal is not None:
            self.settled += 1
            self.journal.record(WroteInside(who.node_id, who.execution_id, place, writes, self.settled))
        return writes

    async def watch_time(self) -> None:
        """Asks to stop when the run's time is over."""
        await self.clock.sleep(max(self.limits.max_seconds - self.elapsed(), 0.0))
        self.ask_stop(Stop(overtime(self.elapsed(), self.limits), by_limit=True))

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
