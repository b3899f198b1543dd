"""What a node is to the engine: data parsed once, a coroutine that turns variables into an outcome.

A node kind is a small class registered under its type string (`workflow.registry`). It never touches the graph, the
scheduler or the stream coordinator: it reads variables, may send chunks, and returns one `NodeOutcome`. Error
strategies, retries, limits, events and the journal are the engine's business (workflow.md 2.7).
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import ClassVar, Literal, Protocol, TypeAlias, runtime_checkable

import msgspec

from orrery.egress.protocol import HttpClient
from orrery.inference.types import Message, ModelGateway, Usage
from orrery.sandbox.protocol import CodeRunner
from orrery.tools.protocol import ToolSource
from orrery.workflow.conversation_writes import ConversationWrite

Selector: TypeAlias = Sequence[str]
NodeKindName: TypeAlias = Literal["root", "branch", "container", "response", "executable"]


class NodeFailure(Exception):
    """A node's own failure: the text is the node's ``error``; ``error_type`` defaults to the class name.

    ``outputs`` may still carry what the node learnt (an HTTP answer with status 500, say), ``variable_updates`` what
    it had written by then, ``usage`` what a model had charged for; ``conversation_writes`` are not stored.
    """

    error_type: str = ""
    usage: Usage | None = None
    variable_updates: Sequence[tuple[Selector, object]] = ()
    conversation_writes: Sequence[ConversationWrite] = ()

    def __init__(
        self,
        message: str,
        *,
        inputs: Mapping[str, object] | None = None,
        process_data: Mapping[str, object] | None = None,
        outputs: Mapping[str, object] | None = None,
    ) -> None:
        self.message = message
        self.inputs, self.process_data, self.outputs = inputs, process_data, outputs
        super().__init__(message)


class NodePause(Exception):
    """A node that must wait for something outside: the run pauses, and the node runs again when it resumes.

    ``reason`` is what watchers are told (``type``, ``form_id``, ``message``...; workflow.md 2.8).
    """

    def __init__(self, reason: Mapping[str, object]) -> None:
        self.reason = reason
        super().__init__(str(reason.get("type", "paused")))


class NodeOutcome(msgspec.Struct, kw_only=True):
    """What a node that succeeded hands back; empty mappings where it has nothing to say."""

    outputs: Mapping[str, object] = {}
    inputs: Mapping[str, object] = {}
    process_data: Mapping[str, object] = {}
    handle: str = "source"
    metadata: Mapping[str, object] = {}
    usage: Usage | None = None
    retriever_resources: Sequence[Mapping[str, object]] = ()
    conversation_writes: Sequence[ConversationWrite] = ()
    """What it did to conversation variables, done in the pool already; stored with the node's success."""
    variable_updates: Sequence[tuple[Selector, object]] = ()
    """(selector, new raw value) of variables that are not the node's own outputs, in order."""


class FileAccess(Protocol):
    """Files of the run's workspace: reading what users sent, keeping what nodes make (workflow.md 2.6, 5.6)."""

    async def read(self, file: Mapping[str, object], *, max_bytes: int) -> bytes:
        """Content of a file value. Raises `NodeFailure` when it is gone or too large."""
        ...

    async def save_tool_file(self, content: bytes, *, filename: str, mime_type: str) -> dict[str, object]:
        """Stores and returns the file value (transfer_method ``tool_file``)."""
        ...

    def url(self, file: Mapping[str, object]) -> str:
        """A signed URL that is valid for a while."""
        ...


class ConversationMemory(Protocol):
    """History of the conversation that a chatflow run belongs to, oldest first, thread order (workflow.md 5.7)."""

    async def history(self, *, limit: int | None) -> Sequence[Message]: ...


class NodeServices(Protocol):
    """The outside, as one run may use it. ``models`` is bound to the run's workspace."""

    @property
    def models(self) -> ModelGateway: ...
    @property
    def code(self) -> CodeRunner: ...
    @property
    def http(self) -> HttpClient: ...
    @property
    def files(self) -> FileAccess: ...
    @property
    def memory(self) -> ConversationMemory | None: ...


@runtime_checkable
class ToolServices(Protocol):
    """What the services of a run also have when its workspace has tools of its own.

    A run without this has the built-in tools.
    """

    @property
    def tools(self) -> ToolSource: ...


class Variables(Protocol):
    """Read access to the variable pool (workflow.md 2.5). Raw values; files are file values (dicts)."""

    def get(self, selector: Selector) -> object | None: ...
    def exists(self, selector: Selector) -> bool: ...
    def render(self, template: str) -> str:
        """Text with every ``{{#…#}}`` replaced by the value's text (workflow.md 2.5, 2.6)."""
        ...


class NodeContext(Protocol):
    """Everything that one execution of a node may use."""

    @property
    def node_id(self) -> str: ...
    @property
    def variables(self) -> Variables: ...
    @property
    def services(self) -> NodeServices: ...
    def stream(self, name: str, text: str, *, final: bool = False) -> None:
        """Sends a chunk on ``[node_id, name]``; the last call of a stream has ``final=True`` and may be empty."""
        ...

    def before_effect(self) -> Awaitable[None]:
        """Waits until everything before this point is durable; a node calls it right before an outside effect."""
        ...


class Node(Protocol):
    """One node of a graph, made once when the graph is parsed and shared by all of its runs."""

    type: ClassVar[str]
    kind: ClassVar[NodeKindName]

    @property
    def repeatable(self) -> bool:
        """True when a crashed execution may simply be done again (reliability.md 3.1, G2)."""
        ...

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        """Raises ValueError with a message that names the field."""
        ...

    def references(self) -> Sequence[Selector]:
        """Every selector that the node reads, for checks and for the editor."""
        ...

    async def run(self, context: NodeContext) -> NodeOutcome:
        """Raises `NodeFailure`."""
        ...
