"""A run's outside for nodes that use tools: scripted tools and models, files in memory, the real engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from orrery.inference.types import LLMCall, LLMDelta, Message, ModelFeatures, ModelRef, ToolCall, Usage
from orrery.tools.entity import ToolEntity, ToolIdentity, ToolParameter
from orrery.tools.errors import ToolProviderNotFoundError
from orrery.tools.messages import TextMessage, ToolMessage
from orrery.tools.protocol import Tool, ToolRef
from orrery.workflow.graph import Graph
from orrery.workflow.node import NodeFailure
from orrery.workflow.pool import Pool
from orrery.workflow.registry import NodeRegistry
from orrery.workflow.testing import ListJournal, Trial, try_graph

USAGE = Usage(prompt_tokens=2, completion_tokens=1, total_tokens=3)


class Models:
    """Each call takes the next script."""

    def __init__(
        self, *scripts: Sequence[LLMDelta | Exception], features: ModelFeatures | Exception | None = None
    ) -> None:
        self.scripts = list(scripts)
        self.given = features or ModelFeatures(context_size=8000, vision=True)
        self.calls: list[LLMCall] = []

    async def stream(self, call: LLMCall) -> AsyncIterator[LLMDelta]:
        self.calls.append(call)
        for step in self.scripts.pop(0):
            if isinstance(step, Exception):
                raise step
            yield step

    async def features(self, model: ModelRef) -> ModelFeatures:
        if isinstance(self.given, Exception):
            raise self.given
        return self.given

    async def embed(self, model: ModelRef, texts: Sequence[str]) -> tuple[list[list[float]], Usage]:
        raise AssertionError

    def count_tokens(self, model: ModelRef, messages: Sequence[Message]) -> int:
        return sum(len(message.text().split()) for message in messages)


def saying(*pieces: str) -> list[LLMDelta]:
    return [*(LLMDelta(text=piece) for piece in pieces), LLMDelta(finish_reason="stop", usage=USAGE)]


def calling(name: str, arguments: str) -> list[LLMDelta]:
    return [LLMDelta(tool_calls=(ToolCall("c-1", name, arguments),), finish_reason="tool_calls", usage=USAGE)]


@dataclass
class Scripted:
    """A tool that says what it is given to say."""

    name: str = "search"
    says: Sequence[ToolMessage | Exception] = (TextMessage("found"),)
    parameters: tuple[ToolParameter, ...] = (ToolParameter(name="q", required=True),)
    asked: list[Mapping[str, object]] = field(default_factory=list)

    @property
    def entity(self) -> ToolEntity:
        identity = ToolIdentity(name=self.name, provider="acme", label={"en_US": self.name.title()})
        return ToolEntity(identity=identity, parameters=self.parameters)

    async def invoke(self, parameters: Mapping[str, object]) -> AsyncIterator[ToolMessage]:
        self.asked.append(parameters)
        for message in self.says:
            if isinstance(message, Exception):
                raise message
            yield message


class Shelf:
    """Tools of one provider, ``acme``."""

    def __init__(self, *tools: Scripted) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self.refs: list[ToolRef] = []

    async def find(self, ref: ToolRef) -> Tool:
        self.refs.append(ref)
        if ref.provider_id != "acme" or ref.tool_name not in self._tools:
            raise ToolProviderNotFoundError(f"builtin provider {ref.provider_id} not found")
        return self._tools[ref.tool_name]


class Files:
    """Keeps files by number."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    async def read(self, file: Mapping[str, object], *, max_bytes: int) -> bytes:
        return b"picture"

    async def save_tool_file(self, content: bytes, *, filename: str, mime_type: str) -> dict[str, object]:
        self.kept.append(content)
        return {
            "dify_model_identity": "__dify__file__",
            "transfer_method": "tool_file",
            "related_id": str(len(self.kept)),
            "type": mime_type.partition("/")[0],
            "filename": filename,
            "mime_type": mime_type,
        }

    def url(self, file: Mapping[str, object]) -> str:
        return f"https://files.test/{file['related_id']}"


@dataclass
class Memory:
    messages: Sequence[Message] = ()

    async def history(self, *, limit: int | None) -> Sequence[Message]:
        return self.messages


@dataclass
class Outside:
    """The run's services, with a shelf of tools."""

    tools: Shelf = field(default_factory=Shelf)
    models: Models = field(default_factory=Models)
    files: Files = field(default_factory=Files)
    client: object = None
    memory: Memory | None = None

    @property
    def http(self) -> object:
        if self.client is None:
            raise NodeFailure("This run has no network")
        return self.client

    @property
    def code(self) -> object:
        raise NodeFailure("This run has no sandbox")


def node(name: str, kind: str, **data: object) -> dict[str, object]:
    return {"id": name, "type": "custom", "data": {"type": kind, "title": name, **data}}


async def try_node(
    tested: dict[str, object],
    outside: object,
    *,
    pool: Pool | None = None,
    answer: str = "{{#it.text#}}",
    journal: ListJournal | None = None,
) -> Trial:
    """Runs ``start → it → answer``."""
    stored: Mapping[str, object] = {
        "nodes": [node("start", "start", variables=[]), tested, node("answer", "answer", answer=answer)],
        "edges": [
            {"source": "start", "target": "it", "sourceHandle": "source"},
            {"source": "it", "target": "answer", "sourceHandle": "source"},
        ],
    }
    graph = Graph.parse(stored, registry=NodeRegistry())
    return await try_graph(
        graph,
        pool or Pool(system={"query": "why?", "files": []}),
        outside,  # type: ignore[arg-type]
        journal=journal,
    )


def finished(trial: Trial) -> object:
    """The last event of the tested node."""
    return next(
        event for event in reversed(trial.events) if getattr(event, "node_id", "") == "it" and hasattr(event, "outputs")
    )
