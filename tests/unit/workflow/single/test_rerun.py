from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.errors import InvalidParam
from orrery.workflow.events import NodeStarted
from orrery.workflow.graph import Graph
from orrery.workflow.journal import FinishedNode
from orrery.workflow.node import NodeFailure
from orrery.workflow.pool import Pool
from orrery.workflow.rerun import rerun_from
from orrery.workflow.testing import ListJournal, Trial, counting_ids, try_graph
from workflow.graphs import answer, assign, end, if_else, node, parse, start, stored


def counted() -> tuple[dict[str, Any], itertools.count[int]]:
    numbers = itertools.count(1)

    def script(_: Any) -> dict[str, Any]:
        return {"text": f"v{next(numbers)}"}

    return {"a": script, "b": script, "c": script, "d": script}, numbers


GRAPH = stored(
    start(), node("a", "tool"), node("b", "tool"), node("c", "tool"), node("d", "tool"),
    end(a="a.text", b="b.text", c="c.text", d="d.text"),
    edges_="start > a > c > end, start > b > d > end",
)  # fmt: skip


async def first(graph: Graph, pool: Pool | None = None) -> tuple[Trial, list[FinishedNode]]:
    journal = ListJournal()
    trial = await try_graph(graph, pool, journal=journal)
    return trial, [entry for entry in journal.entries if isinstance(entry, FinishedNode)]


async def again(graph: Graph, node_id: str, entries: list[FinishedNode], pool: Pool | None = None) -> Trial:
    return await try_graph(graph, pool, resume=rerun_from(graph, node_id, entries, new_id=counting_ids("new-")))


def started(trial: Trial) -> set[str]:
    return {event.node_id for event in trial.events if isinstance(event, NodeStarted)}


async def test_only_the_node_and_what_follows_runs_again() -> None:
    scripts, _ = counted()
    graph = parse(GRAPH, scripts)
    before, entries = await first(graph)
    after = await again(graph, "a", entries)
    assert started(after) == {"a", "c", "end"}
    old, new = before.result.outputs, after.result.outputs
    assert (new["b"], new["d"]) == (old["b"], old["d"])
    assert new["a"] not in old.values()
    assert new["c"] not in old.values()
    assert after.result.status == "succeeded"
    assert after.result.total_steps == before.result.total_steps


async def test_kept_executions_get_ids_of_their_own() -> None:
    graph = parse(GRAPH)
    _, entries = await first(graph)
    resume = rerun_from(graph, "d", entries, new_id=counting_ids("new-"))
    assert {entry.node_id for entry in resume.finished} == {"start", "a", "b", "c"}
    assert {entry.execution_id for entry in resume.finished} == {f"new-{n}" for n in range(1, 5)}
    assert all(not entry.execution_id.startswith("new-") for entry in entries)


async def test_text_is_told_again() -> None:
    graph = parse(stored(start(), node("llm", "llm"), node("t", "tool"), answer("say", "{{#llm.text#}} {{#t.text#}}"),
                         edges_="start > llm > t > say"))  # fmt: skip
    before, entries = await first(graph)
    after = await again(graph, "t", entries)
    assert "".join(after.chunks()) == "".join(before.chunks()) == "one two done"


async def test_a_failed_node_is_where_to_go_on() -> None:
    broken: dict[str, Any] = {"c": NodeFailure("broken")}
    graph = parse(GRAPH, broken)
    trial, entries = await first(graph)
    assert trial.result.status == "failed"
    mended = parse(GRAPH)
    after = await again(mended, "c", entries)
    assert after.result.status == "succeeded"
    assert "a" not in started(after)


async def test_other_ways_and_unknown_nodes_are_refused() -> None:
    graph = parse(
        stored(start(), if_else("if", "start.x", "is", "1"), node("a", "tool"), node("b", "tool"), end(),
               edges_="start > if, if:true > a > end, if:false > b > end")
    )  # fmt: skip
    _, entries = await first(graph, Pool(inputs={"x": "1"}))
    with pytest.raises(InvalidParam, match="did not reach the node b"):
        rerun_from(graph, "b", entries)
    with pytest.raises(InvalidParam, match="Node nope not found"):
        rerun_from(graph, "nope", entries)
    assert started(await again(graph, "if", entries)) == {"if", "a", "end"}


async def test_a_node_inside_stands_for_its_container_and_variables_begin_as_they_were() -> None:
    graph = parse(
        stored(
            start(), node("lo", "loop", loop_count=2, loop_variables=[], break_conditions=[]),
            node("lostart", "loop-start", parent="lo"), {**assign("inc", ("conversation.n", "+=", 1)), "parentId": "lo"},
            end(n="conversation.n"), edges_="start > lo > end, lostart > inc",
        )
    )  # fmt: skip

    def pool() -> Pool:
        made = Pool()
        made.declare("conversation", "n", "number", 0)
        return made

    before, entries = await first(graph, pool())
    assert before.result.outputs == {"n": 2}
    after = await again(graph, "inc", entries, pool())
    assert after.result.outputs == {"n": 2}
    assert started(after) == {"lo", "inc", "end"}


@settings(max_examples=40, deadline=None)
@given(st.data())
async def test_a_rerun_from_anywhere_ends_as_the_run_did(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 7))
    names = [f"n{i}" for i in range(size)]
    edges = ["start > n0"]
    for i in range(1, size):
        sources = data.draw(st.sets(st.integers(0, i - 1), min_size=1, max_size=3))
        edges += [f"n{source} > n{i}" for source in sources]
    edges += [f"{name} > end" for name in names]
    graph = parse(stored(start(), *(node(name, "tool") for name in names), end(**{name: f"{name}.text" for name in names}),
                         edges_=", ".join(edges)))  # fmt: skip
    before, entries = await first(graph)
    after = await again(graph, data.draw(st.sampled_from(["start", *names, "end"])), entries)
    assert after.result.outputs == before.result.outputs
    assert after.result.total_steps == before.result.total_steps
