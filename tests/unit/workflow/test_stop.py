from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import pytest

from orrery.inference.cut_off import note_spent
from orrery.inference.types import Usage
from orrery.workflow.engine import USER_STOP, WorkflowRun
from orrery.workflow.events import NodeFinished, NodeStarted, RunPaused, RunStopped
from orrery.workflow.journal import Resume
from orrery.workflow.limits import RunLimits
from orrery.workflow.node import NodeOutcome, NodePause
from orrery.workflow.pool import Pool
from orrery.workflow.testing import ListJournal, ManualClock, Services, counting_ids, event_name, settle

from .graphs import answer, end, node, parse, run, start, stored


class Hanging:
    """Waits until it is cancelled, and counts that."""

    type: ClassVar[str] = "hang"
    kind: ClassVar[str] = "executable"
    repeatable: ClassVar[bool] = False
    cancelled: ClassVar[int] = 0

    def __init__(self) -> None:
        type(self).cancelled = 0

    @classmethod
    def parse(cls, node_id: str, data: Any) -> Any:
        return cls()

    def references(self) -> Any:
        return ()

    async def run(self, context: Any) -> NodeOutcome:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            type(self).cancelled += 1
            raise
        return NodeOutcome()


HANGING = stored(start(), node("a", "hang"), end(q="sys.query"), edges_="start > a > end")


async def test_a_stopped_run_says_why_and_cancels_what_runs() -> None:
    runs: list[WorkflowRun] = []
    task = asyncio.create_task(run(HANGING, kinds={"hang": Hanging}, drive=runs.append))
    await settle()
    runs[0].abort(USER_STOP)
    runs[0].abort("too late")
    trial = await task
    assert (trial.result.status, trial.result.error, trial.result.by_limit) == ("stopped", "User requested stop", False)
    assert [e.error for e in trial.events if isinstance(e, NodeFinished)] == [None, "Execution cancelled"]
    assert Hanging.cancelled == 1
    assert isinstance(trial.events[-1], RunStopped)


async def test_a_run_stopped_before_it_begins_runs_nothing() -> None:
    trial = await run(HANGING, kinds={"hang": Hanging}, drive=WorkflowRun.abort)
    assert trial.names() == ["graph_run_started", "graph_run_aborted"]
    assert trial.result.error == "Workflow execution aborted by user command"


async def test_a_cancelled_task_cancels_inside_and_tells_no_end() -> None:
    events: list[Any] = []
    graph = parse(HANGING, hang=Hanging)
    made = WorkflowRun(graph, Pool(), Services(), new_id=counting_ids(), emit=events.append, clock=ManualClock())
    task = asyncio.create_task(made.execute())
    await settle()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert Hanging.cancelled == 1
    assert [event_name(event) for event in events][-1] == "node_started"


async def test_too_many_steps_stop_the_run() -> None:
    graph = stored(start(), answer("a", "1"), answer("b", "2"), answer("c", "3"), edges_="start > a > b > c")
    trial = await run(graph, limits=RunLimits(max_steps=2))
    assert (trial.result.status, trial.result.by_limit) == ("stopped", True)
    assert trial.result.error == "Maximum execution steps exceeded: 3 > 2"
    assert trial.result.outputs["answer"] == "12"


async def test_too_much_time_stops_even_a_node_that_hangs() -> None:
    clock = ManualClock()
    task = asyncio.create_task(run(HANGING, kinds={"hang": Hanging}, clock=clock, limits=RunLimits(max_seconds=30)))
    await settle()
    await clock.advance(30.5)
    trial = await task
    assert (trial.result.status, trial.result.by_limit) == ("stopped", True)
    assert trial.result.error == "Maximum execution time exceeded: 30.00s > 30s"


async def test_what_a_model_had_used_when_it_was_cut_off_is_counted() -> None:
    """At any depth: the run's end says it."""

    class Speaking(Hanging):
        async def run(self, context: Any) -> Any:
            try:
                await super().run(context)
            except asyncio.CancelledError as cut:
                note_spent(cut, Usage(prompt_tokens=3, completion_tokens=2, total_tokens=5))
                raise

    graph = stored(
        start(),
        node("a", "hang"),
        node("it", "iteration", iterator_selector=["start", "items"], output_selector=["b", "text"]),
        node("itstart", "iteration-start", parent="it"),
        node("b", "hang", parent="it"),
        edges_="start > a, start > it, itstart > b",
    )
    clock = ManualClock()
    pool = Pool(inputs={"items": ["x"]})
    task = asyncio.create_task(
        run(graph, kinds={"hang": Speaking}, pool=pool, clock=clock, limits=RunLimits(max_seconds=30))
    )
    await settle()
    await clock.advance(30.5)
    trial = await task
    assert (trial.result.status, trial.result.total_tokens, trial.result.usage.completion_tokens) == ("stopped", 10, 4)


async def test_a_paused_run_lets_running_nodes_finish_and_goes_on_later() -> None:
    graph = stored(start(), node("a", "llm"), answer("out", "{{#a.text#}}!"), edges_="start > a > out")
    journal = ListJournal()

    def drive(made: WorkflowRun) -> None:
        asyncio.get_running_loop().call_soon(made.pause)

    trial = await run(graph, journal=journal, drive=drive)
    assert trial.names()[-2:] == ["node_succeeded", "graph_run_paused"]
    assert trial.result.status == "paused"
    assert isinstance(trial.events[-1], RunPaused)
    assert trial.events[-1].reasons == ({"type": "scheduled_pause"},)
    assert len(journal.entries) == 3  # start; llm began; llm done
    later = await run(graph, journal=journal, resume=Resume.from_entries(journal.entries))
    assert later.names() == ["graph_run_started", "node_started", "node_succeeded", "graph_run_succeeded"]
    assert "".join(trial.chunks() + later.chunks()) == later.result.outputs["answer"] == "one two!"


async def test_a_node_may_ask_for_the_pause_and_runs_again_after_it() -> None:
    answered = False

    class Asking(Hanging):
        kind: ClassVar[str] = "branch"

        async def run(self, context: Any) -> NodeOutcome:
            if not answered:
                raise NodePause({"type": "human_input_required", "form_id": "f1"})
            return NodeOutcome(outputs={"x": "yes"}, handle="go")

    graph = stored(
        start(),
        node("a", "llm"),
        node("ask", "ask"),
        answer("out", "{{#a.text#}} {{#ask.x#}}"),
        edges_="start > a > ask, ask:go > out",
    )
    journal = ListJournal()
    trial = await run(graph, kinds={"ask": Asking}, journal=journal)
    assert trial.names()[-2:] == ["node_paused", "graph_run_paused"]
    assert (trial.result.paused_nodes, trial.chunks()) == (("ask",), [])
    assert trial.result.pause_reasons == ({"type": "human_input_required", "form_id": "f1"},)
    answered = True
    later = await run(graph, kinds={"ask": Asking}, resume=Resume.from_entries(journal.entries))
    assert later.names()[:2] == ["graph_run_started", "node_started"]
    assert later.result.outputs["answer"] == "".join(later.chunks()) == "one two yes"


async def test_a_pause_that_comes_too_late_loses_no_text() -> None:
    def drive(made: WorkflowRun) -> None:
        asyncio.get_running_loop().call_soon(made.pause)

    graph = stored(start(), node("a", "tool"), answer("out", "a {{#start.ghost#}} b"), edges_="start > out, start > a")
    trial = await run(graph, drive=drive)
    assert (trial.result.status, "".join(trial.chunks())) == ("succeeded", "a  b")


async def test_a_run_that_is_stopped_while_it_pauses_is_stopped() -> None:
    graph = stored(
        start(),
        node("lo", "loop", loop_count=9),
        node("lostart", "loop-start", parent="lo"),
        node("a", "tool", parent="lo"),
        edges_="start > lo, lostart > a",
    )

    def drive(made: WorkflowRun) -> None:
        asyncio.get_running_loop().call_soon(made.pause)

    trial = await run(graph, drive=drive, limits=RunLimits(max_steps=6))
    assert trial.result.status == "stopped"
    assert "node_paused" not in trial.names()
    assert trial.names()[-2:] == ["node_failed", "graph_run_aborted"]


async def test_every_node_inside_tells_its_end_when_a_limit_stops_the_run() -> None:
    """The container is cancelled from outside while it cancels what runs inside."""
    graph = stored(
        start(),
        node("lo", "loop", loop_count=9),
        node("lostart", "loop-start", parent="lo"),
        node("a", "tool", parent="lo"),
        node("b", "tool", parent="lo"),
        node("hang", "hang", parent="lo"),
        edges_="start > lo, lostart > a > b, lostart > hang",
    )
    trial = await run(graph, kinds={"hang": Hanging}, limits=RunLimits(max_steps=5))
    assert trial.result.status == "stopped"
    begun = {event.id for event in trial.events if isinstance(event, NodeStarted)}
    ended = [event.id for event in trial.events if isinstance(event, NodeFinished)]
    assert sorted(begun) == sorted(ended)
    assert isinstance(trial.events[-1], RunStopped)
