from __future__ import annotations

import json

import pytest

from orrery.agents.app_config import read_agent_mode
from orrery.inference.types import (
    InvokeRateLimitError,
    LLMDelta,
    MediaPart,
    Message,
    ModelFeatures,
    ModelNotFound,
    TextPart,
)
from orrery.tools.entity import ToolParameter
from orrery.tools.errors import ToolInvokeError
from orrery.tools.messages import FileMessage, RetrieverMessage, TextMessage, UsageMessage
from orrery.workflow.events import AgentLog, AgentThought, NodeFinished, RetrieverResources
from orrery.workflow.nodes.agent import AgentNode
from orrery.workflow.nodes.agent_app import agent_node_data
from orrery.workflow.pool import Pool
from orrery.workflow.testing import ListJournal, Trial

from .workshop import Files, Memory, Models, Outside, Scripted, Shelf, calling, finished, node, saying, try_node

MODEL = {"provider": "langgenius/openai/openai", "model": "m1", "model_type": "llm", "mode": "chat"}
FILE = {"dify_model_identity": "__dify__file__", "type": "image", "mime_type": "image/png", "related_id": "1"}


def constant(value: object) -> dict[str, object]:
    return {"type": "constant", "value": value}


def agent(
    strategy: str = "function_calling", *, tools: list[object] | None = None, **more: object
) -> dict[str, object]:
    parameters: dict[str, object] = {
        "model": constant({**MODEL, "completion_params": {"temperature": 0.1, "stop": ["END"]}}),
        "instruction": {"type": "mixed", "value": "be kind"},
        "query": {"type": "mixed", "value": "{{#sys.query#}}"},
        "maximum_iterations": constant(2),
        "tools": constant([entry()] if tools is None else tools),
    }
    fields = {
        "agent_strategy_provider_name": "langgenius/agent/agent",
        "agent_strategy_name": strategy,
        "agent_strategy_label": "Agent",
        "agent_parameters": parameters | more.pop("parameters", {}),  # type: ignore[operator]
    }
    return node("it", "agent", **{**fields, **more})


def entry(name: str = "search", **more: object) -> dict[str, object]:
    fields: dict[str, object] = {"enabled": True, "type": "builtin", "provider_name": "acme", "tool_name": name}
    return fields | more


def end_of(trial: Trial) -> NodeFinished:
    event = finished(trial)
    assert isinstance(event, NodeFinished)
    return event


async def test_an_agent_answers_with_a_tool():
    tool = Scripted(says=[TextMessage("42"), FileMessage(b"png", "image/png")])
    models = Models([LLMDelta(text="Let me see."), *calling("search", '{"q": "x"}')], saying("It is ", "42."))
    journal = ListJournal()
    trial = await try_node(agent(), Outside(tools=Shelf(tool), models=models), journal=journal)
    event = end_of(trial)
    assert event.status == "succeeded"
    assert event.outputs["text"] == trial.result.outputs["answer"] == "Let me see.\nIt is 42."
    assert trial.chunks() == ["Let me see.", "\n", "It is ", "42.", ""]
    assert event.outputs["usage"]["total_tokens"] == 6  # type: ignore[index]
    assert [file["filename"] for file in event.outputs["files"]] == ["file-1.png"]  # type: ignore[union-attr]
    assert tool.asked == [{"q": "x"}]
    assert models.calls[0].parameters == {"temperature": 0.1}
    assert models.calls[0].stop == ("END",)
    assert [m.text() for m in models.calls[0].messages] == ["be kind", "why?"]
    assert trial.result.total_tokens == 6
    assert event.metadata["tool_info"] == {"icon": None, "agent_strategy": "function_calling"}
    assert event.inputs["model"] == MODEL | {"completion_params": {"temperature": 0.1, "stop": ["END"]}}
    assert journal.durable > 0


async def test_its_steps_are_told_and_kept():
    models = Models(calling("search", '{"q": "x"}'), saying("ok"))
    trial = await try_node(agent(), Outside(tools=Shelf(Scripted()), models=models))
    event = end_of(trial)
    logs = [each for each in trial.events if isinstance(each, AgentLog)]
    assert {(log.node_execution_id, log.node_id) for log in logs} == {(event.id, "it")}
    assert [(log.label, log.status) for log in logs] == [
        ("ROUND 1", "start"),
        ("m1 Thought", "start"),
        ("m1 Thought", "success"),
        ("CALL search", "start"),
        ("CALL search", "success"),
        ("ROUND 1", "success"),
        ("ROUND 2", "start"),
        ("m1 Thought", "start"),
        ("m1 Thought", "success"),
        ("ROUND 2", "success"),
    ]
    kept = event.outputs["json"]
    assert isinstance(kept, list)
    assert [item["label"] for item in kept[:-1]] == [
        "ROUND 1",
        "m1 Thought",
        "CALL search",
        "ROUND 2",
        "m1 Thought",
    ]
    assert set(kept[0]) == {"id", "parent_id", "error", "status", "data", "label", "metadata", "node_id"}
    assert all(item["status"] == "success" for item in kept[:-1])
    assert kept[2]["parent_id"] == kept[0]["id"]
    assert kept[-1] == {"data": []}
    assert event.metadata["agent_log"] == kept[:-1]
    assert len({item["id"] for item in kept[:-1]}) == 5
    json.dumps(kept)


async def test_react_by_the_name_that_apps_use():
    action = '{"action": "search", "action_input": {"q": "x"}}'
    for name in ("ReAct", "react"):
        models = Models(saying(f"Thought: look\nAction:\n```\n{action}\n```"), saying("Final Answer: so"))
        trial = await try_node(agent(name), Outside(tools=Shelf(Scripted()), models=models))
        assert trial.result.outputs["answer"] == "so"
        assert models.calls[0].tools == ()


async def test_memory_files_and_context():
    history = [Message("user", "hi"), Message("assistant", "hello")]
    knowledge = {"content": "Ulm is big.", "title": "Ulm", "metadata": {"_source": "knowledge", "document_id": "d"}}
    pool = Pool(system={"query": "why?", "files": [FILE]})
    pool.put("k", "result", [knowledge])
    models = Models(saying("ok"))
    trial = await try_node(
        agent(
            tools=[],
            memory={"window": {"enabled": True, "size": 5}},
            parameters={
                "instruction": {"type": "mixed", "value": "Use: {{#context#}}"},
                "context": {"type": "variable", "value": ["k", "result"]},
                "files": {"type": "variable", "value": ["sys", "files"]},
            },
        ),
        Outside(models=models, memory=Memory(history), files=Files()),
        pool=pool,
    )
    assert trial.result.status == "succeeded"
    system, *rest = models.calls[0].messages
    assert system.text() == "Use: Ulm is big."
    assert rest[:2] == history
    picture = MediaPart(kind="image", mime_type="image/png", data="cGljdHVyZQ==")
    assert rest[2].content == (picture, TextPart("why?"))
    [told] = [event for event in trial.events if isinstance(event, RetrieverResources)]
    [cited] = told.resources
    assert (cited["document_id"], cited["title"], cited["content"]) == ("d", "Ulm", "Ulm is big.")


async def test_chosen_values_of_tools():
    parameters = (
        ToolParameter(name="q", required=True),
        ToolParameter(name="site"),
        ToolParameter(name="who"),
        ToolParameter(name="limit", type="number", form="form", default=3),
        ToolParameter(name="lang", form="form", default="en"),
    )
    tool = Scripted(parameters=parameters)
    models = Models(calling("search", '{"q": "x", "site": "model"}'), saying("ok"))
    shelf = Shelf(tool)
    listed = entry(
        type="mcp",
        credential_id="c-1",
        settings={"limit": {"value": "7"}},
        parameters={
            "q": {"auto": 1, "value": None},
            "site": {"auto": 0, "value": {"type": "mixed", "value": "about {{#sys.query#}}"}},
            "who": {"auto": 0, "value": {"type": "variable", "value": ["sys", "query"]}},
        },
        extra={"description": "finds things"},
    )
    pool = Pool(system={"query": "{{#sys.files#}}"})
    await try_node(agent(tools=[listed, entry("off", enabled=False)]), Outside(tools=shelf, models=models), pool=pool)
    # A value that looks like a reference is a value.
    asked = {"q": "x", "site": "about {{#sys.files#}}", "who": "{{#sys.files#}}", "limit": 7, "lang": "en"}
    assert tool.asked == [asked]
    [spec] = models.calls[0].tools
    assert spec.description == "finds things"
    assert list(spec.parameters["properties"]) == ["q"]  # type: ignore[call-overload]
    [ref] = shelf.refs
    assert (ref.provider_type, ref.provider_id, ref.credential_id) == ("mcp", "acme", "c-1")


@pytest.mark.parametrize(
    ("tested", "models", "error", "kind"),
    [
        (
            agent("dream"),
            Models(),
            "Failed to get agent strategy: langgenius/agent/agent has no strategy named dream",
            "AgentStrategyNotFoundError",
        ),
        (
            agent(tools=[entry("gone")]),
            Models(),
            "Failed to get tool runtime: builtin provider acme not found",
            "ToolProviderNotFoundError",
        ),
        (
            agent(),
            Models([InvokeRateLimitError("slow down")]),
            "Failed to invoke agent: slow down",
            "InvokeRateLimitError",
        ),
        (agent(), Models(features=ModelNotFound("x")), "Model m1 not exist.", "ModelNotExistError"),
        (
            agent(),
            Models(*[calling("search", '{"q": "x"}')] * 3),
            (
                "Agent exceeded the maximum iteration limit of 2. "
                "The agent was unable to complete the task within the allowed number of iterations."
            ),
            "AgentMaxIterationError",
        ),
        (
            agent(parameters={"query": {"type": "variable", "value": ["no", "where"]}}),
            Models(),
            "Variable ['no', 'where'] does not exist",
            "ToolParameterError",
        ),
        (
            agent(parameters={"model": constant({})}),
            Models(),
            "Failed to invoke agent: The agent has no model.",
            "AgentNodeError",
        ),
    ],
)
async def test_failures(tested: dict[str, object], models: Models, error: str, kind: str):
    event = end_of(await try_node(tested, Outside(tools=Shelf(Scripted()), models=models)))
    assert (event.status, event.error, event.error_type) == ("failed", error, kind)


async def test_a_failing_tool_is_the_model_s_problem():
    tool = Scripted(says=[ToolInvokeError("boom")])
    models = Models(calling("search", '{"q": "x"}'), saying("I can't."))
    trial = await try_node(agent(), Outside(tools=Shelf(tool), models=models))
    assert trial.result.status == "succeeded"
    logs = [log for log in trial.events if isinstance(log, AgentLog) and log.label == "CALL search"]
    assert (logs[-1].status, logs[-1].error) == ("error", "tool invoke error: boom")


async def test_what_tools_spend_and_cite_counts():
    tool = Scripted(says=[UsageMessage({"total_tokens": 10}), RetrieverMessage([{"document_id": "d"}], "words")])
    models = Models(calling("search", '{"q": "x"}'), saying("ok"))
    trial = await try_node(agent(), Outside(tools=Shelf(tool), models=models))
    assert trial.result.total_tokens == 16
    assert models.calls[1].messages[-1].text() == "words"
    assert [event.resources for event in trial.events if isinstance(event, RetrieverResources)] == [
        [{"document_id": "d"}]
    ]


def test_references():
    found = AgentNode.parse("it", agent(vision={"enabled": True})["data"]).references()  # type: ignore[arg-type]
    assert [".".join(selector) for selector in found] == ["sys.query", "sys.files"]
    with pytest.raises(ValueError, match="must name a strategy"):
        AgentNode.parse("it", {})


CONFIG = {
    "model": {"provider": "openai", "name": "m1", "mode": "chat", "completion_params": {"temperature": 0}},
    "agent_mode": {
        "enabled": True,
        "strategy": "react",
        "max_iteration": 1,
        "prompt": {"first_prompt": "Do: {{instruction}} with {{tool_names}}", "next_iteration": "more"},
        "tools": [
            {
                "enabled": True,
                "provider_type": "builtin",
                "provider_id": "acme",
                "tool_name": "search",
                "tool_parameters": {"limit": "4"},
            },
            {"enabled": True, "provider_id": "acme", "tool_name": "deleted"},
            {"enabled": False, "provider_id": "acme", "tool_name": "off"},
            {"dataset": {"enabled": True, "id": "ds-1"}},
            {"wikipedia": {"enabled": True}},
        ],
    },
}


async def run_app(models: Models, tool: Scripted) -> Trial:
    data = agent_node_data(CONFIG, instruction="be {{#form.v0#}}", memory={"window": {"enabled": False}})
    pool = Pool(system={"query": "why?"})
    pool.put("form", "v0", "kind")
    memory = Memory([Message("user", "hi"), Message("assistant", "hello")])
    outside = Outside(tools=Shelf(tool), models=models, memory=memory)
    return await try_node(node("it", "agent", **data), outside, pool=pool)


async def test_a_basic_app_s_agent_calls_tools_where_the_model_can():
    tool = Scripted(
        parameters=(ToolParameter(name="q"), ToolParameter(name="limit", type="number", form="form")),
        says=[TextMessage("42"), FileMessage(b"png", "image/png")],
    )
    trial = await run_app(Models([LLMDelta(text="hm"), *calling("search", '{"q": "x"}')], saying("So.")), tool)
    assert trial.result.status == "succeeded"
    assert trial.result.outputs["answer"] == "hm\nSo."
    assert tool.asked == [{"q": "x", "limit": 4}]
    thoughts = [event for event in trial.events if isinstance(event, AgentThought)]
    assert [(thought.position, thought.stage) for thought in thoughts] == [
        (1, "started"),
        (1, "decided"),
        (1, "observed"),
        (2, "started"),
        (2, "decided"),
    ]
    assert (thoughts[1].thought, thoughts[1].tool, thoughts[1].tool_input) == ("hm", "search", '{"search": {"q": "x"}}')
    assert json.loads(thoughts[2].observation)["search"].startswith("42")
    assert thoughts[2].tool_labels == {"search": {"en_US": "Search"}}
    assert [file["filename"] for file in thoughts[2].files] == ["file-1.png"]
    assert thoughts[4].files == ()
    assert len({thought.id for thought in thoughts}) == 2


async def test_a_basic_app_s_agent_uses_the_saved_strategy_where_it_can_t():
    models = Models(saying("Final Answer: so"), features=ModelFeatures(tools=False))
    trial = await run_app(models, Scripted())
    assert trial.result.outputs["answer"] == "so"
    assert [m.text() for m in models.calls[0].messages] == ["Do: be kind with search", "hi", "hello", "why?"]


def test_what_agent_mode_says():
    mode = read_agent_mode(CONFIG["agent_mode"])
    assert (mode.strategy, mode.max_iterations, mode.dataset_ids) == ("react", 1, ("ds-1",))
    assert [tool.tool_name for tool in mode.tools] == ["search", "deleted"]
    assert (mode.prompts.first[:3], mode.prompts.next) == ("Do:", "more")
    assert read_agent_mode(None) == read_agent_mode({"tools": "x", "max_iteration": "many"})
    assert read_agent_mode(None).max_iterations == 10
