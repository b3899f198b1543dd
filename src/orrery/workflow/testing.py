"""Doubles for trying apps without the outside world: scripted nodes, models, code, a clock that tests move.

They keep the conventions of the project's own contract tests, so that what an app's author tests is what runs.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import ClassVar, Literal, TypeAlias, cast

import msgspec

from orrery.egress.protocol import HttpClient
from orrery.inference.types import (
    InvokeError,
    LLMCall,
    LLMDelta,
    Message,
    ModelFeatures,
    ModelGateway,
    ModelRef,
    Usage,
)
from orrery.sandbox.protocol import CodeRunner
from orrery.workflow.clock import Clock
from orrery.workflow.engine import RunResult, WorkflowRun
from orrery.workflow.events import Event, TextChunk
from orrery.workflow.graph import Graph
from orrery.workflow.journal import Journal, JournalEntry, Resume
from orrery.workflow.limits import RunLimits
from orrery.workflow.node import (
    ConversationMemory,
    FileAccess,
    Node,
    NodeContext,
    NodeFailure,
    NodeKindName,
    NodeOutcome,
    Selector,
)
from orrery.workflow.pool import Pool

MOCK_TEXT = "This is a mocked LLM response"
MOCK_USAGE = Usage(prompt_tokens=10, completion_tokens=5, total_tokens=15)
Script: TypeAlias = "Mapping[str, object] | Callable[[NodeContext], Mapping[str, object]] | Exception"


def words(text: str) -> list[str]:
    """A text as a model streams it here: the first word alone, every other with the space before it."""
    first, *rest = text.split(" ")
    return [first, *(f" {word}" for word in rest)]


class ScriptedModels:
    """A `ModelGateway` that streams ``text`` word by word; by model name where ``texts`` has one."""

    def __init__(
        self, text: str = MOCK_TEXT, *, texts: Mapping[str, str] | None = None, error: InvokeError | None = None
    ) -> None:
        self._text, self._texts, self._error = text, texts or {}, error
        self.calls: list[LLMCall] = []

    async def stream(self, call: LLMCall) -> AsyncIterator[LLMDelta]:
        self.calls.append(call)
        if self._error is not None:
            raise self._error
        for word in words(self._texts.get(call.model.name, self._text)):
            yield LLMDelta(text=word)
        yield LLMDelta(finish_reason="stop", usage=MOCK_USAGE)

    async def features(self, model: ModelRef) -> ModelFeatures:
        del model
        return ModelFeatures()

    async def embed(self, model: ModelRef, texts: Sequence[str]) -> tuple[list[list[float]], Usage]:
        """One dimension: the text's length."""
        del model
        return [[float(len(text))] for text in texts], Usage()

    def count_tokens(self, model: ModelRef, messages: Sequence[Message]) -> int:
        del model
        return sum(len(message.text().split()) for message in messages)


class ScriptedCode:
    """A `CodeRunner`: snippets give what ``main`` gives, templates are rendered here."""

    def __init__(self, main: Callable[[str, Mapping[str, object]], dict[str, object]] | None = None) -> None:
        """``main``: (source, inputs) → result."""
        self._main = main

    async def call_main(
        self, language: Literal["python3", "javascript"], code: str, inputs: Mapping[str, object]
    ) -> dict[str, object]:
        del language
        return {} if self._main is None else self._main(code, inputs)

    async def render_template(self, template: str, inputs: Mapping[str, object]) -> str:
        from jinja2.sandbox import SandboxedEnvironment  # only those who test templates pay for it

        return SandboxedEnvironment().from_string(template).render(**inputs)


class Services(msgspec.Struct):
    """`NodeServices` of doubles; what is not given fails when a node asks for it."""

    models: ModelGateway = msgspec.field(default_factory=ScriptedModels)
    code: CodeRunner = msgspec.field(default_factory=ScriptedCode)
    http_client: HttpClient | None = None
    file_access: FileAccess | None = None
    memory: ConversationMemory | None = None

    @property
    def http(self) -> HttpClient:
        if self.http_client is None:
            raise NodeFailure("This run has no network")
        return self.http_client

    @property
    def files(self) -> FileAccess:
        if self.file_access is None:
            raise NodeFailure("This run has no files")
        return self.file_access


class ManualClock:
    """Time that stands still until `advance`; starts at 1 000 000 s."""

    def __init__(self) -> None:
        self._now = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def time(self) -> float:
        return 1_000_000.0 + self._now

    def monotonic(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiter = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), waiter))
        await waiter

    async def advance(self, seconds: float) -> None:
        """Moves time on and wakes whom it concerns, in order."""
        end = self._now + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, waiter = heapq.heappop(self._sleepers)
            self._now = max(self._now, due)
            if not waiter.done():
                waiter.set_result(None)
            await settle()
        self._now = end


async def settle(turns: int = 20) -> None:
    """Lets everything that can go on without time passing go on."""
    for _ in range(turns):
        await asyncio.sleep(0)


def counting_ids(prefix: str = "id-") -> Callable[[], str]:
    """Ids in order: ``id-1``, ``id-2``..."""
    numbers = itertools.count(1)
    return lambda: f"{prefix}{next(numbers)}"


class ListJournal:
    """A journal in memory; ``durable`` is how many entries the last barrier covered."""

    def __init__(self) -> None:
        self.entries: list[JournalEntry] = []
        self.durable = 0

    def record(self, entry: JournalEntry) -> None:
        self.entries.append(entry)

    async def barrier(self) -> None:
        self.durable = len(self.entries)


def scripted_node(
    node_type: str,
    scripts: Mapping[str, Script],
    default: Script,
    *,
    kind: NodeKindName = "executable",
    streams: str | None = None,
    repeatable: bool = False,
) -> type[Node]:
    """A node class for a registry: outputs by node id from ``scripts``, else from ``default``.

    A script is the outputs, a function of the context that gives them, or the exception to raise. ``streams`` names
    the output that is streamed word by word, with an empty final chunk.
    """
    node_kind, node_repeatable = kind, repeatable

    class ScriptedNode:
        type: ClassVar[str] = node_type
        kind: ClassVar[NodeKindName] = node_kind
        repeatable: bool = node_repeatable

        def __init__(self, node_id: str) -> None:
            self._script = scripts.get(node_id, default)

        @classmethod
        def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
            del data
            return cast("Node", cls(node_id))

        def references(self) -> Sequence[Selector]:
            return ()

        async def run(self, context: NodeContext) -> NodeOutcome:
            await asyncio.sleep(0)  # real ones wait for the outside at least once
            script = self._script
            if isinstance(script, Exception):
                raise script
            outputs = script(context) if callable(script) else script
            if streams is None:
                return NodeOutcome(outputs=outputs)
            for word in words(str(outputs[streams])):
                context.stream(streams, word)
            context.stream(streams, "", final=True)
            return NodeOutcome(outputs=outputs, usage=MOCK_USAGE)

    return ScriptedNode


class Trial(msgspec.Struct):
    """A run that is over: its result, and all that it told."""

    result: RunResult
    events: list[Event]

    def names(self) -> list[str]:
        """The events' names in order; a node's end is ``node_<status>``."""
        return [event_name(event) for event in self.events]

    def chunks(self) -> list[str]:
        """The released pieces of text."""
        return [event.text for event in self.events if isinstance(event, TextChunk)]


def event_name(event: Event) -> str:
    """The event's tag, with the status instead of ``finished`` or ``completed``."""
    tag = str(event.__struct_config__.tag)
    stem, _, last = tag.rpartition("_")
    status = getattr(event, "status", "")
    return f"{stem}_{status}" if last in {"finished", "completed"} else tag


async def try_graph(
    graph: Graph,
    pool: Pool | None = None,
    services: Services | None = None,
    *,
    limits: RunLimits | None = None,
    clock: Clock | None = None,
    journal: Journal | None = None,
    resume: Resume | None = None,
    drive: Callable[[WorkflowRun], None] | None = None,
) -> Trial:
    """Runs a graph to its end; ``drive`` may keep hold of the run to stop or pause it."""
    events: list[Event] = []
    run = WorkflowRun(
        graph,
        pool or Pool(),
        services or Services(),
        new_id=counting_ids(),
        emit=events.append,
        limits=limits,
        clock=clock or ManualClock(),
        journal=journal,
        resume=resume,
    )
    if drive is not None:
        drive(run)
    return Trial(await run.execute(), events)
