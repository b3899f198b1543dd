"""What a run is told when it starts: everything that another process would need to go on with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from orrery.apps.runs.form import FORM

TriggerKind = Literal["webhook", "schedule", "plugin"]
"""What set a run off that nobody started by hand; also ``triggered_from`` of its record."""
InvokeFrom = Literal["service-api", "web-app", "explore", "debugger", "trigger"]
RunKind = Literal["workflow", "chat", "basic"]
"""A workflow app, a chatflow, or an app without a graph of its own (chat, completion)."""


class RunUser(msgspec.Struct, frozen=True):
    """Who started the run. ``session_id`` is what ``sys.user_id`` shows: the caller's own word for an end user."""

    role: Literal["account", "end_user"]
    id: str
    session_id: str
    name: str = ""
    email: str = ""

    def as_creator(self) -> dict[str, object]:
        """``created_by`` of the wire (workflow.md 4.2)."""
        if self.role == "account":
            return {"id": self.id, "name": self.name, "email": self.email}
        return {"id": self.id, "user": self.session_id}


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """The message that a run of a chat or completion app answers."""

    message_id: str
    conversation_id: str
    query: str
    dialogue_count: int
    parent_message_id: str | None
    created_at: int
    is_new_conversation: bool = False
    auto_generate_name: bool = False


class SingleTarget(msgspec.Struct, frozen=True):
    """A container of a draft that runs alone; ``values`` are what it reads from outside, by namespace and name."""

    node_id: str
    values: Mapping[str, Mapping[str, object]]


class RerunOf(msgspec.Struct, frozen=True):
    """The run that this one repeats, and the node from which it does things anew."""

    run_id: str
    node_id: str


class RunSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One run. ``inputs`` are checked user inputs, ``files`` file values; both are JSON values.

    ``watched`` is the form of its frames: "full" and "simple" as in workflow.md 4.1; None when nobody streams it, and
    then no event log is kept. ``call_depth`` counts the runs around it, which call it as a tool.
    """

    run_id: str
    task_id: str
    kind: RunKind
    workspace_id: str
    app_id: str
    app_mode: str
    workflow_id: str
    version: str
    is_draft: bool
    invoke_from: InvokeFrom
    user: RunUser
    inputs: Mapping[str, object]
    files: Sequence[Mapping[str, object]] = ()
    created_at: float
    watched: Literal["full", "simple"] | None
    turn: Turn | None = None
    trace_id: str | None = None
    call_depth: int = 0
    single: SingleTarget | None = None
    rerun_of: RerunOf | None = None
    conversation: Mapping[str, object] | None = None
    """Its conversation variables when it began: of a debug run, for runs that repeat it, and where a container writes
    to them, so that it can be done again after a crash."""
    trigger: TriggerKind | None = None
    root_node_id: str | None = None
    """The node that the run begins at, where the version's own start is not meant."""
    form: int = FORM
    """Of this and of the checkpoints of its nodes."""
    called_back: bool = False
    """True when somebody wants to be called when the run ends (`RunCallback`)."""

    @property
    def log_source(self) -> str:
        """``created_from`` of the app log."""
        return {"service-api": "service-api", "web-app": "web-app", "explore": "installed-app"}.get(
            self.invoke_from, "service-api"
        )

    @property
    def triggered_from(self) -> str:
        if self.single is not None:
            return "single-step"
        return self.trigger or ("debugging" if self.invoke_from == "debugger" else "app-run")
