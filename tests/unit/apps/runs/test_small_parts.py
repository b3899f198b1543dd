"""Cuts for display, slots of apps, bounds, rows of nodes, the pool that a run begins with."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.away import AwayCache
from tests.support.clock import MovableClock
from tests.unit.apps.runs.specs import spec, turn

from orrery.apps.runs import statements
from orrery.apps.runs.admission import Admission
from orrery.apps.runs.errors import Overloaded, TooManyRuns
from orrery.apps.runs.limits import RunPolicy
from orrery.apps.runs.node_rows import NodeRows
from orrery.apps.runs.pool import pool_for, system_variables
from orrery.apps.runs.service import AppRef
from orrery.apps.runs.truncation import DisplayLimits, truncated
from orrery.apps.runs.turns import initial_name
from orrery.cache.memory import MemoryCache
from orrery.database import new_id
from orrery.workflow.events import NodeFinished, NodeRetry, NodeStarted
from orrery.workflow.journal import FinishedNode, Resume, StartedNode

LIMITS = DisplayLimits(max_size=60, string_length=10, array_length=3)
JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=4), inner, max_size=5),
    max_leaves=15,
)


@settings(max_examples=80, deadline=None)
@given(JSON)
def test_cut_values_keep_their_shape_and_say_so(value: Any) -> None:
    shown: Any
    shown, cut = truncated(value, LIMITS)
    assert (shown is value) is not cut
    assert shown.__class__ is value.__class__
    if not cut and isinstance(value, str):
        assert len(value) <= 10


def test_what_is_cut() -> None:
    assert truncated("x" * 11, LIMITS) == ("x" * 10 + "...", True)
    assert truncated([1, 2, 3, 4], LIMITS) == ([1, 2, 3], True)
    whole = {"a": "x" * 10, "b": [1, 2, 3]}
    assert truncated(whole, LIMITS) == (whole, False)
    wide, cut = truncated({f"key{i}": "x" * 10 for i in range(20)}, LIMITS)
    assert cut
    assert len(repr(wide)) < 200


def app(limit: int | None) -> AppRef:
    return AppRef(workspace_id="w", app_id="a", mode="workflow", max_active_requests=limit)


@pytest.mark.parametrize(
    ("own", "default", "ceiling", "bound"),
    [(None, 0, 0, 0), (5, 0, 0, 5), (None, 3, 0, 3), (5, 3, 0, 5), (5, 0, 2, 2), (None, 0, 2, 2), (0, 3, 9, 3)],
)
def test_the_smallest_positive_bound_counts(own: int | None, default: int, ceiling: int, bound: int) -> None:
    policy = RunPolicy(default_active_requests=default, max_active_requests=ceiling)
    assert policy.bound_for(own) == bound


async def test_slots() -> None:
    cache = MemoryCache()
    gate = Admission(cache, RunPolicy(max_live_runs=9))
    await gate.enter(app(2), "r1", live=0)
    await gate.enter(app(2), "r2", live=1)
    with pytest.raises(TooManyRuns, match="allowed for a is 2") as error:
        await gate.enter(app(2), "r3", live=2)
    assert (error.value.status, error.value.retry_after) == (429, 1)
    await gate.leave("r3")
    await gate.leave("never entered")
    with pytest.raises(TooManyRuns):
        await gate.enter(app(2), "r3", live=2)
    await gate.leave("r1")
    await gate.leave("r1")
    await gate.enter(app(2), "r3", live=2)
    with pytest.raises(TooManyRuns):
        await gate.enter(app(2), "r4", live=2)
    with pytest.raises(Overloaded):
        await gate.enter(app(None), "r5", live=9)


async def test_without_the_cache_a_process_counts_its_own() -> None:
    cache = AwayCache()
    gate = Admission(cache, RunPolicy())
    await gate.enter(app(2), "before", live=0)
    cache.away = True
    await gate.enter(app(2), "r1", live=1)
    with pytest.raises(TooManyRuns):
        await gate.enter(app(2), "r2", live=2)
    await gate.leave("r1")
    await gate.enter(app(2), "r2", live=1)
    cache.away = False
    await gate.enter(app(2), "r3", live=2)
    for run_id in ("before", "r2", "r3"):
        await gate.leave(run_id)
    await gate.enter(app(1), "r4", live=0)
    with pytest.raises(TooManyRuns):
        await gate.enter(app(1), "r5", live=1)


async def test_slots_that_ran_out_are_not_given_back_twice() -> None:
    clock = MovableClock()
    cache = MemoryCache(clock=clock.monotonic)
    gate = Admission(cache, RunPolicy())
    await gate.enter(app(1), "long", live=0)
    clock.advance(seconds=601)
    await gate.leave("long")
    await gate.enter(app(1), "r1", live=0)
    with pytest.raises(TooManyRuns):
        await gate.enter(app(1), "r2", live=0)


NODE: dict[str, Any] = {
    "node_id": "n", "node_type": "llm", "title": "T", "index": 1, "started_at": 5.0, "predecessor_node_id": None,
}  # fmt: skip
DONE: dict[str, Any] = {
    "status": "succeeded", "inputs": {}, "process_data": {}, "outputs": {"a": 1}, "error": None, "error_type": "",
    "metadata": {}, "elapsed": 0.1, "finished_at": 5.1,
}  # fmt: skip


FAILED: dict[str, Any] = {**DONE, "status": "failed"}


def test_a_node_that_may_be_done_twice_is_one_row() -> None:
    rows = NodeRows(spec())
    execution = new_id()
    rows.event(NodeStarted(id=execution, **NODE))
    assert not rows.waiting
    rows.journal(FinishedNode(node_id="n", execution_id=execution, status="succeeded", outputs={"a": 1}))
    rows.event(NodeFinished(id=execution, **NODE, **DONE))
    assert not rows.precious
    ((statement, row),) = rows.take()
    assert statement is statements.INSERT_NODE
    assert (row["status"], row["outputs"]) == ("succeeded", '{"a":1}')
    assert '"finished"' in str(row["checkpoint"])
    assert rows.take() == []


def test_a_node_that_must_not_be_is_written_when_it_begins() -> None:
    rows = NodeRows(spec())
    execution = new_id()
    rows.event(NodeStarted(id=execution, **NODE))
    rows.journal(StartedNode("n", execution))
    ((statement, row),) = rows.take()
    assert (statement is statements.INSERT_NODE, row["status"], row["finished_at"]) == (True, "running", None)
    rows.event(NodeFinished(id=execution, **NODE, **DONE))
    assert rows.precious
    ((statement, row),) = rows.take()
    assert (statement is statements.FINISH_NODE, row["b_id"], row["b_status"]) == (True, execution, "succeeded")
    assert not rows.precious


def test_a_row_of_an_earlier_process_is_finished_not_made_again() -> None:
    rows = NodeRows(spec())
    execution = new_id()
    rows.adopt(Resume(started={"n": execution}))
    rows.event(NodeStarted(id=execution, **NODE))
    rows.journal(StartedNode("n", execution))
    assert not rows.waiting
    rows.event(NodeFinished(id=execution, **NODE, **FAILED))
    assert rows.take()[0][0] is statements.FINISH_NODE


def test_each_retry_is_a_row_of_its_own() -> None:
    rows = NodeRows(spec())
    execution = new_id()
    for number in (1, 2):
        rows.event(
            NodeRetry(id=execution, **NODE, retry_index=number, error="e", error_type="E", elapsed=0, finished_at=5.0)
        )
    taken = rows.take()
    assert len({row["id"] for _, row in taken} | {execution}) == 3
    assert {(row["status"], row["node_execution_id"]) for _, row in taken} == {("retry", execution)}


def test_system_variables() -> None:
    run = spec()
    assert list(system_variables(run)) == ["files", "user_id", "app_id", "workflow_id", "workflow_run_id", "timestamp"]
    assert system_variables(run)["user_id"] == "ann"
    talk = spec(kind="chat", turn=turn(query="q", dialogue_count=4))
    assert list(system_variables(talk)) == [
        "query", "files", "user_id", "app_id", "workflow_id", "workflow_run_id", "dialogue_count", "conversation_id",
    ]  # fmt: skip


def test_the_pool_of_a_basic_app_holds_its_form() -> None:
    run = spec(kind="basic", turn=turn(), inputs={"城市": "北京"})
    secret: dict[str, object] = {"name": "key", "value_type": "secret", "value": "s", "id": "1"}
    form = [{"variable": "城市"}, {"variable": "absent"}]
    pool = pool_for(run, environment=[secret], conversation=[], form=form, file_url=lambda _: "")
    assert dict(pool.namespace("form")) == {"v0": "北京", "v1": None}
    assert pool.namespace("env")["key"] == "s"


@pytest.mark.parametrize(
    ("query", "name"),
    [("", "New conversation"), (" \n ", "New conversation"), ("a  b\nc", "a b c"), ("x" * 20, "x" * 20), ("x" * 21, "x" * 20 + "…")],
)  # fmt: skip
def test_first_names_of_conversations(query: str, name: str) -> None:
    assert initial_name(query) == name
