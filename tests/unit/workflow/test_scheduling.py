from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.workflow.events import NodeFinished, NodeStarted
from orrery.workflow.node import NodeOutcome
from orrery.workflow.testing import settle

from .graphs import answer, end, node, run, start, stored
from .reference_interpreter import interpret


class Branching:
    """Goes on along the handle that its data names, at once or after a turn of the event loop."""

    type: ClassVar[str] = "fork"
    kind: ClassVar[str] = "branch"
    repeatable: ClassVar[bool] = True
    inline: ClassVar[bool] = True

    def __init__(self, handle: str) -> None:
        self._handle = handle

    @classmethod
    def parse(cls, node_id: str, data: Any) -> Any:
        return cls(data["handle"])

    def references(self) -> Any:
        return ()

    async def run(self, context: Any) -> NodeOutcome:
        return NodeOutcome(handle=self._handle)


class Plain(Branching):
    kind: ClassVar[str] = "executable"


class WaitingBranching(Branching):
    inline: ClassVar[bool] = False

    async def run(self, context: Any) -> NodeOutcome:
        await asyncio.sleep(0)
        return NodeOutcome(handle=self._handle)


class WaitingPlain(WaitingBranching):
    kind: ClassVar[str] = "executable"


@st.composite
def random_graphs(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, str]]:
    count = draw(st.integers(2, 9))
    nodes, choices, edges = [start()], {}, []
    for i in range(1, count):
        branch = draw(st.booleans())
        handle = draw(st.sampled_from(["a", "b", "c"]))
        nodes.append(node(f"n{i}", "fork" if branch else "plain", handle=handle if branch else "x"))
        if branch:
            choices[f"n{i}"] = handle
        sources = draw(st.lists(st.integers(0, i - 1), max_size=3))
        for source in sources:
            name = f"n{source}" if source else "start"
            handle = draw(st.sampled_from(["a", "b"])) if name in choices else "source"
            edges.append({"source": name, "sourceHandle": handle, "target": f"n{i}"})
    return {"nodes": nodes, "edges": edges}, choices


@settings(max_examples=150, deadline=None)
@given(random_graphs())
async def test_nodes_run_as_the_rules_say(case: tuple[dict[str, Any], dict[str, str]]) -> None:
    graph, choices = case
    expected = interpret(graph, choices, "start")
    at_once = await run(graph, kinds={"fork": Branching, "plain": Plain})
    started = [event.node_id for event in at_once.events if isinstance(event, NodeStarted)]
    assert started == expected
    waiting = await run(graph, kinds={"fork": WaitingBranching, "plain": WaitingPlain})
    started = [event.node_id for event in waiting.events if isinstance(event, NodeStarted)]
    assert sorted(started) == sorted(expected)
    assert waiting.result.total_steps == len(expected)


async def test_waiting_nodes_run_side_by_side_up_to_the_limit() -> None:
    running, most = 0, 0
    gate = asyncio.Event()

    class Slow(WaitingPlain):
        async def run(self, context: Any) -> NodeOutcome:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await gate.wait()
            running -= 1
            return NodeOutcome()

    from orrery.workflow.limits import RunLimits

    names = [f"n{i}" for i in range(6)]
    graph = stored(
        start(),
        *(node(name, "slow", handle="x") for name in names),
        end(),
        edges_=",".join(f"start > {name} > end" for name in names),
    )
    task = asyncio.create_task(run(graph, kinds={"slow": Slow}, limits=RunLimits(max_workers=4)))
    await settle()
    assert running == 4
    gate.set()
    trial = await task
    assert (most, trial.result.status, trial.result.total_steps) == (4, "succeeded", 8)


async def test_end_outputs_merge_and_answers_are_joined() -> None:
    graph = stored(
        start(),
        answer("a", "one "),
        answer("b", "two"),
        end("e1", x="a.answer"),
        end("e2", x="b.answer", y="a.answer"),
        edges_="start > a > b > e1 > e2",
    )
    trial = await run(graph)
    assert trial.result.outputs == {"answer": "one two", "files": [], "x": "two", "y": "one "}


async def test_ids_and_numbers_of_events_hang_together() -> None:
    trial = await run(stored(start(), node("a", "llm"), end(x="a.text"), edges_="start > a > end"))
    started = {event.node_id: event for event in trial.events if isinstance(event, NodeStarted)}
    finished = {event.node_id: event for event in trial.events if isinstance(event, NodeFinished)}
    assert [event.index for event in started.values()] == [1, 2, 3]
    assert {name: event.id for name, event in started.items()} == {name: event.id for name, event in finished.items()}
    assert finished["a"].metadata["total_tokens"] == 15
    assert (trial.result.total_tokens, trial.result.total_steps) == (15, 3)


async def test_a_node_that_claims_never_to_wait_must_not() -> None:
    class Liar(WaitingPlain):
        inline: ClassVar[bool] = True

    trial = await run(stored(start(), node("a", "liar", handle="x"), edges_="start > a"), kinds={"liar": Liar})
    assert trial.result.status == "failed"
    assert "inline" in str(trial.result.error)


async def test_a_long_chain_of_inline_nodes_lets_others_work() -> None:
    from orrery.workflow.limits import RunLimits

    names = ["start", *(f"n{i}" for i in range(600))]
    graph = stored(start(), *(node(name, "plain", handle="x") for name in names[1:]), edges_=" > ".join(names))
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(count())
    trial = await run(graph, kinds={"plain": Plain}, limits=RunLimits(max_steps=1000))
    other.cancel()
    assert trial.result.status == "succeeded"
    assert turns >= 2


@settings(max_examples=60, deadline=None)
@given(random_graphs(), st.randoms(use_true_random=False))
async def test_timing_changes_nothing_that_the_graph_decides(case: Any, dice: Any) -> None:
    graph, _ = case
    graph["nodes"].append(end(**{f"x{i}": f"{item['id']}.seen" for i, item in enumerate(graph["nodes"])}))
    graph["edges"] += [{"source": item["id"], "target": "end"} for item in graph["nodes"][:-1]]
    sources = {
        item["id"]: [e["source"] for e in graph["edges"] if e["target"] == item["id"]] for item in graph["nodes"]
    }

    class Looking(Branching):
        """Says which of its predecessors it saw done, after a random number of turns."""

        inline: ClassVar[bool] = False

        async def run(self, context: Any) -> NodeOutcome:
            for _ in range(dice.randint(0, 6)):
                await asyncio.sleep(0)
            seen = [source for source in sources[context.node_id] if context.variables.exists([source, "seen"])]
            return NodeOutcome(outputs={"seen": seen}, handle=self._handle)

    class LookingPlain(Looking):
        kind: ClassVar[str] = "executable"

    kinds = {"fork": Looking, "plain": LookingPlain}
    outcomes = [(await run(graph, kinds=kinds)).result for _ in range(2)]
    assert outcomes[0].outputs == outcomes[1].outputs
    assert outcomes[0].total_steps == outcomes[1].total_steps
