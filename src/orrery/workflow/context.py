"""What the engine's own nodes may use beyond `NodeContext`: the pool, limits, events, sub-runs of containers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from orrery.inference.types import Usage
from orrery.workflow.clock import Clock
from orrery.workflow.conversation_writes import ConversationWrite
from orrery.workflow.events import Event, Marks
from orrery.workflow.limits import RunLimits
from orrery.workflow.node import NodeContext
from orrery.workflow.pool import Pool

Emit: TypeAlias = Callable[[Event], None]


class SubRunFailed(Exception):
    """A container's sub-run ended with a node's unhandled failure; the text is that node's error."""

    def __init__(self, error: str, error_type: str) -> None:
        self.error, self.error_type = error, error_type
        super().__init__(error)


class SubRun(Protocol):
    """One round of a container. ``outputs`` are what response nodes inside gave, ``writes`` what nodes at any depth
    did to the conversation; all grow while it runs.
    """

    @property
    def outputs(self) -> Mapping[str, object]: ...
    @property
    def usage(self) -> Usage: ...
    @property
    def writes(self) -> Sequence[ConversationWrite]: ...
    def finished(self, node_type: str) -> bool:
        """Whether a node of this type was done."""
        ...

    async def execute(self) -> None:
        """Raises `SubRunFailed`."""
        ...


class EngineContext(NodeContext, Protocol):
    """The context of one execution, as the engine's own nodes see it."""

    @property
    def execution_id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def node_type(self) -> str: ...
    @property
    def start_index(self) -> int:
        """Running number of this node's start in the run, from 1."""
        ...

    @property
    def started_at(self) -> float: ...
    @property
    def marks(self) -> Marks: ...
    @property
    def pool(self) -> Pool: ...
    @property
    def limits(self) -> RunLimits: ...
    @property
    def clock(self) -> Clock: ...
    def emit(self, event: Event) -> None: ...
    def merge_outputs(self, outputs: Mapping[str, object]) -> None:
        """Adds a sub-run's outputs to the run's: ``answer`` is appended, the rest replaces."""
        ...

    def sub_run(self, start_node_id: str, pool: Pool, marks: Marks, emit: Emit | None = None) -> SubRun:
        """A run of the container's part of the graph; ``emit`` takes its events instead of the run's own."""
        ...

    def note_writes(self, writes: Sequence[ConversationWrite]) -> None:
        """Takes what a round did to the conversation as the container's own."""
        ...

    def clear_children(self) -> None:
        """Forgets the outputs of the container's inner nodes."""
        ...
