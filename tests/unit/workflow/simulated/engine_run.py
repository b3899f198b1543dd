"""The engine under a scheduler: of all nodes that wait, one at a time goes on, in an order that can be said again."""

from __future__ import annotations

import asyncio
import contextvars
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, cast

from orrery.workflow.context import EngineContext
from orrery.workflow.engine import RunResult, WorkflowRun
from orrery.workflow.events import (
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
    Marks,
    NodeFinished,
    NodePaused,
    NodeRetry,
    NodeStarted,
    RunEnded,
    RunStarted,
    TextChunk,
)
from orrery.workflow.graph import Graph
from orrery.workflow.journal import Resume, source_of
from orrery.workflow.limits import RunLimits
from orrery.workflow.node import NodeFailure, NodeOutcome
from orrery.workflow.nodes.human_input import HumanInputNode
from orrery.workflow.nodes.human_input_memory import MemoryForms
from orrery.workflow.nodes.iteration import IterationNode
from orrery.workflow.nodes.loop import LoopNode
from orrery.workflow.pool import Pool
from orrery.workflow.registry import BUILT_IN, NodeRegistry
from orrery.workflow.testing import MOCK_USAGE, ListJournal, Services, counting_ids

from .random_graphs import SCRIPTED, STREAMING, Case

Place = tuple[Any, ...]
Key = tuple[Place, str]
Told = tuple[Any, ...]
Order = tuple[Literal["stop", "pause"], int]
"""What somebody asks of a run, after so many choices."""
MOST_CHOICES = 3000
STOP = "somebody stops it"


class Stuck(AssertionError):
    """Nobody waits and the run does not end, or it never ends."""


class Gates:
    """Where nodes wait to be chosen; also the run's clock, since a retry waits too."""

    def __init__(self) -> None:
        self.waiting: dict[Key, asyncio.Future[None]] = {}

    async def wait(self, key: Key) -> None:
        assert key not in self.waiting
        gate = self.waiting[key] = asyncio.get_running_loop().create_future()
        try:
            await gate
        finally:
            del self.waiting[key]

    def time(self) -> float:
        return 1_000_000.0

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        key = RETRYING.get(None)
        if key is None:
            await asyncio.Event().wait()  # the run's watchdog: time never passes here
        else:
            await self.wait(key)


RETRYING: contextvars.ContextVar[Key | None] = contextvars.ContextVar("retrying")


class World(Services, kw_only=True):
    """The outside of one run; ``attempts`` counts by execution."""

    gates: Any
    attempts: dict[str, int]
    human_forms: MemoryForms


def place(marks: Marks) -> Place:
    return (marks.iteration_id, marks.iteration_index, marks.loop_id, marks.loop_index)


class Scripted:
    """Does what its data says, one action after the other, waiting wherever it says ``wait``."""

    type: ClassVar[str] = ""
    kind: ClassVar[str] = "executable"
    repeatable: ClassVar[bool] = True

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, Any]) -> Any:
        return cls(data)

    def references(self) -> Sequence[Any]:
        return ()

    async def run(self, context: EngineContext) -> NodeOutcome:
        world = cast("World", context.services)
        number = world.attempts.get(context.execution_id, 0)
        world.attempts[context.execution_id] = number + 1
        actions = self.data["attempts"][min(number, len(self.data["attempts"]) - 1)]
        key = (place(context.marks), context.node_id)
        RETRYING.set(key)
        said: list[str] = []
        pieces: list[str] = []
        values: list[str] = []
        for action in actions:
            if action == "wait":
                await world.gates.wait(key)
                if not pieces:
                    values = [context.variables.render(f"{{{{#{'.'.join(path)}#}}}}") for path in self.data["reads"]]
                    pieces = [f"<{context.node_id}", *values, ">"]
            elif action == "say" and len(said) < len(pieces) - 1:
                said.append(pieces[len(said)])
                context.stream("text", said[-1])
            elif action == "close":
                context.stream("text", "".join(pieces[len(said) :]), final=True)
            elif action == "fail":
                raise NodeFailure(f"{context.node_id} failed", inputs={"try": number})
        if self.data.get("fail_on") in values:
            raise NodeFailure(f"{context.node_id} can't take it")
        usage = MOCK_USAGE if self.type == STREAMING else None
        return NodeOutcome(outputs={"text": "".join(pieces)}, usage=usage, handle=self.data.get("choose", "source"))


class GatedIteration(IterationNode):
    """An iteration that begins when it is chosen."""

    async def run(self, context: EngineContext) -> NodeOutcome:
        await cast("World", context.services).gates.wait((place(context.marks), context.node_id))
        return await super().run(context)


class GatedLoop(LoopNode):
    """A loop that begins when it is chosen."""

    async def run(self, context: EngineContext) -> NodeOutcome:
        await cast("World", context.services).gates.wait((place(context.marks), context.node_id))
        return await super().run(context)


class GatedHuman(HumanInputNode):
    """Asks, or looks for the answer, when it is chosen."""

    async def run(self, context: EngineContext) -> NodeOutcome:
        await cast("World", context.services).gates.wait((place(context.marks), context.node_id))
        return await super().run(context)


def _scripted(kind: str) -> Any:
    engine_kind = "branch" if kind == "question-classifier" else "executable"
    return type(f"Scripted{kind}", (Scripted,), {"type": kind, "kind": engine_kind})


REGISTRY = NodeRegistry(BUILT_IN).extended(
    {
        **{kind: {"1": _scripted(kind)} for kind in SCRIPTED},
        "iteration": {"1": GatedIteration},
        "loop": {"1": GatedLoop},
        "human-input": {"1": GatedHuman},
    }
)


@dataclass
class Trace:
    """What one run of the engine did. ``cuts``: (choices made, entries journalled, text told) between choices."""

    told: list[Told]
    choices: list[Key] = field(default_factory=list)
    cuts: list[tuple[int, int, int]] = field(default_factory=list)
    result: RunResult | None = None
    text: str = ""
    text_of: dict[str, str] = field(default_factory=dict)
    journal: ListJournal = field(default_factory=ListJournal)
    told_after_cut: int = 0
    ended: set[str] = field(default_factory=set)
    ids: dict[str, set[str]] = field(default_factory=dict)


def pool_of(case: Case) -> Pool:
    pool = Pool(inputs=case.inputs, system={"query": "hello"})
    for name, (kind, value) in case.conversation.items():
        pool.declare("conversation", name, kind, value)
    return pool


async def run_engine(
    case: Case,
    graph: Graph,
    dice: random.Random,
    *,
    resume: Resume | None = None,
    cut_at: int | None = None,
    order: Order | None = None,
    forms: MemoryForms | None = None,
) -> Trace:
    """One run with choices by ``dice``; ``cut_at``: the process dies after so many choices; ``order``: somebody acts.

    ``forms`` are those that an earlier part of the run opened.
    """
    gates = Gates()
    trace = Trace([])

    def emit(event: Event) -> None:
        if isinstance(event, NodeFinished):
            trace.ended.add(event.id)
            trace.told += writes(event)
        trace.told.append(tell(event))
        if isinstance(event, TextChunk):
            trace.text += event.text
            trace.text_of[source_of(event)] = trace.text_of.get(source_of(event), "") + event.text
        if isinstance(event, (NodeStarted, TextChunk)):
            trace.ids.setdefault(repr((place(event.marks), event.node_id)), set()).add(event.id)

    services = World(gates=gates, attempts={}, human_forms=forms or MemoryForms())
    limits = RunLimits(max_steps=case.max_steps, max_workers=case.workers, container_workers=min(case.workers, 5))
    run = WorkflowRun(graph, pool_of(case), services, new_id=counting_ids("r" if resume else "i"), emit=emit, limits=limits, clock=gates,
                      journal=trace.journal, resume=resume)  # fmt: skip
    task = asyncio.create_task(run.execute())
    while not await _quiet(task):
        trace.cuts.append((len(trace.choices), len(trace.journal.entries), len(trace.text)))
        if cut_at is not None and len(trace.choices) >= cut_at:
            before = len(trace.told)
            task.cancel()
            await asyncio.wait([task])
            trace.told_after_cut = len(trace.told) - before
            return trace
        if not gates.waiting or len(trace.choices) > MOST_CHOICES:
            task.cancel()
            await asyncio.wait([task])
            raise Stuck(f"seed {case.seed}: {len(trace.choices)} choices made, waiting: {list(gates.waiting)}")
        if order is not None and order[1] == len(trace.choices):
            run.abort(STOP) if order[0] == "stop" else run.pause()
            order = None
            continue
        key = dice.choice(sorted(gates.waiting, key=repr))
        trace.choices.append(key)
        gates.waiting[key].set_result(None)
    trace.result = task.result()
    return trace


async def _quiet(task: asyncio.Task[Any]) -> bool:
    """Waits until nothing can go on by itself; whether the run is over."""
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
    await asyncio.sleep(0)
    while ready and not task.done():
        await asyncio.sleep(0)
    return task.done()


def writes(event: NodeFinished) -> list[Told]:
    """What is stored of a conversation when a node is done."""
    whose = (place(event.marks), event.node_id)
    return [
        ("write", *whose, each.name, each.operation, each.operand) for each in event.conversation_writes if each.kept
    ]


def tell(event: Event) -> Told:
    """The event as the reference tells it."""
    if isinstance(event, RunStarted):
        return ("run",)
    if isinstance(event, RunEnded):
        return (
            "end",
            event.status,
            dict(event.outputs),
            event.error,
            event.exceptions_count,
            event.total_tokens,
            event.total_steps,
        )
    if isinstance(event, TextChunk):
        return ("text", place(event.marks), event.node_id, tuple(event.selector), event.text)
    if isinstance(event, HumanInputRequired):
        return ("asked", event.node_id, event.form_content)
    if isinstance(event, HumanInputFilled):
        return ("filled", event.node_id, event.action_id, event.rendered_content)
    if isinstance(event, HumanInputTimeout):
        return ("nobody", event.node_id)
    assert isinstance(
        event,
        (
            NodePaused,
            NodeStarted,
            NodeFinished,
            NodeRetry,
            IterationStarted,
            IterationNext,
            IterationCompleted,
            LoopStarted,
            LoopNext,
            LoopCompleted,
        ),
    )
    whose = (place(event.marks), event.node_id)
    if isinstance(event, NodeStarted):
        return ("start", *whose)
    if isinstance(event, NodePaused):
        return ("pause", *whose)
    if isinstance(event, NodeRetry):
        return ("retry", *whose, event.retry_index, event.error)
    if isinstance(event, NodeFinished):
        outputs = {} if event.status == "failed" else dict(event.outputs)
        return ("done", *whose, event.status, event.error, outputs)
    if isinstance(event, (IterationStarted, LoopStarted)):
        return ("open", *whose)
    if isinstance(event, (IterationNext, LoopNext)):
        return ("next", *whose, event.round)
    return ("close", *whose, event.status, dict(event.outputs), event.total_tokens)
