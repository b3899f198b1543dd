"""What graphs of the sizes that people build cost, with everything outside scripted.

Each number stands beside a reference that does the same outside work with nothing around it, measured in the same
process, so that ratios can be compared between machines. Run: ``python benchmarks/graphs.py``.
"""

from __future__ import annotations

import asyncio
import itertools
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from orrery.workflow.check import check_app
from orrery.workflow.engine import WorkflowRun
from orrery.workflow.events import Event
from orrery.workflow.graph import Graph
from orrery.workflow.limits import RunLimits
from orrery.workflow.pool import Pool
from orrery.workflow.registry import NodeRegistry
from orrery.workflow.testing import ScriptedCode, Services

ITEMS = 200
ROUNDS = 1000
LOADED = 500
MEGABYTES = 5
LIMITS = RunLimits(max_steps=100_000)
SOURCE = "def main(x):\n    return {'result': x}"

JsonObject = dict[str, object]


class WaitingCode(ScriptedCode):
    """Gives its input back after one turn of the event loop, as the quickest sandbox would."""

    async def call_main(self, language: object, code: str, inputs: Mapping[str, object]) -> dict[str, object]:
        await asyncio.sleep(0)
        return {"result": inputs["x"]}


class App(msgspec.Struct):
    """A file as the examination takes it."""

    workflow: JsonObject
    mode: str = "workflow"
    model_config: None = None


def node(node_id: str, kind: str, **data: object) -> JsonObject:
    return {"id": node_id, "type": "custom", "data": {"type": kind, "title": node_id, **data}}


def code(node_id: str, source: Sequence[str], kind: str = "string", **data: object) -> JsonObject:
    variables = [{"variable": "x", "value_selector": list(source)}]
    return node(node_id, "code", code_language="python3", code=SOURCE, variables=variables,
                outputs={"result": {"type": kind}}, **data)  # fmt: skip


def edge(source: str, target: str, handle: str = "source") -> JsonObject:
    return {"source": source, "target": target, "sourceHandle": handle}


def chain(names: Sequence[str]) -> list[JsonObject]:
    return [edge(a, b) for a, b in itertools.pairwise(names)]


def start(kind: str = "paragraph") -> JsonObject:
    return node("start", "start", variables=[{"variable": "q", "label": "q", "type": kind}])


def end(*source: str) -> JsonObject:
    return node("end", "end", outputs=[{"variable": "out", "value_selector": list(source)}])


def mixed() -> JsonObject:
    """30 nodes in a row of which 10 run code, 9 branch and 9 join."""
    nodes, edges, last = [start()], list[JsonObject](), "start"
    for i in range(9):
        condition = {"variable_selector": ["start", "q"], "comparison_operator": "contains", "value": "e"}
        cases = [{"case_id": "true", "logical_operator": "and", "conditions": [condition]}]
        joined = [[f"c{i}", "result"], ["start", "q"]]
        nodes += [
            node(f"i{i}", "if-else", cases=cases),
            code(f"c{i}", ("start", "q")),
            node(f"j{i}", "variable-aggregator", output_type="string", variables=joined),
        ]
        edges += [
            edge(last, f"i{i}"),
            edge(f"i{i}", f"c{i}", "true"),
            edge(f"i{i}", f"j{i}", "false"),
            edge(f"c{i}", f"j{i}"),
        ]
        last = f"j{i}"
    nodes += [code("last", (last, "output")), end("last", "result")]
    return {"nodes": nodes, "edges": [*edges, *chain([last, "last", "end"])]}


def contained(kind: str, inner: JsonObject, result: Sequence[str], **data: object) -> JsonObject:
    inside = [node("boxstart", f"{kind}-start"), inner]
    nodes = [start(), node("box", kind, **data), *({**item, "parentId": "box"} for item in inside), end(*result)]
    return {"nodes": nodes, "edges": [*chain(["start", "box", "end"]), edge("boxstart", str(inner["id"]))]}


def parallel() -> JsonObject:
    inner = code("c", ("box", "item"), "number")
    return contained("iteration", inner, ("box", "output"), iterator_selector=["start", "q"], is_parallel=True,
                     parallel_nums=ITEMS, output_selector=["c", "result"])  # fmt: skip


def looped() -> JsonObject:
    item = {"variable_selector": ["box", "n"], "operation": "+=", "input_type": "constant", "value": 1}
    inner = node("add", "assigner", version="2", items=[item])
    variables = [{"label": "n", "var_type": "number", "value_type": "constant", "value": "0"}]
    return contained("loop", inner, ("box", "n"), loop_count=ROUNDS, loop_variables=variables, break_conditions=[])


def heavy() -> JsonObject:
    """A large text through 10 joins, and to the end as text and as output."""
    names = [f"a{i}" for i in range(10)]
    sources = [["start", "q"], *([name, "output"] for name in names)]
    nodes = [
        node(name, "variable-aggregator", output_type="string", variables=[sources[i]]) for i, name in enumerate(names)
    ]
    return {"nodes": [start(), *nodes, end(names[-1], "output")], "edges": chain(["start", *names, "end"])}


def large() -> JsonObject:
    names = [f"n{i}" for i in range(LOADED - 2)]
    sources = [("start", "q"), *((name, "result") for name in names)]
    nodes = [code(name, sources[i]) for i, name in enumerate(names)]
    return {"nodes": [start(), *nodes, end(names[-1], "result")], "edges": chain(["start", *names, "end"])}


async def seconds(work: Callable[[], Awaitable[object]], repeats: int) -> float:
    """CPU seconds of one call, the best of five series."""
    best = float("inf")
    for _ in range(5):
        began = time.process_time()
        for _ in range(repeats):
            await work()
        best = min(best, (time.process_time() - began) / repeats)
    return best


def told(name: str, ours: float, reference: float, what: str) -> None:
    print(f"{name:<34}: {ours * 1e3:>9.2f} ms, {ours / reference:>6.1f} x {what} ({reference * 1e3:.2f} ms)")


class Bench:
    """Runs graphs over one world."""

    def __init__(self) -> None:
        self.registry, self.code, self.numbers = NodeRegistry(), WaitingCode(), itertools.count()
        self.services = Services(code=self.code)

    def runner(self, stored: JsonObject, value: object, expected: object) -> Callable[[], Awaitable[None]]:
        graph = Graph.parse(stored, registry=self.registry)

        async def once() -> None:
            events: list[Event] = []
            pool = Pool(inputs={"q": value})
            run = WorkflowRun(
                graph, pool, self.services, new_id=lambda: f"{next(self.numbers)}", emit=events.append, limits=LIMITS
            )
            result = await run.execute()
            assert result.outputs == {"out": expected}, (result.status, result.error)

        return once

    async def calls(self, count: int) -> None:
        """The outside work alone, one call after the other."""
        for _ in range(count):
            await self.code.call_main("python3", SOURCE, {"x": "hello"})

    async def calls_at_once(self, count: int) -> None:
        """The outside work alone, all at once."""
        async with asyncio.TaskGroup() as group:
            for i in range(count):
                group.create_task(self.code.call_main("python3", SOURCE, {"x": i}))


async def steps(count: int) -> int:
    """A loop of coroutines that add."""

    async def add(value: int) -> int:
        return value + 1

    value = 0
    for _ in range(count):
        value = await add(value)
    return value


async def running(bench: Bench) -> None:
    numbers = list(range(ITEMS))
    run = bench.runner(mixed(), "hello", "hello")
    told(
        "30 nodes, 10 of them code",
        await seconds(run, 100),
        await seconds(lambda: bench.calls(10), 1000),
        "the 10 calls alone",
    )
    run = bench.runner(parallel(), numbers, numbers)
    told(
        f"{ITEMS} items at once",
        await seconds(run, 3),
        await seconds(lambda: bench.calls_at_once(ITEMS), 20),
        f"{ITEMS} tasks alone",
    )
    run = bench.runner(looped(), "hello", ROUNDS)
    told(
        f"loop of {ROUNDS} rounds",
        await seconds(run, 2),
        await seconds(lambda: steps(ROUNDS), 100),
        f"{ROUNDS} bare coroutines",
    )


async def carrying(bench: Bench) -> None:
    text = "x" * (MEGABYTES * 1024 * 1024)
    run = bench.runner(heavy(), text, text)

    async def encode() -> None:
        msgspec.json.encode(text)

    told(
        f"{MEGABYTES} MB through 12 nodes", await seconds(run, 20), await seconds(encode, 20), "one JSON encoding of it"
    )
    tracemalloc.start()
    await run()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"{'  memory on top of the value':<34}: {peak / 1024 / 1024:>9.2f} MB, {peak / len(text):>6.2f} x the value")


async def loading(bench: Bench) -> None:
    text = msgspec.json.encode(large())

    async def decode() -> None:
        msgspec.json.decode(text)

    async def load() -> None:
        Graph.parse(msgspec.json.decode(text), registry=bench.registry)

    async def check() -> None:
        assert check_app(App({"graph": msgspec.json.decode(text)}), registry=bench.registry) == []

    decoding = await seconds(decode, 20)
    told(f"load {LOADED} nodes", await seconds(load, 5), decoding, "decoding their JSON")
    told(f"examine {LOADED} nodes", await seconds(check, 1), decoding, "decoding their JSON")


async def main() -> None:
    bench = Bench()
    await running(bench)
    await carrying(bench)
    await loading(bench)


if __name__ == "__main__":
    asyncio.run(main())
