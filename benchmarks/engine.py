"""What the workflow engine itself costs: nodes per second of a chain, and one start->end run.

Printed beside bare coroutines of the same number, measured in the same process, so that the ratio can be compared
between machines. Run: ``python benchmarks/engine.py``.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import ClassVar, cast

from orrery.workflow.engine import WorkflowRun
from orrery.workflow.events import Event
from orrery.workflow.graph import Graph
from orrery.workflow.node import Node, NodeContext, NodeKindName, NodeOutcome, Selector
from orrery.workflow.pool import Pool
from orrery.workflow.registry import BUILT_IN, NodeRegistry
from orrery.workflow.testing import Services

CHAIN = 100
CHUNKS = 1000


class TrivialNode:
    """Gives one small output and never waits."""

    type: ClassVar[str] = "trivial"
    kind: ClassVar[NodeKindName] = "executable"
    repeatable: bool = True
    inline: ClassVar[bool] = True

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        del node_id, data
        return cast("Node", cls())

    def references(self) -> Sequence[Selector]:
        return ()

    async def run(self, context: NodeContext) -> NodeOutcome:
        return NodeOutcome(outputs={"value": 1})


class TalkingNode(TrivialNode):
    """Streams many chunks."""

    type: ClassVar[str] = "talking"

    async def run(self, context: NodeContext) -> NodeOutcome:
        for _ in range(CHUNKS):
            context.stream("text", "word ")
        context.stream("text", "", final=True)
        return NodeOutcome(outputs={"text": "word " * CHUNKS})


class WaitingNode(TrivialNode):
    """The same, but through the event loop: costs a task."""

    type: ClassVar[str] = "waiting"
    inline: ClassVar[bool] = False

    async def run(self, context: NodeContext) -> NodeOutcome:
        await asyncio.sleep(0)
        return NodeOutcome(outputs={"value": 1})


def node(node_id: str, node_type: str, **data: object) -> dict[str, object]:
    return {"id": node_id, "type": "custom", "data": {"type": node_type, "title": node_id, **data}}


def edge(source: str, target: str, handle: str = "source") -> dict[str, object]:
    return {"source": source, "target": target, "sourceHandle": handle}


def chain(node_type: str, length: int) -> dict[str, object]:
    names = ["start", *(f"n{i}" for i in range(length)), "end"]
    inner = [node(name, node_type) for name in names[1:-1]]
    outputs = [{"variable": "query", "value_selector": ["start", "query"]}]
    return {
        "nodes": [node("start", "start"), *inner, node("end", "end", outputs=outputs)],
        "edges": [edge(a, b) for a, b in itertools.pairwise(names)],
    }


def talk() -> dict[str, object]:
    """One node that streams into an answer."""
    nodes = [node("start", "start"), node("talk", "talking"), node("say", "answer", answer="{{#talk.text#}}")]
    return {"nodes": nodes, "edges": [edge("start", "talk"), edge("talk", "say")]}


def diamonds(count: int) -> dict[str, object]:
    """if-else -> two nodes -> join, again and again: 2 ** count paths to the end."""
    nodes: list[dict[str, object]] = [node("start", "start")]
    edges: list[dict[str, object]] = []
    last = "start"
    for i in range(count):
        nodes += [
            node(f"f{i}", "if-else"),
            node(f"a{i}", "trivial"),
            node(f"b{i}", "trivial"),
            node(f"j{i}", "trivial"),
        ]
        edges += [
            edge(last, f"f{i}"),
            edge(f"f{i}", f"a{i}", "true"),
            edge(f"f{i}", f"b{i}", "false"),
            edge(f"a{i}", f"j{i}"),
            edge(f"b{i}", f"j{i}"),
        ]
        last = f"j{i}"
    nodes.append(node("end", "end", outputs=[{"variable": "x", "value_selector": ["start", "query"]}]))
    edges.append(edge(last, "end"))
    return {"nodes": nodes, "edges": edges}


async def seconds(work: Callable[[], Awaitable[object]], repeats: int) -> float:
    """CPU seconds of one call, the best of five series."""
    best = float("inf")
    for _ in range(5):
        began = time.process_time()
        for _ in range(repeats):
            await work()
        best = min(best, (time.process_time() - began) / repeats)
    return best


async def bare(length: int) -> int:
    async def step(value: int) -> int:
        return value + 1

    value = 0
    for _ in range(length):
        value = await step(value)
    return value


async def bare_tasks(length: int) -> None:
    async def step() -> None:
        await asyncio.sleep(0)

    for _ in range(length):
        await asyncio.create_task(step())


async def main() -> None:
    registry = NodeRegistry(BUILT_IN).extended(
        {"trivial": {"1": TrivialNode}, "waiting": {"1": WaitingNode}, "talking": {"1": TalkingNode}}
    )
    services, numbers = Services(), itertools.count()
    events: list[Event] = []

    def runner(stored: object) -> Callable[[], Awaitable[object]]:
        graph = Graph.parse(stored, registry=registry)

        async def once() -> None:
            events.clear()
            pool = Pool(inputs={"query": "hello"})
            run = WorkflowRun(graph, pool, services, new_id=lambda: f"{next(numbers)}", emit=events.append)
            result = await run.execute()
            assert result.status == "succeeded", result

        return once

    inline = await seconds(runner(chain("trivial", CHAIN)), 50)
    waiting = await seconds(runner(chain("waiting", CHAIN)), 30)
    talking = await seconds(runner(talk()), 20)
    shortest = await seconds(runner(chain("trivial", 0)), 1000)
    coroutines, tasks = await seconds(lambda: bare(CHAIN + 2), 500), await seconds(lambda: bare_tasks(CHAIN + 2), 50)
    began = time.process_time()
    graph = Graph.parse(diamonds(125), registry=registry)
    parsing = time.process_time() - began
    print(
        f"chain of {CHAIN} nodes, inline : {(CHAIN + 2) / inline:>9,.0f} nodes/s, {inline / coroutines:.0f} x bare coroutines"
    )
    print(
        f"chain of {CHAIN} nodes, waiting: {(CHAIN + 2) / waiting:>9,.0f} nodes/s, {waiting / tasks:.1f} x bare tasks"
    )
    print(f"streamed chunks           : {CHUNKS / talking:>9,.0f} chunks/s")
    print(f"start -> end              : {shortest * 1e6:>9,.0f} us a run")
    print(f"parse {len(graph.nodes)} nodes, 2^125 paths: {parsing * 1e3:>6.1f} ms")


if __name__ == "__main__":
    asyncio.run(main())
