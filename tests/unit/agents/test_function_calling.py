from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from orrery.agents.errors import AgentMaxIterationError
from orrery.agents.events import AgentEnd, AgentOutput, AgentStep, AgentText, AgentThinking
from orrery.agents.function_calling import FunctionCalling
from orrery.agents.react import React
from orrery.agents.request import AgentRequest
from orrery.inference.cut_off import spent_until
from orrery.inference.types import (
    InvokeRateLimitError,
    LLMCall,
    LLMDelta,
    MediaPart,
    Message,
    ModelFeatures,
    TextPart,
    ToolCall,
    Usage,
)
from orrery.tools.entity import ToolParameter
from orrery.tools.errors import ToolInvokeError
from orrery.tools.hanging_up import hanging_up
from orrery.tools.messages import FileMessage, JsonMessage, LinkMessage, LogMessage, TextMessage

from .doubles import MODEL, USAGE, Models, Recorder, calling, outside, saying, told


def of(events: list, kind: type) -> list:
    return [event for event in events if isinstance(event, kind)]


async def test_a_tool_is_called_and_its_answer_used():
    models = Models(calling(("lookup", '{"q": "orrery"}'), text="Let me see."), saying("It is ", "a machine."))
    tool = Recorder()
    request = AgentRequest(
        model=MODEL,
        query="what is it?",
        instruction="be kind",
        history=(Message("user", "hi"), Message("assistant", "hello")),
        tools=(tool.held(),),
        user="u-1",
    )
    events = await told(FunctionCalling(outside(models)), request)
    assert tool.asked == [{"q": "orrery"}]
    assert "".join(event.text for event in of(events, AgentText)) == "Let me see.\nIt is a machine."
    assert events[-1] == AgentEnd(answer="Let me see.\nIt is a machine.\n", usage=USAGE + USAGE, rounds=2)
    first, second = models.calls
    assert [(m.role, m.text()) for m in first.messages] == [
        ("system", "be kind"),
        ("user", "hi"),
        ("assistant", "hello"),
        ("user", "what is it?"),
    ]
    assert first.user == "u-1"
    assert first.tools[0].parameters == {
        "type": "object",
        "properties": {"q": {"type": "string", "description": "question"}},
        "required": ["q"],
    }
    assert second.messages[-2:] == (
        Message("assistant", "Let me see.", tool_calls=(ToolCall("call-0", "lookup", '{"q": "orrery"}'),)),
        Message("tool", "found", tool_call_id="call-0", name="lookup"),
    )


async def test_the_logs_make_a_tree():
    models = Models(calling(("lookup", '{"q": "x"}'), ("lookup", '{"q": "y"}')), saying("done"))
    nested = LogMessage(id="own", label="inside", status="success")
    tool = Recorder(says=(nested, TextMessage("found")))
    events = await told(FunctionCalling(outside(models)), AgentRequest(model=MODEL, query="?", tools=(tool.held(),)))
    logs = of(events, LogMessage)
    latest = {log.id: log for log in logs}
    roots = [log for log in latest.values() if log.parent_id is None]
    assert [log.label for log in roots] == ["ROUND 1", "ROUND 2"]
    assert [log.label for log in latest.values() if log.parent_id == roots[0].id] == [
        "m1 Thought",
        "CALL lookup",
        "CALL lookup",
    ]
    assert latest["own"].parent_id in {log.id for log in logs if log.label == "CALL lookup"}
    assert all(log.status == "success" for log in latest.values())
    for log in latest.values():
        if log.id != "own":
            assert [each.status for each in logs if each.id == log.id] == ["start", "success"]
            times = log.metadata
            assert times["elapsed_time"] == times["finished_at"] - times["started_at"] > 0
    thought = next(log for log in latest.values() if log.label == "m1 Thought")
    assert thought.metadata["provider"] == "langgenius/openai/openai"
    assert thought.metadata["total_tokens"] == 15
    assert thought.data["tool_name"] == "lookup;lookup"
    assert thought.data["tool_input"] == [
        {"name": "lookup", "args": {"q": "x"}},
        {"name": "lookup", "args": {"q": "y"}},
    ]
    call = next(log for log in latest.values() if log.label == "CALL lookup")
    assert call.data["output"] == {
        "tool_call_id": "call-0",
        "tool_call_name": "lookup",
        "tool_call_input": {"q": "x"},
        "tool_response": "found",
    }
    assert call.metadata["provider"] == "acme/search/search"


async def test_steps_as_basic_apps_show_them():
    models = Models(calling(("lookup", '{"q": "x"}'), text="hm"), saying("done"))
    events = await told(
        FunctionCalling(outside(models)), AgentRequest(model=MODEL, query="?", tools=(Recorder().held(),))
    )
    steps = of(events, AgentStep)
    assert [(step.position, step.stage) for step in steps] == [
        (1, "started"),
        (1, "decided"),
        (1, "observed"),
        (2, "started"),
        (2, "decided"),
    ]
    assert len({step.id for step in steps}) == 2
    observed = steps[2]
    assert (observed.thought, observed.tool) == ("hm", "lookup")
    assert json.loads(observed.tool_input) == {"lookup": {"q": "x"}}
    assert json.loads(observed.observation) == {"lookup": "found"}
    assert observed.tool_labels == {"lookup": {"en_US": "Lookup"}}
    assert steps[4].thought == "done"


async def test_the_last_round_has_no_tools_and_ends_the_patience():
    asking = calling(("lookup", '{"q": "x"}'))
    models = Models(asking, asking, saying("enough"))
    request = AgentRequest(model=MODEL, query="?", tools=(Recorder().held(),), max_iterations=2)
    events = await told(FunctionCalling(outside(models)), request)
    assert [len(call.tools) for call in models.calls] == [1, 1, 0]
    assert events[-1].rounds == 3

    models = Models(asking, asking, asking)
    heard = []
    with pytest.raises(AgentMaxIterationError) as refused:
        async for event in FunctionCalling(outside(models)).run(request):
            heard.append(event)
    assert str(refused.value).startswith("Agent exceeded the maximum iteration limit of 2. ")
    assert heard[-1].status == "error"
    assert heard[-1].label == "ROUND 3"


@pytest.mark.parametrize(("wanted", "rounds"), [(1, 2), (10, 11), (99, 100), (500, 100), (0, 1), (-3, 1)])
def test_rounds(wanted: int, rounds: int):
    assert AgentRequest(model=MODEL, query="", max_iterations=wanted).rounds == rounds


async def test_pictures_are_sent_once():
    picture = MediaPart(kind="image", mime_type="image/png", url="https://x.test/a.png")
    paper = MediaPart(kind="document", mime_type="application/pdf", url="https://x.test/a.pdf")
    models = Models(calling(("lookup", '{"q": "x"}')), saying("seen"))
    request = AgentRequest(model=MODEL, query="what?", files=(picture, paper), tools=(Recorder().held(),))
    await told(FunctionCalling(outside(models)), request)
    assert models.calls[0].messages[0].content == (picture, paper, TextPart("what?"))
    assert models.calls[1].messages[0].content == "[image]\n[file]\nwhat?"


@pytest.mark.parametrize(
    ("says", "observation", "error"),
    [
        ([ToolInvokeError("boom")], "tool invoke error: boom", True),
        ([TextMessage("a"), TextMessage("b")], "ab", False),
        ([TextMessage('{"a": 1}'), JsonMessage({"a": 1}), JsonMessage({"b": 2})], '{"a": 1}\n{"b": 2}', False),
        (
            [LinkMessage("https://x.test")],
            "The result is at https://x.test. Tell the user to open it.",
            False,
        ),
    ],
)
async def test_what_the_model_is_told_of_a_call(says: list, observation: str, error: bool):
    models = Models(calling(("lookup", '{"q": "x"}')), saying("ok"))
    events = await told(
        FunctionCalling(outside(models)), AgentRequest(model=MODEL, query="?", tools=(Recorder(says=says).held(),))
    )
    assert models.calls[1].messages[-1].text() == observation
    call = [log for log in of(events, LogMessage) if log.label == "CALL lookup"][-1]
    assert call.status == ("error" if error else "success")
    assert call.error == (observation if error else None)


async def test_files_of_tools_reach_the_user():
    models = Models(calling(("lookup", '{"q": "x"}')), saying("ok"))
    file = FileMessage(b"x", "image/png")
    events = await told(
        FunctionCalling(outside(models)), AgentRequest(model=MODEL, query="?", tools=(Recorder(says=[file]).held(),))
    )
    assert of(events, AgentOutput) == [AgentOutput(file)]
    assert "has been sent to the user" in models.calls[1].messages[-1].text()


async def test_arguments_with_faults_and_tools_that_are_not_there():
    limit = ToolParameter(name="limit", type="number", form="form", default=5)
    tool = Recorder(parameters=(ToolParameter(name="q", required=True), ToolParameter(name="site"), limit))
    models = Models(calling(("lookup", '{"q": "x", "site": "evil",}'), ("fly", "{}")), saying("ok"))
    request = AgentRequest(model=MODEL, query="?", tools=(tool.held(fixed={"site": "good"}, description="mine"),))
    await told(FunctionCalling(outside(models)), request)
    assert tool.asked == [{"q": "x", "site": "good", "limit": 5}]
    assert list(models.calls[0].tools[0].parameters["properties"]) == ["q"]
    assert models.calls[0].tools[0].description == "mine"
    assert models.calls[1].messages[-1].text() == "there is not a tool named fly"


async def test_tools_that_share_a_name_are_told_apart():
    one, two = Recorder(says=[TextMessage("1")]), Recorder(says=[TextMessage("2")], provider="other/o/o")
    odd = Recorder(name="über tool")
    models = Models(calling(("lookup_2", '{"q": "x"}')), saying("ok"))
    await told(
        FunctionCalling(outside(models)),
        AgentRequest(model=MODEL, query="?", tools=(one.held(), two.held(), odd.held())),
    )
    assert [spec.name for spec in models.calls[0].tools] == ["lookup", "lookup_2", "_ber_tool"]
    assert (len(one.asked), len(two.asked)) == (0, 1)


async def test_a_failing_model_closes_its_logs():
    models = Models([LLMDelta(text="half"), InvokeRateLimitError("slow down")])
    heard = []
    with pytest.raises(InvokeRateLimitError):
        async for event in FunctionCalling(outside(models)).run(AgentRequest(model=MODEL, query="?")):
            heard.append(event)
    assert [(log.label, log.status, log.error) for log in of(heard, LogMessage)][-2:] == [
        ("m1 Thought", "error", "slow down"),
        ("ROUND 1", "error", "slow down"),
    ]


async def test_the_answer_s_limit_is_lowered_to_what_fits():
    models = Models(saying("ok"), features=ModelFeatures(context_size=30))
    request = AgentRequest(model=MODEL, query="one two three", parameters={"max_tokens": 100, "temperature": 0})
    await told(FunctionCalling(outside(models)), request)
    assert models.calls[0].parameters == {"max_tokens": 27, "temperature": 0}


async def test_thinking_is_kept_apart_and_sent_back():
    thinking = LLMDelta(reasoning="hmm", reasoning_signature="sig")
    models = Models([thinking, *calling(("lookup", "{}"))], saying("ok", usage=Usage()))
    events = await told(
        FunctionCalling(outside(models)), AgentRequest(model=MODEL, query="?", tools=(Recorder().held(),))
    )
    assert of(events, AgentThinking) == [AgentThinking("hmm")]
    sent = models.calls[1].messages[1]
    assert (sent.reasoning, sent.reasoning_signature) == ("hmm", "sig")


@pytest.mark.parametrize("strategy", [FunctionCalling, React])
async def test_a_reader_that_leaves_hangs_up_at_once(strategy: type[FunctionCalling | React]):
    class Open(Models):
        is_open = False

        async def stream(self, call: LLMCall) -> AsyncIterator[LLMDelta]:
            self.is_open = True
            try:
                yield LLMDelta(text="Final Answer: one")
                yield LLMDelta(text=" two")
                raise AssertionError("nobody listens any more")
            finally:
                self.is_open = False

    models = Open()
    async with hanging_up(strategy(outside(models)).run(AgentRequest(model=MODEL, query="?"))) as events:
        async for event in events:
            if isinstance(event, AgentText):
                assert models.is_open
                break
    assert not models.is_open


@pytest.mark.parametrize("strategy", [FunctionCalling, React])
async def test_what_was_used_goes_with_what_ends_the_agent_early(strategy: type[FunctionCalling | React]):
    asks = (
        calling(("lookup", "{}"))
        if strategy is FunctionCalling
        else saying('Action: {"action": "lookup", "action_input": {}}')
    )
    for broken in (InvokeRateLimitError("slow down"), asyncio.CancelledError()):
        models = Models(asks, [LLMDelta(text="half"), broken])
        request = AgentRequest(model=MODEL, query="x", tools=(Recorder().held(),))
        with pytest.raises(type(broken)) as ended:
            await told(strategy(outside(models)), request)
        error = ended.value
        usage = spent_until(error) if isinstance(error, asyncio.CancelledError) else error.usage
        assert usage is not None
        assert usage.total_tokens == USAGE.total_tokens
