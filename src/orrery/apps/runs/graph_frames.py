"""Engine events as the data of wire frames for graph apps (workflow.md 4.2; field order as in wire-observed)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import msgspec

from orrery.apps.runs.endings import OUTPUT_MODERATION
from orrery.apps.runs.file_values import Sign, files_of, with_urls
from orrery.apps.runs.pauses import shown_reasons
from orrery.apps.runs.spec import RunSpec
from orrery.apps.runs.truncation import DisplayLimits, truncated
from orrery.workflow.events import (
    AgentLog,
    Event,
    HumanInputFilled,
    HumanInputRequired,
    HumanInputTimeout,
    IterationCompleted,
    IterationNext,
    IterationStarted,
    LoopCompleted,
    LoopNext,
    LoopStarted,
    NodeFinished,
    NodeRetry,
    NodeStarted,
    ReasoningChunk,
    RunEnded,
    RunFailed,
    RunPartialSucceeded,
    RunPaused,
    RunStarted,
    RunStopped,
    RunSucceeded,
)

JsonObject = dict[str, object]
_CONTAINERS = frozenset({"iteration", "loop"})
BY_USER = "Stopped by user."
_STOPS: Mapping[str, str] = {OUTPUT_MODERATION: OUTPUT_MODERATION}
_STREAM_INDEX = 1  # the wire always says 1; the stored record has the running number


class GraphFrames:
    """Builds (event name, data) pairs. ``simple`` is the form for end users: values of nodes are left out."""

    def __init__(
        self, spec: RunSpec, sign: Sign, limits: DisplayLimits, icons: Mapping[str, object] | None = None
    ) -> None:
        self._spec = spec
        self._icons = icons or {}
        self.sign = sign
        self._limits = limits
        self._simple = spec.watched == "simple"
        self._cuts = spec.invoke_from != "service-api"

    def build(self, event: Event) -> tuple[str, JsonObject] | None:
        """None for events that the wire does not show."""
        builder = _BUILDERS.get(type(event))
        return None if builder is None else builder(self, event)

    def _shown(self, value: Mapping[str, object] | None) -> tuple[object, bool]:
        """Empty process data and outputs read as null on the wire only where the contract has nothing to show."""
        if value is None:
            return None, False
        signed = with_urls(value, self.sign)
        return truncated(signed, self._limits) if self._cuts else (signed, False)

    def started(self, event: RunStarted) -> tuple[str, JsonObject]:
        data: JsonObject = {
            "id": self._spec.run_id,
            "workflow_id": self._spec.workflow_id,
            "inputs": with_urls(dict(event.inputs), self.sign),
            "created_at": int(self._spec.created_at),
            "reason": event.reason,
        }
        return "workflow_started", data

    def finished(self, event: RunEnded) -> tuple[str, JsonObject]:
        status, error = event.status, event.error
        if isinstance(event, RunStopped):
            status, error = ("failed", error) if event.by_limit else ("stopped", _STOPS.get(error or "", BY_USER))
        outputs = cast("JsonObject", with_urls(dict(event.outputs), self.sign))
        data: JsonObject = {
            "id": self._spec.run_id,
            "workflow_id": self._spec.workflow_id,
            "status": status,
            "outputs": outputs,
            "error": error,
            "elapsed_time": event.elapsed,
            "total_tokens": event.total_tokens,
            "total_steps": event.total_steps,
            "created_by": self._spec.user.as_creator(),
            "created_at": int(self._spec.created_at),
            "finished_at": int(event.finished_at),
            "exceptions_count": event.exceptions_count,
            "files": files_of(outputs),
        }
        return "workflow_finished", data

    def paused(self, event: RunPaused) -> tuple[str, JsonObject]:
        data: JsonObject = {
            "workflow_run_id": self._spec.run_id,
            "paused_nodes": list(event.paused_nodes),
            "outputs": with_urls(dict(event.outputs), self.sign),
            "reasons": shown_reasons(event.reasons),
            "status": "paused",
            "created_at": int(self._spec.created_at),
            "elapsed_time": event.elapsed,
            "total_tokens": event.total_tokens,
            "total_steps": event.total_steps,
        }
        return "workflow_paused", data

    def _extras(self, event: NodeStarted) -> Mapping[str, object]:
        icon = self._icons.get(event.node_id)
        return event.extras if icon is None else {**event.extras, "icon": icon}

    def node_started(self, event: NodeStarted) -> tuple[str, JsonObject] | None:
        if event.node_type in _CONTAINERS:
            return None
        data: JsonObject = {
            "id": event.id,
            "node_id": event.node_id,
            "node_type": event.node_type,
            "title": event.title,
            "index": _STREAM_INDEX,
            "predecessor_node_id": None,
            "inputs": None,
            "inputs_truncated": False,
            "created_at": int(event.started_at),
            "extras": {} if self._simple else self._extras(event),
            "iteration_id": event.marks.iteration_id,
            "loop_id": event.marks.loop_id,
            "agent_strategy": event.agent_strategy,
        }
        return "node_started", self._without_flags(data)

    def node_finished(self, event: NodeFinished) -> tuple[str, JsonObject] | None:
        if event.node_type in _CONTAINERS:
            return None
        data = self._node_record(event, event.status)
        return "node_finished", data

    def node_retry(self, event: NodeRetry) -> tuple[str, JsonObject] | None:
        if event.node_type in _CONTAINERS:
            return None
        data = self._node_record(event, "retry")
        data["retry_index"] = event.retry_index
        return "node_retry", data

    def _node_record(self, event: NodeFinished | NodeRetry, status: str) -> JsonObject:
        if self._simple:
            inputs = process_data = outputs = (None, False)
        else:
            inputs, process_data = self._shown(event.inputs), self._shown(event.process_data)
            outputs = self._shown(event.outputs)
        record: JsonObject = {
            "id": event.id,
            "node_id": event.node_id,
            "node_type": event.node_type,
            "title": event.title,
            "index": _STREAM_INDEX,
            "predecessor_node_id": None,
            "inputs": inputs[0],
            "inputs_truncated": inputs[1],
            "process_data": process_data[0],
            "process_data_truncated": process_data[1],
            "outputs": outputs[0],
            "outputs_truncated": outputs[1],
            "status": status,
            "error": None if self._simple else event.error,
            "elapsed_time": event.elapsed,
            "execution_metadata": None if self._simple or not event.metadata else event.metadata,
            "created_at": int(event.started_at),
            "finished_at": int(event.finished_at),
            "files": [] if self._simple else files_of(cast("JsonObject", with_urls(dict(event.outputs), self.sign))),
            "iteration_id": event.marks.iteration_id,
            "loop_id": event.marks.loop_id,
        }
        return self._without_flags(record)

    def _without_flags(self, data: JsonObject) -> JsonObject:
        """The simple form shows no values, so it does not say either that they were cut (workflow.md 4.1)."""
        return {name: data[name] for name in data if not name.endswith("_truncated")} if self._simple else data

    def container_started(self, event: IterationStarted | LoopStarted) -> tuple[str, JsonObject]:
        inputs, cut = self._shown(event.inputs)
        data: JsonObject = {
            "id": event.node_id,
            "node_id": event.node_id,
            "node_type": event.node_type,
            "title": event.title,
            "created_at": int(event.started_at),
            "extras": {},
            "metadata": event.metadata,
            "inputs": inputs,
            "inputs_truncated": cut,
        }
        return f"{event.node_type}_started", data

    def container_next(self, event: IterationNext | LoopNext) -> tuple[str, JsonObject]:
        data: JsonObject = {
            "id": event.node_id,
            "node_id": event.node_id,
            "node_type": event.node_type,
            "title": event.title,
            "index": event.round,
            "created_at": int(event.started_at),
        }
        if isinstance(event, LoopNext):
            data["pre_loop_output"] = {}
        data["extras"] = {}
        return f"{event.node_type}_next", data

    def container_completed(self, event: IterationCompleted | LoopCompleted) -> tuple[str, JsonObject]:
        outputs, outputs_cut = self._shown(event.outputs)
        inputs, inputs_cut = self._shown(event.inputs)
        data: JsonObject = {
            "id": event.node_id,
            "node_id": event.node_id,
            "node_type": event.node_type,
            "title": event.title,
            "outputs": outputs,
            "outputs_truncated": outputs_cut,
            "created_at": int(event.started_at),
            "extras": {},
            "inputs": inputs,
            "inputs_truncated": inputs_cut,
            "status": event.status,
            "error": None,
            "elapsed_time": event.elapsed,
            "total_tokens": event.total_tokens,
            "execution_metadata": event.metadata,
            "finished_at": int(event.finished_at),
            "steps": event.steps,
        }
        return f"{event.node_type}_completed", data

    def agent_log(self, event: AgentLog) -> tuple[str, JsonObject]:
        data: JsonObject = {
            "node_execution_id": event.node_execution_id,
            "id": event.id,
            "label": event.label,
            "parent_id": event.parent_id,
            "error": event.error,
            "status": event.status,
            "data": event.data,
            "metadata": event.metadata,
            "node_id": event.node_id,
        }
        return "agent_log", data

    def reasoning(self, event: ReasoningChunk) -> tuple[str, JsonObject]:
        message = None if self._spec.turn is None else self._spec.turn.message_id
        data: JsonObject = {"message_id": message, "reasoning": event.text, "node_id": event.node_id}
        return "reasoning_chunk", {**data, "is_final": event.is_final}

    def human_input(self, event: HumanInputRequired | HumanInputFilled | HumanInputTimeout) -> tuple[str, JsonObject]:
        name = type(event).__struct_config__.tag
        data = msgspec.structs.asdict(event)
        if isinstance(data.get("expiration_time"), float):
            data["expiration_time"] = int(data["expiration_time"])
        return str(name), data


_BUILDERS: Mapping[type, Callable[..., tuple[str, JsonObject] | None]] = {
    RunStarted: GraphFrames.started,
    RunSucceeded: GraphFrames.finished,
    RunPartialSucceeded: GraphFrames.finished,
    RunFailed: GraphFrames.finished,
    RunStopped: GraphFrames.finished,
    RunPaused: GraphFrames.paused,
    NodeStarted: GraphFrames.node_started,
    NodeFinished: GraphFrames.node_finished,
    NodeRetry: GraphFrames.node_retry,
    IterationStarted: GraphFrames.container_started,
    LoopStarted: GraphFrames.container_started,
    IterationNext: GraphFrames.container_next,
    LoopNext: GraphFrames.container_next,
    IterationCompleted: GraphFrames.container_completed,
    LoopCompleted: GraphFrames.container_completed,
    AgentLog: GraphFrames.agent_log,
    ReasoningChunk: GraphFrames.reasoning,
    HumanInputRequired: GraphFrames.human_input,
    HumanInputFilled: GraphFrames.human_input,
    HumanInputTimeout: GraphFrames.human_input,
}
