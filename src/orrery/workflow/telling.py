"""Events of one node's execution: who speaks is filled in here, what is said comes from the caller.

Secrets are obfuscated in what records show of a node: its inputs, process data and errors (workflow.md 2.6). Outputs
stay as they are, since the rest of the graph and whoever waits for the run need them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, Protocol, TypeVar

import msgspec

from orrery.workflow.context import EngineContext
from orrery.workflow.events import IterationCompleted, LoopCompleted, Marks, NodeEvent
from orrery.workflow.failures import Failure
from orrery.workflow.fields import as_mapping
from orrery.workflow.pool import Pool

E = TypeVar("E", bound=NodeEvent)
Data = Mapping[str, object]


class Speaker(Protocol):
    """The execution whose event it is."""

    @property
    def execution_id(self) -> str: ...
    @property
    def node_id(self) -> str: ...
    @property
    def node_type(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def start_index(self) -> int: ...
    @property
    def started_at(self) -> float: ...
    @property
    def marks(self) -> Marks: ...


def event_of(kind: Callable[..., E], speaker: Speaker, **own: object) -> E:
    """An event of this execution; ``kind`` is its class, ``own`` are the fields that it adds to `NodeEvent`."""
    return kind(
        id=speaker.execution_id,
        node_id=speaker.node_id,
        node_type=speaker.node_type,
        title=speaker.title,
        index=speaker.start_index,
        started_at=speaker.started_at,
        marks=speaker.marks,
        **own,
    )


def tell_completed(
    kind: type[IterationCompleted | LoopCompleted],
    context: EngineContext,
    *,
    inputs: Data,
    outputs: Data,
    metadata: Data,
    steps: int,
    total_tokens: int,
    error: str | None,
) -> None:
    """Tells that a container closed: well, or with an error."""
    status: Literal["succeeded", "failed"] = "succeeded" if error is None else "failed"
    now = context.clock.time()
    context.emit(
        event_of(
            kind,
            context,
            status=status,
            inputs=shown(context.pool, inputs),
            outputs=outputs,
            metadata=metadata,
            steps=steps,
            elapsed=now - context.started_at,
            finished_at=now,
            total_tokens=total_tokens,
            error=error,
        )
    )


def shown(pool: Pool, values: Data) -> Data:
    """Values as records show them; the very same ones in a run without secrets."""
    return as_mapping(pool.masked(values)) if pool.has_secrets else values


def shown_failure(pool: Pool, failure: Failure) -> Failure:
    """A failure whose text gives no secret away."""
    if not pool.has_secrets:
        return failure
    text = str(pool.masked(failure.error))
    return failure if text == failure.error else msgspec.structs.replace(failure, error=text)
