from __future__ import annotations

import itertools
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.agents.errors import AgentMaxIterationError
from orrery.agents.events import AgentEnd, AgentStep, AgentText
from orrery.agents.react import React
from orrery.agents.react_action import Action, find_action
from orrery.agents.react_parser import ReactParser
from orrery.agents.request import AgentRequest, ReactPrompts
from orrery.inference.types import Message, ModelRef
from orrery.tools.entity import ToolParameter

from .doubles import MODEL, USAGE, Models, Recorder, outside, saying, told

CALL = '{"action": "lookup", "action_input": {"q": "x"}}'


@pytest.mark.parametrize(
    ("text", "thought", "action"),
    [
        (f"Thought: I must look.\nAction:\n```\n{CALL}\n```", "I must look.", Action("lookup", {"q": "x"})),
        (f"Thought: look\n\n**Action:**\n```json\n{CALL}\n```\n", "look", Action("lookup", {"q": "x"})),
        (f"{CALL}", "", Action("lookup", {"q": "x"})),
        (f"Fine.\nAction: {CALL}\nObservation: made up\nAction: {{}}", "Fine.", Action("lookup", {"q": "x"})),
        (f"look ```json\n[{CALL}]\n```", "look", Action("lookup", {"q": "x"})),
        ("Thought: t\nAction: lookup\nAction Input: x y", "t", Action("lookup", "x y")),
        ('t\nAction: `lookup`\nAction Input: {"q": "x"}', "t", Action("lookup", {"q": "x"})),
        ('t\nAction: lookup\nAction Input: {"q": "x"', "t", Action("lookup", {"q": "x"})),
        ('思考：好\nAction：\n{"action": "lookup", "action_input": "x"}', "思考：好", Action("lookup", "x")),
        ('{"tool": "lookup", "args": {"q": 1}}', "", Action("lookup", {"q": 1})),
        ('see {"name": "Ann"} {"action": "go"}', 'see {"name": "Ann"}', Action("go", {})),
        (
            't {"action": "lookup", "action_input": {"code": "a = \\"}\\"\nb"}}',
            "t",
            Action("lookup", {"code": 'a = "}"\nb'}),
        ),
        ("t {'action': 'lookup', 'action_input': 'x'}", "t", Action("lookup", "x")),
        ("Thought: nothing to do", "nothing to do", None),
        ('An object {"name": "Ann", "age": 3}', 'An object {"name": "Ann", "age": 3}', None),
    ],
)
def test_actions_in_every_shape(text: str, thought: str, action: Action | None):
    assert find_action(text) == (thought, action)


@pytest.mark.parametrize(
    ("text", "thought", "answer"),
    [
        ("Thought: done\nFinal Answer: It is **so**. ", "done", "It is **so**."),
        ("done\n**Final Answer:** **so**", "done", "**so**"),
        ("done\n**Final Answer**: so", "done", "so"),
        ("FinalAnswer：好", "", "好"),
        ('Thought: t\nAction:\n```\n{"action": "Final Answer", "action_input": "so"}\n```', "t", "so"),
        ('{"action": "final_answer", "action_input": {"a": 1}}', "", '{"a": 1}'),
        ("Just an answer with `code*`, no protocol.", "", "Just an answer with `code*`, no protocol."),
        ("Thought: Just this.", "", "Just this."),
        ("", "", ""),
    ],
)
def test_answers_in_every_shape(text: str, thought: str, answer: str):
    for pieces in ([text], list(text)):
        parser = ReactParser()
        streamed = "".join(parser.feed(piece) for piece in pieces) + parser.finish()
        assert (parser.thought, parser.answer, streamed, parser.action) == (thought, answer, answer, None)


def test_an_action_before_a_dreamt_answer_counts():
    parser = ReactParser()
    assert parser.feed(f"Action: {CALL}\nObservation: 5\nFinal Answer: five") == ""
    assert parser.finish() == ""
    assert parser.action == Action("lookup", {"q": "x"})
    assert parser.answer is None


def test_the_answer_streams():
    parser = ReactParser()
    told_pieces = [parser.feed(piece) for piece in ["Thought: t\nFinal ", "Answer", ": One", " two", " ", "three"]]
    assert told_pieces == ["", "", "One", " two", "", " three"]


WORDS = st.text(st.sampled_from("ab *:\n#{}[]\"'`<>é。"), max_size=24)
PARTS = st.sampled_from(
    ["Thought: ", "\nAction:\n", "```", "json", CALL, "\nFinal Answer: ", "**", "\nAction Input: ", "\nObservation: "]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PARTS | WORDS, max_size=8), st.lists(st.integers(0, 400), max_size=10))
def test_cuts_don_t_matter(parts: list[str], places: list[int]):
    text = "".join(parts)
    whole = ReactParser()
    streamed = whole.feed(text) + whole.finish()
    edges = [0, *sorted({place % (len(text) + 1) for place in places}), len(text)]
    pieces = ReactParser()
    again = "".join(pieces.feed(text[a:b]) for a, b in itertools.pairwise(edges)) + pieces.finish()
    assert (again, pieces.thought, pieces.action, pieces.answer) == (
        streamed,
        whole.thought,
        whole.action,
        whole.answer,
    )
    assert (whole.action is None) == (whole.answer is not None)
    assert whole.answer in {None, streamed}


@settings(max_examples=50, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="{}"), max_size=30).filter(
        lambda text: "action" not in text.lower() and "observation" not in text.lower()
    ),
    st.dictionaries(st.text(max_size=5), st.text(max_size=12) | st.integers(), max_size=3),
    st.sampled_from(["Action:\n```json\n{}\n```", "{}", "```\n{}\n```\nObservation:", "Action: {}"]),
)
def test_every_input_survives(thought: str, arguments: dict[str, object], shape: str):
    written = json.dumps({"action": "lookup", "action_input": arguments}, ensure_ascii=False)
    _, action = find_action(f"Thought: {thought}\n{shape.replace('{}', written)}")
    assert action == Action("lookup", arguments)


def test_long_texts_take_linear_time():
    began = time.process_time()
    for text in (
        "{" * 100_000,
        '{"a' * 30_000,
        "Action: " * 12_000,
        "\n" * 100_000 + "x",
        "* " * 50_000,
        "`" * 100_000,
    ):
        find_action(text)
    assert time.process_time() - began < 60


def asking(tool: str, given: object) -> str:
    return f"Thought: look\nAction:\n```\n{json.dumps({'action': tool, 'action_input': given})}\n```"


async def test_rounds_of_thought_action_and_observation():
    models = Models(saying(asking("lookup", {"q": "x"})), saying("Thought: done\nFinal Answer: It ", "is so."))
    tool = Recorder()
    request = AgentRequest(model=MODEL, query="what?", instruction="be kind", tools=(tool.held(),), stop=("END",))
    events = await told(React(outside(models)), request)
    assert tool.asked == [{"q": "x"}]
    assert "".join(event.text for event in events if isinstance(event, AgentText)) == "It is so."
    assert events[-1] == AgentEnd(answer="It is so.", usage=USAGE + USAGE, rounds=2)
    first, second = models.calls
    assert first.tools == ()
    assert first.stop == ("END", "Observation")
    assert first.messages[0].role == "system"
    assert first.messages[0].text().startswith("be kind\n")
    assert '"name": "lookup"' in first.messages[0].text()
    assert [m.role for m in second.messages] == ["system", "user", "assistant", "user"]
    assert second.messages[2].text().endswith("Observation: found")
    steps = [event for event in events if isinstance(event, AgentStep)]
    assert [(s.stage, s.thought, s.tool) for s in steps] == [
        ("started", "", ""),
        ("decided", "look", "lookup"),
        ("observed", "look", "lookup"),
        ("started", "", ""),
        ("decided", "done", ""),
    ]
    assert json.loads(steps[2].observation) == {"lookup": "found"}


async def test_a_text_is_enough_for_a_sole_parameter():
    models = Models(saying(asking("lookup", "plain words")), saying("Final Answer: ok"))
    tool = Recorder(parameters=(ToolParameter(name="q", required=True), ToolParameter(name="n", form="form")))
    await told(React(outside(models)), AgentRequest(model=MODEL, query="?", tools=(tool.held(),)))
    assert tool.asked == [{"q": "plain words"}]


async def test_patience_ends():
    models = Models(saying(asking("lookup", "x")), saying(asking("lookup", "x")))
    with pytest.raises(AgentMaxIterationError, match="limit of 1"):
        await told(
            React(outside(models)), AgentRequest(model=MODEL, query="?", tools=(Recorder().held(),), max_iterations=1)
        )
    assert "no tools to use any more" in models.calls[1].messages[0].text()


async def test_models_that_complete_text_and_an_app_s_own_prompt():
    models = Models(saying(asking("lookup", "x")), saying("Final Answer: ok"))
    prompts = ReactPrompts(
        first="{{instruction}}|{{historic_messages}}|{{query}}|{{tool_names}}|{{x}}|{{agent_scratchpad}}"
    )
    request = AgentRequest(
        model=ModelRef(provider="wenxin", name="c", mode="completion"),
        query="{{instruction}}?",
        instruction="I",
        history=(Message("user", "hi"), Message("assistant", "hello")),
        tools=(Recorder().held(),),
        prompts=prompts,
    )
    await told(React(outside(models)), request)
    [first], [second] = (call.messages for call in models.calls)
    assert first.text() == "I|Question: hi\nAnswer: hello|{{instruction}}?|lookup|{{x}}|"
    assert second.text().endswith("Observation: found")
    assert models.calls[0].stop == ()
