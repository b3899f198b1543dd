"""What a run tells while it runs: everything that the wire frames of workflow.md 4.2 need, and the records of 7.2.

Times are wall-clock seconds since the epoch, durations are seconds. Events of nodes inside a container carry the
container's marks. They are made by the engine alone and never changed afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from orrery.inference.types import Usage
from orrery.workflow.conversation_writes import ConversationWrite

NodeStatus: TypeAlias = Literal["succeeded", "failed", "exception"]
RunStatus: TypeAlias = Literal["succeeded", "partial-succeeded", "failed", "stopped", "paused"]


class Marks(msgspec.Struct, frozen=True):
    """Which round of which container an inner node belongs to; all None in the outer run."""

    iteration_id: str | None = None
    iteration_index: int | None = None
    loop_id: str | None = None
    loop_index: int | None = None


OUTSIDE = Marks()


class RunStarted(msgspec.Struct, tag="graph_run_started"):
    """The run begins; ``inputs`` are the user inputs plus ``sys.*``, without conversation id and time."""

    started_at: float
    inputs: Mapping[str, object] = {}
    reason: Literal["initial", "resumption"] = "initial"


class RunEnded(msgspec.Struct, kw_only=True):
    """What all ends of a run tell; one of the subclasses is always a run's last event."""

    status: RunStatus
    outputs: Mapping[str, object]
    error: str | None
    exceptions_count: int
    total_tokens: int
    total_steps: int
    elapsed: float
    started_at: float
    finished_at: float
    usage: Usage


class RunSucceeded(RunEnded, tag="graph_run_succeeded"):
    """Every node was fine."""


class RunPartialSucceeded(RunEnded, tag="graph_run_partial_succeeded"):
    """At least one failure was absorbed by a strategy or a retry."""


class RunFailed(RunEnded, tag="graph_run_failed"):
    """A node failed and nothing absorbed it."""


class RunStopped(RunEnded, tag="graph_run_aborted"):
    """Stopped from outside, or by a limit (``by_limit``: streams then show it as failed, workflow.md 2.8)."""

    by_limit: bool = False


class RunPaused(RunEnded, tag="graph_run_paused"):
    """Waits for something outside; ``reasons`` as `NodePause` gave them."""

    paused_nodes: Sequence[str] = ()
    reasons: Sequence[Mapping[str, object]] = ()


class NodeEvent(msgspec.Struct, kw_only=True):
    """Whose event it is. ``id`` is the node execution's id, ``index`` the running number of the start (from 1)."""

    id: str
    node_id: str
    node_type: str
    title: str
    index: int
    started_at: float
    predecessor_node_id: str | None = None
    marks: Marks = OUTSIDE


class NodeStarted(NodeEvent, tag="node_started"):
    """First attempt begins. ``extras`` may hold an icon."""

    extras: Mapping[str, object] = {}
    agent_strategy: Mapping[str, object] | None = None


class NodeRetry(NodeEvent, tag="node_retry"):
    """An attempt failed and another one follows; ``retry_index`` counts from 1."""

    retry_index: int
    error: str
    error_type: str
    elapsed: float
    finished_at: float
    inputs: Mapping[str, object] = {}
    process_data: Mapping[str, object] = {}
    outputs: Mapping[str, object] = {}
    metadata: Mapping[str, object] = {}


class NodeFinished(NodeEvent, tag="node_finished"):
    """The node's last word. ``exception`` means that an error strategy absorbed ``error``."""

    status: NodeStatus
    inputs: Mapping[str, object]
    process_data: Mapping[str, object]
    outputs: Mapping[str, object]
    error: str | None
    error_type: str
    metadata: Mapping[str, object]
    elapsed: float
    finished_at: float
    usage: Usage | None = None
    conversation_writes: Sequence[ConversationWrite] = ()


class NodePaused(NodeEvent, tag="node_paused"):
    """The node asks to wait; it runs again from its start when the run resumes."""

    reason: Mapping[str, object]


class TextChunk(msgspec.Struct, tag="stream_chunk"):
    """A piece of the answer, released in reading order; ``id`` is the execution it is ascribed to."""

    id: str
    node_id: str
    node_type: str
    selector: Sequence[str]
    text: str
    is_final: bool
    marks: Marks = OUTSIDE


class ReasoningChunk(msgspec.Struct, tag="reasoning_chunk"):
    """A piece of what a model thinks beside its answer; ``is_final`` ends a phase of thinking, its text may be empty."""

    id: str
    node_id: str
    text: str
    is_final: bool
    marks: Marks = OUTSIDE


class IterationStarted(NodeEvent, tag="iteration_started"):
    """An iteration with at least one item opens; metadata holds ``iteration_length``."""

    inputs: Mapping[str, object]
    metadata: Mapping[str, object]


class IterationNext(NodeEvent, tag="iteration_next"):
    """Item ``round`` (from 0) begins."""

    round: int


class IterationCompleted(NodeEvent, tag="iteration_completed"):
    """The iteration closes, well or not."""

    status: Literal["succeeded", "failed"]
    inputs: Mapping[str, object]
    outputs: Mapping[str, object]
    metadata: Mapping[str, object]
    steps: int
    elapsed: float
    finished_at: float
    total_tokens: int
    error: str | None = None


class LoopStarted(NodeEvent, tag="loop_started"):
    """A loop opens; metadata holds ``loop_length``."""

    inputs: Mapping[str, object]
    metadata: Mapping[str, object]


class LoopNext(NodeEvent, tag="loop_next"):
    """``round`` rounds are done and none of them broke the loop."""

    round: int


class LoopCompleted(NodeEvent, tag="loop_completed"):
    """The loop closes, well or not; ``steps`` is the configured count, 0 when broken before round 1."""

    status: Literal["succeeded", "failed"]
    inputs: Mapping[str, object]
    outputs: Mapping[str, object]
    metadata: Mapping[str, object]
    steps: int
    elapsed: float
    finished_at: float
    total_tokens: int
    error: str | None = None


class AgentLog(msgspec.Struct, tag="agent_log", kw_only=True):
    """One step of an agent; the same ``id`` is sent again when it changes."""

    id: str
    node_execution_id: str
    node_id: str
    label: str
    status: Literal["start", "success", "error"]
    parent_id: str | None = None
    error: str | None = None
    data: Mapping[str, object] = {}
    metadata: Mapping[str, object] = {}
    marks: Marks = OUTSIDE


class AgentThought(msgspec.Struct, tag="agent_thought", kw_only=True):
    """One round of a basic app's agent, for its ``agent_thought`` frames; the same ``id`` is sent again as it grows.

    ``stage`` is ``started`` (empty), ``decided`` (thought, tool, input) or ``observed`` (observation, files).
    """

    id: str
    node_execution_id: str
    node_id: str
    position: int
    stage: Literal["started", "decided", "observed"]
    thought: str = ""
    observation: str = ""
    tool: str = ""
    tool_labels: Mapping[str, Mapping[str, str]] = {}
    tool_input: str = ""
    files: Sequence[Mapping[str, object]] = ()
    usage: Usage = Usage()


class RetrieverResources(msgspec.Struct, tag="retriever_resources"):
    """Sources that a node used, for the message's citations."""

    node_id: str
    resources: Sequence[Mapping[str, object]]


class HumanInputRequired(msgspec.Struct, tag="human_input_required", kw_only=True):
    """A form waits for a person (workflow.md 4.2)."""

    node_id: str
    node_title: str
    form_id: str
    form_content: str
    inputs: Sequence[Mapping[str, object]] = ()
    actions: Sequence[Mapping[str, object]] = ()
    display_in_ui: bool = True
    form_token: str | None = None
    resolved_default_values: Mapping[str, object] = {}
    expiration_time: float | None = None


class HumanInputFilled(msgspec.Struct, tag="human_input_form_filled", kw_only=True):
    """A person answered."""

    node_id: str
    node_title: str
    rendered_content: str
    action_id: str
    action_text: str
    submitted_data: Mapping[str, object] = {}


class HumanInputTimeout(msgspec.Struct, tag="human_input_form_timeout", kw_only=True):
    """Nobody answered in time."""

    node_id: str
    node_title: str
    expiration_time: float


End: TypeAlias = RunSucceeded | RunPartialSucceeded | RunFailed | RunStopped | RunPaused
Event: TypeAlias = (
    RunStarted
    | End
    | NodeStarted
    | NodeRetry
    | NodeFinished
    | NodePaused
    | TextChunk
    | ReasoningChunk
    | IterationStarted
    | IterationNext
    | IterationCompleted
    | LoopStarted
    | LoopNext
    | LoopCompleted
    | AgentLog
    | AgentThought
    | RetrieverResources
    | HumanInputRequired
    | HumanInputFilled
    | HumanInputTimeout
)
