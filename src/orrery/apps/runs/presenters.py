"""What watchers of each kind of app are shown: engine events in, JSON texts of wire frames out (workflow.md 4)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Protocol, cast

import msgspec

from orrery.apps.runs.answer_files import ShownFiles
from orrery.apps.runs.file_values import Sign
from orrery.apps.runs.graph_frames import GraphFrames
from orrery.apps.runs.spec import RunSpec, Turn
from orrery.apps.runs.thoughts import file_ids
from orrery.inference.types import Usage
from orrery.workflow.events import (
    AgentThought,
    Event,
    NodeFinished,
    RetrieverResources,
    RunEnded,
    RunFailed,
    RunStopped,
    TextChunk,
)

_encode = msgspec.json.Encoder(enc_hook=str, decimal_format="string").encode
_MODERATED = "output_moderation"
_SUMMARY_FIELDS = ("segment_id", "position", "document_name", "score", "content", "summary")


class ErrorFrame(msgspec.Struct, frozen=True):
    """What an ``error`` frame says (workflow.md 4.2)."""

    code: str
    message: str
    status: int = 400


class Presenter(Protocol):
    """Collects what a run shows. ``answer`` is the text released so far, ``end_metadata`` the message's metadata."""

    answer: list[str]

    def frames(self, event: Event) -> list[str]:
        """The frames of one event, as JSON texts."""
        ...

    def error(self, error: ErrorFrame) -> str: ...
    def audio(self, name: str, audio: str) -> str:
        """A piece of the spoken answer, base64; ``name`` is the event's."""
        ...


class WorkflowPresenter:
    """Frames of workflow apps: ``event, workflow_run_id, task_id, data``."""

    def __init__(self, spec: RunSpec, graph: GraphFrames) -> None:
        self._spec = spec
        self._graph = graph
        self.answer: list[str] = []

    def frames(self, event: Event) -> list[str]:
        spec = self._spec
        if isinstance(event, TextChunk):
            self.answer.append(event.text)
            if spec.watched is None:
                return []
            data = {"text": event.text, "from_variable_selector": event.selector}
            return [self._frame("text_chunk", data)]
        if spec.watched is None:
            return []
        built = self._graph.build(event)
        return [] if built is None else [self._frame(*built)]

    def _frame(self, name: str, data: Mapping[str, object]) -> str:
        spec = self._spec
        frame = {"event": name, "workflow_run_id": spec.run_id, "task_id": spec.task_id, "data": data}
        return _encode(frame).decode()

    def audio(self, name: str, audio: str) -> str:
        frame = {"event": name, "workflow_run_id": self._spec.run_id, "task_id": self._spec.task_id, "audio": audio}
        return _encode({**frame, "created_at": int(time.time())}).decode()

    def error(self, error: ErrorFrame) -> str:
        return _encode(
            {
                "event": "error",
                "workflow_run_id": self._spec.run_id,
                "code": error.code,
                "status": error.status,
                "message": error.message,
            }
        ).decode()


class ChatPresenter:
    """Frames of chatflows and of chat and completion apps.

    Chatflows show their graph's events and end with ``message_end``; apps without a graph of their own show text only.
    """

    def __init__(self, spec: RunSpec, graph: GraphFrames | None) -> None:
        assert spec.turn is not None
        self._spec = spec
        self._turn: Turn = spec.turn
        self._graph = graph
        self._resources: list[Mapping[str, object]] = []
        self._shown_files = ShownFiles()
        self.answer: list[str] = []

    @property
    def files(self) -> list[Mapping[str, object]]:
        """The files of the answer, with fresh addresses; apps without a graph of their own have none."""
        return [] if self._graph is None else self._shown_files.signed(self._graph.sign)

    def frames(self, event: Event) -> list[str]:
        if isinstance(event, TextChunk):
            self.answer.append(event.text)
            if self._spec.watched is None or (self._graph is None and not event.text):
                return []
            return self._text_frames(event)
        if isinstance(event, RetrieverResources):
            self._cite(event.resources)
            return []
        if isinstance(event, NodeFinished):
            self._shown_files.add(event)
        if self._spec.watched is None:
            return []
        return self._graph_frames(event) + (self._end(event) if isinstance(event, RunEnded) else [])

    def _text_frames(self, event: TextChunk) -> list[str]:
        return [self._text_frame(event.text, event.selector if self._graph is not None else None)]

    def _text_frame(self, text: str, selector: Sequence[str] | None) -> str:
        return self._frame("message", id=self._turn.message_id, answer=text, from_variable_selector=selector)

    def _graph_frames(self, event: Event) -> list[str]:
        built = None if self._graph is None else self._graph.build(event)
        if built is None:
            return []
        name, data = built
        return [self._frame(name, workflow_run_id=self._spec.run_id, data=data)]

    def _end(self, event: RunEnded) -> list[str]:
        if event.status == "paused":
            return []
        if isinstance(event, RunFailed) or (isinstance(event, RunStopped) and event.by_limit):
            return [self.error(error_of(self._spec, event.error))]
        return [self._message_end(event.usage)]

    def _message_end(self, usage: Usage) -> str:
        metadata = self.metadata(usage)
        if self._spec.watched == "simple":
            metadata = _simple_metadata(metadata)
        files = None if self._graph is None else self.files
        return self._frame("message_end", id=self._turn.message_id, metadata=metadata, files=files)

    def settled(self, answer: str) -> list[str]:
        """The frames of a turn that a fixed text answers: of a basic app one for each character (workflow.md 1.7)."""
        self.answer[:] = [answer]
        if self._spec.watched is None:
            return []
        pieces = [answer] if self._graph is not None else list(answer)
        return [*[self._text_frame(piece, None) for piece in pieces], self._message_end(Usage())]

    def replaced(self, answer: str) -> list[str]:
        """The frame that takes all text back which was shown so far."""
        self.answer[:] = [answer]
        return [] if self._spec.watched is None else [self._frame("message_replace", answer=answer, reason=_MODERATED)]

    def recall(self, event: NodeFinished, resources: Sequence[Mapping[str, object]]) -> None:
        """Takes in what a node did in an earlier part of the run: its files, and the sources that it used."""
        self._shown_files.add(event)
        self._cite(resources)

    def metadata(self, usage: Usage) -> dict[str, object]:
        """The message's metadata (workflow.md 4.2, ``message_end``)."""
        return {"annotation_reply": None, "retriever_resources": self._resources, "usage": usage.as_wire()}

    def _cite(self, resources: Sequence[Mapping[str, object]]) -> None:
        seen = {(r.get("dataset_id"), r.get("document_id")) for r in self._resources}
        for resource in resources:
            source = (resource.get("dataset_id"), resource.get("document_id"))
            if source not in seen:
                seen.add(source)
                self._resources.append({**resource, "position": len(self._resources) + 1})

    def _envelope(self, name: str) -> dict[str, object]:
        envelope: dict[str, object] = {"event": name}
        if self._spec.app_mode != "completion":
            envelope["conversation_id"] = self._turn.conversation_id
        envelope["message_id"] = self._turn.message_id
        envelope["created_at"] = self._turn.created_at
        return envelope

    def _frame(self, name: str, **own: object) -> str:
        return _encode({**self._envelope(name), "task_id": self._spec.task_id, **own}).decode()

    def audio(self, name: str, audio: str) -> str:
        return self._frame(name, audio=audio)

    def error(self, error: ErrorFrame) -> str:
        own = {"code": error.code, "status": error.status, "message": error.message}
        return _encode({**self._envelope("error"), **own}).decode()


class AgentPresenter(ChatPresenter):
    """Frames of agent apps: text as ``agent_message``, each round as ``agent_thought`` after the files that it made."""

    def __init__(self, spec: RunSpec, sign: Sign) -> None:
        super().__init__(spec, None)
        self._sign = sign

    def frames(self, event: Event) -> list[str]:
        if not isinstance(event, AgentThought):
            return super().frames(event)
        if self._spec.watched is None:
            return []
        ids = file_ids(event) if event.stage == "observed" else []
        shown = [self._file_frame(file_id, file) for file_id, file in zip(ids, event.files, strict=False)]
        return [*shown, self._thought_frame(event, ids)]

    def _text_frame(self, text: str, selector: Sequence[str] | None) -> str:
        return self._frame("agent_message", id=self._turn.message_id, answer=text)

    def _file_frame(self, file_id: str, file: Mapping[str, object]) -> str:
        url = self._sign(file)
        return self._frame("message_file", id=file_id, type=file.get("type"), belongs_to="assistant", url=url)

    def _thought_frame(self, event: AgentThought, files: list[str]) -> str:
        return self._frame(
            "agent_thought",
            id=event.id,
            position=event.position,
            thought=event.thought,
            observation=event.observation,
            tool=event.tool,
            tool_labels=event.tool_labels,
            tool_input=event.tool_input,
            message_files=files,
        )


def error_of(spec: RunSpec, error: str | None) -> ErrorFrame:
    """The error frame of a failed run. Chatflows name the run; basic apps pass the model's word on."""
    text = error or "The run failed."
    if spec.kind == "basic":
        return ErrorFrame("completion_request_error", text)
    return ErrorFrame("invalid_param", f"Run failed: {text}")


def _simple_metadata(metadata: Mapping[str, object]) -> dict[str, object]:
    resources = cast("list[Mapping[str, object]]", metadata["retriever_resources"])
    return {
        "retriever_resources": [
            {field: resource[field] for field in _SUMMARY_FIELDS if field in resource} for resource in resources
        ]
    }


def presenter_for(spec: RunSpec, graph: GraphFrames, shown: str = "") -> WorkflowPresenter | ChatPresenter:
    """The presenter of a run's kind. ``shown`` is text that watchers hold already."""
    if spec.kind == "workflow":
        presenter = WorkflowPresenter(spec, graph)
    elif spec.app_mode == "agent-chat":
        presenter = AgentPresenter(spec, graph.sign)
    else:
        presenter = ChatPresenter(spec, graph if spec.kind == "chat" else None)
    if shown:
        presenter.answer.append(shown)
    return presenter
