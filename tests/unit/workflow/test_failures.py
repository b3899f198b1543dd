from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from orrery.inference.types import InvokeRateLimitError
from orrery.workflow.events import NodeFinished, NodeRetry, NodeStarted
from orrery.workflow.node import NodeFailure
from orrery.workflow.testing import ManualClock, settle

from .graphs import answer, end, node, run, start, stored


class HTTPResponseCodeError(NodeFailure):
    """A failure that has a name."""


def failing(times: int, error: Exception) -> Callable[[Any], Mapping[str, object]]:
    left = times

    def outputs(context: Any) -> Mapping[str, object]:
        nonlocal left
        left -= 1
        if left >= 0:
            raise error
        return {"text": "cured"}

    return outputs


def last_of(trial: Any, node_id: str) -> NodeFinished:
    return next(event for event in trial.events if isinstance(event, NodeFinished) and event.node_id == node_id)


async def test_an_unhandled_failure_fails_the_run() -> None:
    graph = stored(start(), node("a", "tool"), end(x="a.text"), edges_="start > a > end")
    trial = await run(graph, {"a": HTTPResponseCodeError("status 500", outputs={"status_code": 500})})
    assert (trial.result.status, trial.result.error, trial.result.outputs) == ("failed", "status 500", {})
    assert trial.names()[-2:] == ["node_failed", "graph_run_failed"]
    failed = last_of(trial, "a")
    assert (failed.error_type, failed.outputs) == ("HTTPResponseCodeError", {"status_code": 500})
    assert trial.result.exceptions_count == 1


async def test_error_types_name_what_is_known() -> None:
    graph = stored(start(), node("a", "tool"), edges_="start > a")
    for error, name in (
        (NodeFailure("x"), ""),
        (InvokeRateLimitError("x"), "InvokeRateLimitError"),
        (KeyError("x"), "WorkflowNodeError"),
    ):
        assert last_of(await run(graph, {"a": error}), "a").error_type == name


async def test_default_values_go_on_along_the_success_edge() -> None:
    graph = stored(
        start(),
        node(
            "a",
            "tool",
            error_strategy="default-value",
            default_value=[
                {"key": "n", "type": "number", "value": "1.5"},
                {"key": "o", "type": "object", "value": "{}"},
            ],
        ),
        end(n="a.n", e="a.error_message", t="a.error_type"),
        edges_="start > a > end",
    )
    trial = await run(graph, {"a": HTTPResponseCodeError("bad")})
    assert trial.result.outputs == {"n": 1.5, "e": "bad", "t": "HTTPResponseCodeError"}
    assert (trial.result.status, trial.result.exceptions_count) == ("partial-succeeded", 1)
    failed = last_of(trial, "a")
    assert (failed.status, failed.metadata) == ("exception", {"error_strategy": "default-value"})
    assert failed.outputs == {"n": 1.5, "o": {}, "error_message": "bad", "error_type": "HTTPResponseCodeError"}


async def test_the_fail_branch_is_taken_instead_of_the_success_edge() -> None:
    graph = stored(
        start(),
        node("a", "tool", error_strategy="fail-branch"),
        answer("good", "good {{#a.text#}}"),
        answer("bad", "bad {{#a.error_message#}}"),
        edges_="start > a > good, a:fail-branch > bad",
    )
    failed = await run(graph, {"a": NodeFailure("oops")})
    assert (failed.result.outputs["answer"], failed.chunks()) == ("bad oops", ["bad ", "oops"])
    fine = await run(graph)
    assert (fine.result.outputs["answer"], fine.result.status) == ("good done", "succeeded")


async def test_retries_wait_tell_and_leave_their_trace() -> None:
    retry = {"retry_enabled": True, "max_retries": 3, "retry_interval": 500}
    graph = stored(start(), node("a", "tool", retry_config=retry), end(x="a.text"), edges_="start > a > end")
    clock = ManualClock()
    task = asyncio.create_task(run(graph, {"a": failing(2, NodeFailure("flaky"))}, clock=clock))
    await settle()
    await clock.advance(0.499)
    assert not task.done()
    await clock.advance(0.6)
    trial = await task
    retries = [event for event in trial.events if isinstance(event, NodeRetry)]
    assert [(event.retry_index, event.error) for event in retries] == [(1, "flaky"), (2, "flaky")]
    assert [event.elapsed for event in retries] == [0.5, 1.0]
    assert sum(isinstance(event, NodeStarted) and event.node_id == "a" for event in trial.events) == 1
    # A cured run still counts what went wrong, and each attempt is a step.
    assert (trial.result.status, trial.result.exceptions_count) == ("partial-succeeded", 2)
    assert (trial.result.outputs, trial.result.total_steps) == ({"x": "cured"}, 5)


async def test_the_strategy_applies_after_the_last_retry() -> None:
    retry = {"retry_enabled": True, "max_retries": 2, "retry_interval": 0}
    graph = stored(
        start(),
        node("a", "tool", retry_config=retry, error_strategy="fail-branch"),
        answer("bad", "{{#a.error_message#}}"),
        edges_="start > a, a:fail-branch > bad",
    )
    trial = await run(graph, {"a": NodeFailure("for good")})
    assert trial.names().count("node_retry") == 2
    assert (trial.result.outputs["answer"], trial.result.exceptions_count) == ("for good", 3)


async def test_only_some_types_retry() -> None:
    retry = {"retry_enabled": True, "max_retries": 2, "retry_interval": 0}
    graph = stored(start(), node("a", "template-transform", retry_config=retry, template="{{ x"), edges_="start > a")
    trial = await run(graph)
    assert (trial.result.status, trial.names().count("node_retry")) == ("failed", 0)


async def test_unread_text_of_a_failed_attempt_is_forgotten() -> None:
    attempts = 0

    def outputs(context: Any) -> Mapping[str, object]:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            context.stream("text", "broken")
            raise NodeFailure("cut")
        return {"text": "whole"}

    retry = {"retry_enabled": True, "max_retries": 1, "retry_interval": 0}
    graph = stored(
        start(),
        node("a", "llm", retry_config=retry),
        node("late", "tool"),
        answer("out", "{{#late.text#}} {{#a.text#}}"),
        edges_="start > a > late > out",
    )
    trial = await run(graph, {"a": outputs})
    assert "".join(trial.chunks()) == trial.result.outputs["answer"] == "done whole"


async def test_other_nodes_are_cut_off_when_one_fails() -> None:
    from .test_stop import Hanging

    graph = stored(start(), node("a", "tool"), node("b", "hang"), edges_="start > a, start > b")
    trial = await run(graph, {"a": NodeFailure("first")}, kinds={"hang": Hanging})
    assert trial.result.error == "first"
    cut = last_of(trial, "b")
    assert (cut.status, cut.error) == ("failed", "Execution cancelled")
    assert Hanging.cancelled == 1
