from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.workflow.engine import WorkflowRun
from orrery.workflow.events import NodeFinished, TextChunk
from orrery.workflow.journal import FinishedNode, JournalEntry, Resume
from orrery.workflow.node import NodeFailure
from orrery.workflow.pool import Pool
from orrery.workflow.testing import ListJournal, ManualClock, Services, counting_ids

from .graphs import answer, assign, end, if_else, node, parse, run, start, stored


def conversation() -> Pool:
    pool = Pool(inputs={"q": "x"}, system={"query": "hello"})
    pool.declare("conversation", "seen", "array[string]", [])
    return pool


GRAPH = stored(
    start(),
    node("a", "llm"),
    if_else("fork", "a.text", "contains", "one"),
    assign("keep", ("conversation.seen", "append", ("a", "text"))),
    node("b", "llm"),
    node("never", "tool"),
    answer("out", "A {{#a.text#}} B {{#b.text#}} C {{#conversation.seen#}}"),
    end(x="b.text"),
    edges_="start > a > fork, fork:true > keep > b > out > end, fork:false > never > out",
)


async def whole() -> tuple[Any, list[JournalEntry]]:
    journal = ListJournal()
    return await run(GRAPH, {"b": {"text": "b1 b2"}}, pool=conversation(), journal=journal), journal.entries


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 20), st.data())
async def test_a_run_cut_anywhere_ends_as_if_nothing_had_happened(cut: int, data: st.DataObject) -> None:
    trial, entries = await whole()
    text = "".join(trial.chunks())
    finished = [entry for entry in entries if isinstance(entry, FinishedNode)][:cut]
    shown = data.draw(st.integers(0, len(text)))
    # Journals travel: what comes back from JSON must do.
    finished = msgspec.json.decode(msgspec.json.encode(finished), type=list[FinishedNode])
    later = await run(
        GRAPH, {"b": {"text": "b1 b2"}}, pool=conversation(), resume=Resume(finished, {}, streamed_chars=shown)
    )
    assert "".join(later.chunks()) == text[shown:]
    assert later.result.outputs == trial.result.outputs
    assert (later.result.status, later.result.total_steps) == ("succeeded", trial.result.total_steps)
    assert later.result.total_tokens == trial.result.total_tokens
    ended = [event.node_id for event in later.events if isinstance(event, NodeFinished)]
    assert sorted([entry.node_id for entry in finished] + ended) == sorted(
        event.node_id for event in trial.events if isinstance(event, NodeFinished)
    )


async def test_what_finished_nodes_released_is_not_repeated_without_a_count() -> None:
    trial, entries = await whole()
    before = entries[: next(i for i, e in enumerate(entries) if e.node_id == "b")]
    later = await run(GRAPH, {"b": {"text": "b1 b2"}}, pool=conversation(), resume=Resume.from_entries(before))
    assert "".join(later.chunks()) == "b1 b2 C - one two"
    assert later.result.outputs == trial.result.outputs


async def test_a_node_that_must_not_run_twice_fails_as_interrupted() -> None:
    graph = stored(start(), node("a", "tool"), end(x="a.text"), edges_="start > a > end")
    trial = await run(graph, resume=Resume((), {"a": "old-id"}))
    failed = next(event for event in trial.events if isinstance(event, NodeFinished) and event.node_id == "a")
    assert (failed.id, failed.error, failed.error_type) == ("old-id", "interrupted", "Interrupted")
    assert (trial.result.status, trial.result.error) == ("failed", "interrupted")


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        ({"error_strategy": "default-value", "default_value": []}, "tool", "partial-succeeded"),
        ({"retry_config": {"retry_enabled": True, "max_retries": 1}}, "tool", "succeeded"),
        ({}, "code", "succeeded"),
    ],
)
async def test_strategies_and_retries_help_the_interrupted(data: dict[str, Any], kind: str, status: str) -> None:
    graph = stored(start(), node("a", kind, **data), end(x="a.text"), edges_="start > a > end")
    trial = await run(graph, resume=Resume((), {"a": "old-id"}))
    assert trial.result.status == status


async def test_the_start_of_what_must_not_run_twice_is_durable_before_its_effect() -> None:
    journal = ListJournal()
    durable: list[tuple[int, int]] = []

    def effect(context: Any) -> dict[str, object]:
        return {"text": "sent"}

    class Sender:
        type, kind, repeatable = "sender", "executable", False

        @classmethod
        def parse(cls, node_id: str, data: Any) -> Any:
            return cls()

        def references(self) -> Any:
            return ()

        async def run(self, context: Any) -> Any:
            await context.before_effect()
            durable.append((journal.durable, len(journal.entries)))
            from orrery.workflow.node import NodeOutcome

            return NodeOutcome(outputs=effect(context))

    trial = await run(
        stored(start(), node("a", "sender"), edges_="start > a"), kinds={"sender": Sender}, journal=journal
    )
    assert durable == [(2, 2)]  # start's end and the sender's begin
    assert [type(entry).__name__ for entry in journal.entries] == ["FinishedNode", "StartedNode", "FinishedNode"]
    assert trial.result.status == "succeeded"


async def test_the_journal_is_complete_when_the_end_is_told() -> None:
    """Whoever shows the end commits it together with these entries, so none may come later."""
    journal = ListJournal()
    kept: list[list[str]] = []

    class Watching(ListJournal):
        def record(self, entry: Any) -> None:
            journal.record(entry)
            kept.append([type(e).__name__ for e in journal.entries])

    trial = await run(stored(start(), answer("out", "x"), edges_="start > out"), journal=Watching())
    assert trial.names()[-1] == "graph_run_succeeded"
    assert kept[-1] == ["FinishedNode", "FinishedNode"]


@pytest.mark.parametrize(("inner", "status"), [("code", "succeeded"), ("tool", "failed")])
async def test_a_container_is_done_again_only_if_everything_inside_may_be(inner: str, status: str) -> None:
    graph = stored(
        start(),
        node("it", "iteration", iterator_selector=["start", "items"], output_selector=["x", "result"]),
        node("itstart", "iteration-start", parent="it"),
        node("x", inner, parent="it"),
        end(x="it.output"),
        edges_="start > it > end, itstart > x",
    )
    journal = ListJournal()
    await run(graph, pool=Pool(inputs={"items": [1, 2]}), journal=journal)
    cut = [entry for entry in journal.entries if not (isinstance(entry, FinishedNode) and entry.node_id != "start")]
    trial = await run(graph, pool=Pool(inputs={"items": [1, 2]}), resume=Resume.from_entries(cut))
    assert trial.result.status == status
    assert trial.result.error == (None if status == "succeeded" else "interrupted")


async def cut_after(graph: dict[str, Any], name: str, scripts: Any = None, **options: Any) -> tuple[Any, Any]:
    """The whole run, and the one that goes on after the node; all text until its end was shown."""
    journal = ListJournal()
    shown = 0
    entries = 0

    class Watching(ListJournal):
        def record(self, entry: JournalEntry) -> None:
            nonlocal entries
            journal.record(entry)
            if isinstance(entry, FinishedNode) and entry.node_id == name:
                entries = len(journal.entries)

    whole = await run(graph, scripts, journal=Watching(), **options)
    for event in whole.events:
        shown += len(event.text) if isinstance(event, TextChunk) else 0
        if isinstance(event, NodeFinished) and event.node_id == name:
            break
    finished = [entry for entry in journal.entries[:entries] if isinstance(entry, FinishedNode)]
    finished = msgspec.json.decode(msgspec.json.encode(finished), type=list[FinishedNode])
    pool = options.get("pool")
    resumed = await run(graph, scripts, resume=Resume(finished, {}, streamed_chars=shown), pool=pool and conversation())
    return whole, ("".join(whole.chunks())[:shown], resumed)


async def test_text_told_inside_a_container_is_not_taken_from_what_follows() -> None:
    graph = stored(
        start(),
        node("it", "iteration", iterator_selector=["start", "items"], output_selector=["x", "result"]),
        node("itstart", "iteration-start", parent="it"),
        answer("say", "[{{#it.item#}}]", parent="it"),
        answer("after", "after all"),
        edges_="start > it > after, itstart > say",
    )
    journal = ListJournal()
    pool = {"items": ["a", "b"]}
    whole = await run(graph, pool=Pool(inputs=pool), journal=journal)
    assert "".join(whole.chunks()) == "[a][b]after all"
    finished = [entry for entry in journal.entries if isinstance(entry, FinishedNode)][:2]
    for shown in (0, 3, 6):
        resumed = await run(graph, pool=Pool(inputs=pool), resume=Resume(finished, {}, streamed_chars=shown))
        assert "".join(resumed.chunks()) == "[a][b]after all"[shown:]


def half(context: Any) -> dict[str, object]:
    context.stream("text", "half ")
    raise NodeFailure("cut")


async def test_a_stream_that_never_ended_is_followed_by_its_default_after_a_crash_too() -> None:
    default = [{"key": "text", "type": "string", "value": "default"}]
    graph = stored(
        start(),
        node("a", "llm", error_strategy="default-value", default_value=default),
        node("b", "tool"),
        answer("out", "{{#b.text#}}:{{#a.text#}}"),
        edges_="start > a > b > out",
    )
    whole, (shown, resumed) = await cut_after(graph, "a", {"a": half})
    assert ("".join(whole.chunks()), shown) == ("done:half default", "")
    assert "".join(resumed.chunks()) == "done:half default"


async def test_the_text_of_a_failed_attempt_counts_as_shown() -> None:
    tries: list[str] = []

    def unsteady(context: Any) -> dict[str, object]:
        tries.append("x")
        if len(tries) % 2:
            return half(context)
        return {"text": "whole"}

    retry = {"retry_enabled": True, "max_retries": 1, "retry_interval": 0}
    graph = stored(
        start(),
        node("a", "llm", retry_config=retry),
        node("b", "tool"),
        answer("out", "{{#a.text#}} and {{#b.text#}}"),
        edges_="start > a > b > out",
    )
    whole, (shown, resumed) = await cut_after(graph, "a", {"a": unsteady})
    assert ("".join(whole.chunks()), shown) == ("half whole and done", "half whole and ")
    assert "".join(resumed.chunks()) == "done"


async def test_what_a_failed_node_had_written_is_written_after_a_crash_too() -> None:
    broken = assign("keep", ("conversation.seen", "append", ("start", "q")), ("conversation.gone", "over-write", "x"))
    broken["data"]["error_strategy"] = "fail-branch"
    graph = stored(
        start(),
        broken,
        node("b", "tool"),
        answer("out", "{{#conversation.seen#}}"),
        edges_="start > keep, keep:fail-branch > b > out",
    )
    whole, (_, resumed) = await cut_after(graph, "keep", pool=conversation())
    assert whole.result.outputs["answer"] == resumed.result.outputs["answer"] == "- x"


async def test_entries_are_replayed_in_their_order_whatever_the_clock_said() -> None:
    _, entries = await whole()
    finished = [entry for entry in entries if isinstance(entry, FinishedNode)]
    later = await run(GRAPH, {"b": {"text": "b1 b2"}}, pool=conversation(), resume=Resume(finished[::-1], {}))
    assert [event for event in later.events if isinstance(event, NodeFinished)] == []
    assert later.result.status == "succeeded"


async def test_a_run_that_dies_after_a_failure_inside_tells_nothing_more() -> None:
    from .test_stop import Hanging

    graph = stored(
        start(),
        node(
            "it",
            "iteration",
            iterator_selector=["start", "items"],
            output_selector=["bad", "text"],
            error_strategy="fail-branch",
        ),
        node("itstart", "iteration-start", parent="it"),
        node("bad", "tool", parent="it"),
        node("beside", "hang", parent="it"),
        node("wait", "hang"),
        edges_="start > it, it:fail-branch > wait, itstart > bad, itstart > beside",
    )
    events: list[Any] = []
    parsed = parse(graph, {"bad": NodeFailure("no")}, hang=Hanging)
    engine = WorkflowRun(
        parsed, Pool(inputs={"items": [1]}), Services(), new_id=counting_ids(), emit=events.append, clock=ManualClock()
    )
    task = asyncio.create_task(engine.execute())
    while not any(getattr(event, "node_id", "") == "wait" for event in events):
        await asyncio.sleep(0)
    told = len(events)
    task.cancel()
    await asyncio.wait([task])
    assert events[told:] == []


async def test_text_that_was_shown_is_known_by_what_it_is_the_text_of() -> None:
    """A container that is done again may tell later than the text beside it."""
    graph = stored(
        start(),
        node("it", "iteration", iterator_selector=["start", "items"], output_selector=["x", "result"]),
        node("itstart", "iteration-start", parent="it"),
        answer("say", "[{{#it.item#}}]", parent="it"),
        node("slow", "code", parent="it"),
        node("b", "llm"),
        answer("out", "{{#b.text#}}"),
        edges_="start > it, itstart > say > slow, start > b > out",
    )
    pool = {"items": ["x", "y"]}
    # Before the crash only the container had told something; after it the model's text comes first.
    first = {"say.answer it:0": "[]", "it.item it:0": "x"}
    resume = Resume((), {}, streamed_of=first)
    later = await run(graph, {"b": {"text": "b1 b2"}}, pool=Pool(inputs=pool), resume=resume)
    texts = [(".".join(e.selector), e.text) for e in later.events if isinstance(e, TextChunk) and e.text]
    told = {name: "".join(text for other, text in texts if other == name) for name, _ in texts}
    assert told == {"b.text": "b1 b2", "say.answer": "[]", "it.item": "y"}


def said_inside() -> dict[str, Any]:
    """Every item is said by an inner answer, several items at once."""
    return stored(
        start(),
        node(
            "it", "iteration", iterator_selector=["start", "items"], output_selector=["it", "item"],
            is_parallel=True, parallel_nums=3,
        ),
        node("itstart", "iteration-start", parent="it"),
        node("slow", "code", parent="it"),
        answer("say", "[{{#it.item#}}]", parent="it"),
        answer("out", "!"),
        edges_="start > it > out, itstart > slow > say",
    )  # fmt: skip


async def test_rounds_that_end_in_another_order_are_each_told_once() -> None:
    """Before the crash the second item was done first; after it the first one is."""
    resume = Resume((), {}, streamed_of={"say.answer it:1": "[]", "it.item it:1": "b"})
    later = await run(said_inside(), pool=Pool(inputs={"items": ["a", "b", "c"]}), resume=resume)
    assert "".join(later.chunks()) == "[a][c]!"


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ("", "b1 b2"),
        ("b1 ", "b2"),
        ("b1 b2", ""),
        # Something else was said: all of it follows, as after an attempt that failed.
        ("a1 ", "b1 b2"),
        ("b1 a2 a3", "b1 b2"),
    ],
)
async def test_a_node_that_is_done_again_is_told_on_or_anew(shown: str, told: str) -> None:
    graph = stored(start(), node("b", "llm"), answer("out", "{{#b.text#}}."), edges_="start > b > out")
    later = await run(graph, {"b": {"text": "b1 b2"}}, resume=Resume((), {}, streamed_of={"b.text": shown}))
    assert "".join(later.chunks()) == f"{told}."
