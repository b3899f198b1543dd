from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.workflow.events import NodeFinished, NodeStarted, TextChunk
from orrery.workflow.node import NodeFailure, NodeOutcome
from orrery.workflow.pool import Pool

from .graphs import answer, assign, end, if_else, node, run, start, stored


def told(trial: Any) -> list[str]:
    """Node starts, node ends and texts in order."""
    lines = []
    for event in trial.events:
        if isinstance(event, NodeStarted):
            lines.append(f"+{event.node_id}")
        elif isinstance(event, NodeFinished):
            lines.append(f"-{event.node_id}")
        elif isinstance(event, TextChunk):
            lines.append(repr(event.text))
    return lines


async def test_text_known_at_the_start_leaves_before_the_start_node_ends() -> None:
    trial = await run(
        stored(start(), answer("a", "you said {{#sys.query#}}!"), edges_="start > a"), pool=Pool(system={"query": "hi"})
    )
    assert told(trial) == ["+start", "'you said '", "'hi'", "'!'", "-start", "+a", "-a"]
    chunks = [event for event in trial.events if isinstance(event, TextChunk)]
    assert [tuple(chunk.selector) for chunk in chunks] == [("a", "answer"), ("sys", "query"), ("a", "answer")]
    assert {chunk.node_id for chunk in chunks} == {"a"}
    assert [chunk.is_final for chunk in chunks] == [False, False, True]
    ids = {event.id for event in trial.events if isinstance(event, NodeStarted) and event.node_id == "a"}
    assert {chunk.id for chunk in chunks} == ids


async def test_text_before_a_branch_waits_for_the_branch() -> None:
    graph = stored(
        start(),
        node("a", "llm"),
        if_else("fork", "a.text", "contains", "one"),
        node("b", "llm"),
        node("c", "llm"),
        end("end1", x="a.text", y="b.text"),
        end("end2", x="a.text", y="c.text"),
        edges_="start > a > fork, fork:true > b > end1, fork:false > c > end2",
    )
    trial = await run(graph, {"b": {"text": "yes"}})
    assert told(trial) == [
        *("+start", "-start", "+a", "-a", "+fork", "'one'", "' two'", "''", r"'\n'", "-fork"),
        *("+b", "'yes'", "''", "-b", "+end1", "-end1"),
    ]


async def test_one_answer_at_a_time_in_the_order_in_which_they_may_begin() -> None:
    graph = stored(
        start(),
        node("slow", "llm"),
        node("fast", "tool"),
        answer("first", "1: {{#slow.text#}} "),
        answer("second", "2: {{#fast.text#}}"),
        edges_="start > slow > first, start > fast > second",
    )
    trial = await run(graph)
    assert "".join(trial.chunks()) == "1: one two 2: done"


async def test_the_same_stream_referred_to_twice_is_streamed_once() -> None:
    graph = stored(start(), node("a", "llm"), answer("out", "{{#a.text#}}|{{#a.text#}}"), edges_="start > a > out")
    trial = await run(graph)
    assert trial.chunks() == ["one", " two", "", "|"]
    assert trial.result.outputs["answer"] == "one two|one two"


async def test_text_that_nobody_refers_to_is_never_streamed() -> None:
    graph = stored(start(), node("a", "llm"), answer("out", "done"), edges_="start > a > out")
    assert (await run(graph)).chunks() == ["done"]


async def test_a_reference_to_a_skipped_node_is_dropped() -> None:
    graph = stored(
        start(),
        if_else("fork", "sys.query", "is", "x"),
        node("a", "tool"),
        node("b", "tool"),
        answer("out", "[{{#a.text#}}{{#b.text#}}]"),
        edges_="start > fork, fork:true > a > out, fork:false > b > out",
    )
    trial = await run(graph, pool=Pool(system={"query": "y"}))
    assert trial.chunks() == ["[", "done", "]"]


async def test_a_reference_that_nobody_fills_does_not_swallow_the_rest() -> None:
    graph = stored(start(), answer("out", "a {{#start.ghost#}} b"), edges_="start > out")
    trial = await run(graph)
    assert "".join(trial.chunks()) == "a  b"
    assert trial.result.outputs["answer"] == "a start.ghost b"


async def test_a_variable_that_an_assigner_writes_is_shown_after_the_writing() -> None:
    pool = Pool(system={"query": "new"})
    pool.declare("conversation", "v", "string", "old")
    graph = stored(
        start(),
        assign("set", ("conversation.v", "over-write", ("sys", "query"))),
        answer("out", "{{#conversation.v#}}"),
        edges_="start > set > out",
    )
    trial = await run(graph, pool=pool)
    assert told(trial) == ["+start", "-start", "+set", "'new'", "-set", "+out", "-out"]


async def test_a_stream_without_a_final_chunk_is_closed_by_the_whole_value() -> None:
    class Careless:
        type, kind, repeatable = "careless", "executable", True

        @classmethod
        def parse(cls, node_id: str, data: Any) -> Any:
            return cls()

        def references(self) -> Any:
            return ()

        async def run(self, context: Any) -> NodeOutcome:
            context.stream("text", "par")
            return NodeOutcome(outputs={"text": "partial"})

    graph = stored(start(), node("a", "careless"), answer("out", "{{#a.text#}}."), edges_="start > a > out")
    assert (await run(graph, kinds={"careless": Careless})).chunks() == ["par", "partial", "."]


async def test_a_stream_without_an_end_that_is_read_late_holds_nobody_up() -> None:
    """The whole value follows what was streamed, and the text behind it does not wait for yet another node."""

    def careless(context: Any) -> dict[str, object]:
        context.stream("text", "par")
        return {"text": "partial"}

    graph = stored(
        start(), node("a", "tool"), if_else("fork", "a.text", "contains", "p"), node("b", "llm"), answer("out", "{{#a.text#}}. {{#b.text#}}"),
        edges_="start > a > fork, fork:true > b > out",
    )  # fmt: skip
    trial = await run(graph, {"a": careless})
    assert told(trial)[4:10] == ["+fork", "'par'", "'partial'", "'. '", "-fork", "+b"]


async def test_values_that_are_no_text_come_as_one_chunk_of_markdown() -> None:
    graph = stored(start(), node("a", "tool"), answer("out", "{{#a.list#}}\n{{#a.map#}}"), edges_="start > a > out")
    trial = await run(graph, {"a": {"list": ["x", "y"], "map": {"k": "é"}}})
    assert trial.chunks() == ["- x\n- y", "\n", '{\n  "k": "é"\n}']


async def test_a_failed_stream_is_followed_by_its_default() -> None:
    graph = stored(
        start(),
        node(
            "a", "llm", error_strategy="default-value", default_value=[{"key": "text", "type": "string", "value": "d"}]
        ),
        answer("out", "{{#a.text#}}"),
        edges_="start > a > out",
    )
    trial = await run(graph, {"a": NodeFailure("no")})
    assert trial.chunks() == ["d"]
    assert trial.result.status == "partial-succeeded"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["t", "{{#a.text#}}", "{{#b.text#}}", "{{#sys.query#}}", " "]), min_size=1, max_size=8))
async def test_streamed_text_is_the_answer_however_it_is_cut(parts: list[str]) -> None:
    """Except that a second reference to a stream adds nothing."""
    seen: list[str] = []
    parts = [p for p in parts if p not in {"{{#a.text#}}", "{{#b.text#}}"} or (p not in seen and not seen.append(p))]
    graph = stored(
        start(),
        node("a", "llm"),
        node("b", "llm"),
        answer("out", "".join(parts)),
        edges_="start > a > out, start > b > out",
    )
    trial = await run(graph, {"b": {"text": "b c d"}}, pool=Pool(system={"query": "Q"}))
    assert "".join(trial.chunks()) == trial.result.outputs.get("answer", "")
