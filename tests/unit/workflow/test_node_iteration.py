from __future__ import annotations

import asyncio
from typing import Any

import pytest

from orrery.workflow.events import IterationCompleted, NodeFinished, NodeStarted, TextChunk
from orrery.workflow.limits import RunLimits
from orrery.workflow.node import NodeFailure
from orrery.workflow.pool import Pool

from .graphs import answer, assign, end, node, run, start, stored
from .test_stop import Hanging


def iteration(*inner: dict[str, Any], chain: str, result: str = "x.text", **data: Any) -> dict[str, Any]:
    return stored(
        start(),
        node("it", "iteration", iterator_selector=["start", "items"], output_selector=result.split("."), **data),
        node("itstart", "iteration-start", parent="it"),
        *({**item, "parentId": "it"} for item in inner),
        end(out="it.output"),
        edges_=f"start > it > end, itstart > {chain}",
    )


def doubled(context: Any) -> dict[str, object]:
    item = context.variables.get(["it", "item"])
    if item == "bad":
        raise NodeFailure("bad item")
    return {"text": None if item is None else item * 2}


async def over(items: Any, graph: dict[str, Any] | None = None, scripts: Any = None, **data: Any) -> Any:
    graph = graph or iteration(node("x", "tool"), chain="x", **data)
    return await run(graph, scripts or {"x": doubled}, pool=Pool(inputs={"items": items}))


@pytest.mark.parametrize("parallel", [False, True])
async def test_every_item_gives_one_result_in_order(parallel: bool) -> None:
    trial = await over([1, 2, 3], is_parallel=parallel)
    assert trial.result.outputs == {"out": [2, 4, 6]}
    assert trial.result.total_steps == 3
    done = next(event for event in trial.events if isinstance(event, IterationCompleted))
    assert (done.status, done.steps, done.inputs) == ("succeeded", 3, {"iterator_selector": [1, 2, 3]})
    assert sorted(done.metadata["iteration_duration_map"]) == ["0", "1", "2"]  # type: ignore[call-overload]


async def test_events_of_items_in_turn() -> None:
    names = (await over([1, 2])).names()
    item = ["iteration_next", "node_started", "node_succeeded"]
    assert names[3:-5] == ["node_started", "iteration_started", *item, *item, "iteration_succeeded"]


async def test_events_of_items_at_once_come_in_blocks() -> None:
    trial = await over([1, 2], is_parallel=True)
    pair = ["node_started", "node_succeeded"]
    assert trial.names()[4:-5] == [
        "iteration_started",
        "iteration_next",
        "iteration_next",
        *pair,
        *pair,
        "iteration_succeeded",
    ]
    inner = [event for event in trial.events if isinstance(event, NodeFinished) and event.node_id == "x"]
    assert [event.marks.iteration_index for event in inner] == [0, 1]
    assert {event.marks.iteration_id for event in inner} == {"it"}
    assert inner[1].metadata["iteration_index"] == 1


@pytest.mark.parametrize("items", [[], None])
async def test_nothing_to_do_tells_nothing(items: Any) -> None:
    trial = await over(items)
    assert trial.result.outputs == {"out": []}
    assert not [name for name in trial.names() if name.startswith("iteration")]


@pytest.mark.parametrize(
    ("items", "error"),
    [("text", "invalid iterator value: text, please provide a list."), (..., None)],
)
async def test_only_lists_are_iterated(items: Any, error: str | None) -> None:
    if error is None:
        trial = await run(iteration(node("x", "tool"), chain="x"))
        assert trial.result.error == "iterator variable ['start', 'items'] not found"
    else:
        assert (await over(items)).result.error == error


@pytest.mark.parametrize("parallel", [False, True])
@pytest.mark.parametrize(
    ("mode", "outputs"),
    [("continue-on-error", [2, None, 6]), ("remove-abnormal-output", [2, 6]), ("terminated", None)],
)
async def test_failed_items(mode: str, outputs: Any, parallel: bool) -> None:
    trial = await over([1, "bad", 3], error_handle_mode=mode, is_parallel=parallel)
    done = next(event for event in trial.events if isinstance(event, IterationCompleted))
    if outputs is None:
        assert (trial.result.status, trial.result.error, done.status) == ("failed", "bad item", "failed")
        return
    # What a container absorbs inside does not make the run a partial one.
    assert (trial.result.outputs, trial.result.status) == ({"out": outputs}, "succeeded")


async def test_null_results_are_dropped_only_at_once() -> None:
    assert (await over([1, None], error_handle_mode="remove-abnormal-output")).result.outputs == {"out": [2, None]}
    trial = await over([1, None], error_handle_mode="remove-abnormal-output", is_parallel=True)
    assert trial.result.outputs == {"out": [2]}


@pytest.mark.parametrize(
    ("flatten", "items", "out"),
    [
        (True, [[1], [2, 3], None], [1, 1, 2, 3, 2, 3]),
        (False, [[1], [2, 3]], [[1, 1], [2, 3, 2, 3]]),
        (True, [[1], 2], [[1, 1], 4]),
    ],
)
async def test_lists_of_lists_are_flattened_when_all_are_lists(flatten: bool, items: Any, out: Any) -> None:
    assert (await over(items, flatten_output=flatten)).result.outputs == {"out": out}


async def test_items_see_the_pool_but_only_conversation_variables_come_back() -> None:
    graph = iteration(
        node("x", "tool"),
        assign("keep", ("conversation.seen", "append", ("it", "item"))),
        chain="x > keep",
    )
    graph["nodes"][-1] = end(out="it.output", inner="x.text", seen="conversation.seen", item="it.item")
    pool = Pool(inputs={"items": ["a", "b"]})
    pool.declare("conversation", "seen", "array[string]", [])
    trial = await run(graph, {"x": doubled}, pool=pool)
    assert trial.result.outputs == {"out": ["aa", "bb"], "inner": None, "seen": ["a", "b"], "item": None}


async def test_answers_inside_stream_but_are_not_in_the_outputs() -> None:
    graph = iteration(answer("x", "<{{#it.item#}}>"), chain="x", result="x.answer")
    trial = await over(["a", "b"], graph)
    inner = [event for event in trial.events if isinstance(event, TextChunk) and event.marks.iteration_id == "it"]
    assert "".join(event.text for event in inner) == "<a><b>"
    assert trial.result.outputs == {"out": ["<a>", "<b>"]}


async def test_tokens_inside_count_for_the_run() -> None:
    trial = await over([1, 2], iteration(node("x", "llm"), chain="x"), {"x": {"text": "w"}})
    done = next(event for event in trial.events if isinstance(event, IterationCompleted))
    assert (trial.result.total_tokens, done.total_tokens) == (30, 30)


async def test_steps_inside_count_for_the_limit() -> None:
    graph = iteration(node("x", "tool"), chain="x")
    trial = await run(graph, {"x": doubled}, pool=Pool(inputs={"items": [1] * 50}), limits=RunLimits(max_steps=20))
    assert trial.result.error == "Maximum execution steps exceeded: 21 > 20"
    assert trial.result.status == "stopped"


async def test_no_more_items_at_once_than_asked_for() -> None:
    running = most = 0

    class Counting(Hanging):
        async def run(self, context: Any) -> Any:
            from orrery.workflow.node import NodeOutcome

            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1
            return NodeOutcome()

    graph = iteration(node("x", "count"), chain="x", is_parallel=True, parallel_nums=3)
    trial = await run(graph, pool=Pool(inputs={"items": list(range(9))}), kinds={"count": Counting})
    assert (trial.result.status, most) == ("succeeded", 3)


async def test_a_stopped_run_stops_its_rounds() -> None:
    graph = iteration(node("x", "hang"), chain="x")
    made: list[Any] = []
    task = asyncio.create_task(
        run(graph, pool=Pool(inputs={"items": [1, 2]}), kinds={"hang": Hanging}, drive=made.append)
    )
    for _ in range(10):
        await asyncio.sleep(0)
    made[0].abort("enough")
    trial = await task
    assert (trial.result.status, trial.result.error, Hanging.cancelled) == ("stopped", "enough", 1)
    started = [event.id for event in trial.events if isinstance(event, NodeStarted)]
    assert sorted(started) == sorted(event.id for event in trial.events if isinstance(event, NodeFinished))


async def test_a_round_that_is_cut_off_leaves_nothing_behind() -> None:
    """What nobody is told of is not kept either: records and pool would say different things."""

    def gives(context: Any) -> dict[str, object]:
        if context.variables.get(["it", "item"]) == "bad":
            raise NodeFailure("bad item")
        return {"text": "x"}

    graph = iteration(
        assign("keep", ("conversation.seen", "over-write", ("it", "item"))),
        node("x", "tool"),
        node("y", "tool"),
        chain="keep > x > y",
        result="y.text",
        is_parallel=True,
        error_strategy="default-value",
        default_value=[{"key": "output", "type": "array[string]", "value": "[]"}],
    )
    graph["nodes"][-1]["data"]["outputs"].append({"variable": "seen", "value_selector": ["conversation", "seen"]})
    pool = Pool(inputs={"items": ["good", "bad"]})
    pool.declare("conversation", "seen", "string", "")
    trial = await run(graph, {"x": gives, "y": {"text": "y"}}, pool=pool)
    told = [
        write.value for event in trial.events if isinstance(event, NodeFinished) for write in event.conversation_writes
    ]
    assert (trial.result.status, told, trial.result.outputs["seen"]) == ("partial-succeeded", ["bad"], "bad")


async def test_no_item_begins_after_one_failed() -> None:
    """Rounds that never wait are quicker than their cancelling."""
    check = node(
        "x",
        "if-else",
        cases=[
            {
                "case_id": "c",
                "conditions": [{"variable_selector": ["it", "gone"], "comparison_operator": "is", "value": "x"}],
            }
        ],
    )
    trial = await over([1, 2, 3], iteration(check, chain="x", is_parallel=True, parallel_nums=3))
    assert trial.result.status == "failed"
    assert [
        event.marks.iteration_index for event in trial.events if isinstance(event, NodeStarted) and event.node_id == "x"
    ] == [0]
