from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from orrery.egress import GuardedHttpClient, untrusted_policy
from orrery.tools.entity import ToolOption, ToolParameter
from orrery.tools.errors import (
    PluginToolError,
    PluginUnreachableError,
    ToolInvokeError,
    ToolParameterValidationError,
    ToolSSRFError,
)
from orrery.tools.messages import (
    FileMessage,
    ImageMessage,
    JsonMessage,
    LinkMessage,
    RetrieverMessage,
    StoredFileMessage,
    TextMessage,
    UsageMessage,
    VariableMessage,
)
from orrery.workflow.events import NodeFinished, RetrieverResources
from orrery.workflow.graph import Graph
from orrery.workflow.nodes.tool import ToolNode
from orrery.workflow.pool import Pool
from orrery.workflow.registry import NodeRegistry
from orrery.workflow.testing import ListJournal, Services, try_graph

from .workshop import Outside, Scripted, Shelf, finished, node, try_node


def tool_node(tool: str = "search", **data: object) -> dict[str, object]:
    fields = {"provider_id": "acme", "provider_type": "api", "provider_name": "Acme", "tool_name": tool}
    return node("it", "tool", **{**fields, "tool_parameters": {}, "tool_configurations": {}, **data})


async def outcome_of(tool: Scripted, **data: object) -> tuple[NodeFinished, Outside]:
    outside = Outside(tools=Shelf(tool))
    trial = await try_node(tool_node(tool.name, **data), outside)
    event = finished(trial)
    assert isinstance(event, NodeFinished)
    return event, outside


async def test_messages_become_outputs():
    stored = {"dify_model_identity": "__dify__file__", "related_id": "9", "type": "document"}
    tool = Scripted(
        says=[
            TextMessage("a"),
            LinkMessage("https://x.test"),
            TextMessage("b\n"),
            JsonMessage({}),
            JsonMessage({"n": 1}),
            JsonMessage([1]),
            FileMessage(b"png", "image/png"),
            FileMessage(b"doc", "application/pdf", "paper.pdf"),
            StoredFileMessage(stored),
            VariableMessage("score", 3),
            VariableMessage("story", "once ", stream=True),
            VariableMessage("story", "upon", stream=True),
            RetrieverMessage([{"document_id": "d"}]),
            UsageMessage({"total_tokens": 7, "total_price": "0.5", "currency": "EUR"}),
        ]
    )
    event, outside = await outcome_of(tool)
    assert event.status == "succeeded"
    outputs = dict(event.outputs)
    files = outputs.pop("files")
    assert outputs == {
        "text": "aLink: https://x.test\nb\nFile: https://files.test/9\n",
        "json": [{"n": 1}, [1]],
        "score": 3,
        "story": "once upon",
    }
    assert [(file.get("filename"), file["type"]) for file in files] == [  # type: ignore[union-attr]
        ("file-1.png", "image"),
        ("paper.pdf", "application"),
        (None, "document"),
    ]
    assert outside.files.kept == [b"png", b"doc"]
    assert event.metadata["tool_info"] == {
        "provider_type": "api",
        "provider_id": "acme",
        "plugin_unique_identifier": None,
    }
    assert (event.metadata["total_tokens"], event.metadata["currency"]) == (7, "EUR")


async def test_a_silent_tool_still_has_outputs():
    event, _ = await outcome_of(Scripted(says=[]))
    assert event.outputs == {"text": "", "files": [], "json": [{"data": []}]}
    assert "total_tokens" not in event.metadata


async def test_text_and_streamed_variables_reach_the_answer_as_they_come():
    tool = Scripted(says=[TextMessage("a"), TextMessage("b"), VariableMessage("more", "c", stream=True)])
    trial = await try_node(tool_node(), Outside(tools=Shelf(tool)), answer="{{#it.text#}}-{{#it.more#}}")
    assert trial.chunks() == ["a", "b", "", "-", "c", ""]
    assert trial.result.outputs["answer"] == "ab-c"


async def test_sources_are_told():
    tool = Scripted(says=[RetrieverMessage([{"document_id": "d"}])])
    trial = await try_node(tool_node(), Outside(tools=Shelf(tool)))
    [event] = [event for event in trial.events if isinstance(event, RetrieverResources)]
    assert event.resources == [{"document_id": "d"}]


PARAMETERS = (
    ToolParameter(name="q", required=True),
    ToolParameter(name="n", type="number"),
    ToolParameter(name="doc", type="file"),
    ToolParameter(name="mode", type="select", form="form", default="a", options=(ToolOption("a"), ToolOption("b"))),
    ToolParameter(name="limit", type="number", form="form"),
    ToolParameter(name="key", form="form"),
)


async def test_values_come_from_the_graph():
    file = {"dify_model_identity": "__dify__file__", "related_id": "1"}
    tool = Scripted(parameters=PARAMETERS)
    pool = Pool(system={"query": "why?", "files": [file]})
    pool.declare("env", "secret", "secret", "s3cr3t-value")
    outside = Outside(tools=Shelf(tool))
    trial = await try_node(
        tool_node(
            tool_parameters={
                "q": {"type": "mixed", "value": "say {{#sys.query#}} {{#env.secret#}}"},
                "n": {"type": "constant", "value": 3},
                "doc": {"type": "variable", "value": ["sys", "files"]},
                "nobody": {"type": "mixed", "value": "knows this"},
            },
            tool_configurations={
                "mode": {"type": "constant", "value": "b"},
                "limit": {"type": "mixed", "value": "{{#sys.query#}}7"},
                "key": {"type": "variable", "value": ["env", "secret"]},
            },
            tool_node_version="2",
        ),
        outside,
        pool=pool,
    )
    event = finished(trial)
    assert isinstance(event, NodeFinished)
    # "why?7" is no number.
    assert event.status == "failed"
    assert event.error == "Failed to invoke tool: The tool parameter value 'why?7' is not in correct type of number."
    assert event.error_type == "ToolParameterValidationError"
    assert event.inputs["q"] == "say why? s3cr3t************ue"
    assert set(event.inputs) == {"q", "n", "doc"}


async def test_forms_of_old_and_new_apps():
    new = Scripted(parameters=PARAMETERS)
    await outcome_of(
        new,
        tool_parameters={"q": {"type": "mixed", "value": "x"}, "n": {"type": "variable", "value": ["no", "where"]}},
        tool_configurations={"mode": {"type": "constant", "value": None}, "limit": {"type": "mixed", "value": "7"}},
    )
    assert new.asked == [{"q": "x", "limit": 7}]
    both = Scripted(parameters=PARAMETERS)
    await outcome_of(both, tool_parameters={"q": "x", "limit": "1"}, tool_configurations={"limit": 9})
    assert both.asked == [{"q": "x", "limit": 9, "mode": "a"}]
    old = Scripted(parameters=PARAMETERS)
    await outcome_of(old, tool_parameters={"q": "plain"}, tool_configurations={"limit": "5", "mode": ""})
    assert old.asked == [{"q": "plain", "limit": 5, "mode": "a"}]


@pytest.mark.parametrize(
    ("data", "error", "kind"),
    [
        (
            {"tool_parameters": {"q": {"type": "variable", "value": ["sys", "nothing"]}}},
            "Variable ['sys', 'nothing'] does not exist",
            "ToolParameterError",
        ),
        (
            {"tool_parameters": {"q": {"type": "magic", "value": "x"}}},
            "Unknown tool input type 'magic'",
            "ToolParameterError",
        ),
        (
            {"provider_id": "gone"},
            "Failed to get tool runtime: builtin provider gone not found",
            "ToolProviderNotFoundError",
        ),
        (
            {"tool_configurations": {"mode": "z"}},
            "Failed to get tool runtime: tool parameter mode value z not in options ['a', 'b']",
            "ToolParameterValidationError",
        ),
    ],
)
async def test_what_stops_a_call(data: dict[str, object], error: str, kind: str):
    tool = Scripted(parameters=PARAMETERS)
    event, _ = await outcome_of(tool, **data)
    assert (event.status, event.error, event.error_type) == ("failed", error, kind)
    assert tool.asked == []


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (ToolInvokeError("boom"), "Failed to invoke tool Acme: boom"),
        (ToolSSRFError("blocked"), "Failed to invoke tool Acme: blocked"),
        (ToolParameterValidationError("bad"), "Failed to invoke tool: bad"),
        (PluginToolError("[acme] says no"), "[acme] says no"),
        (PluginUnreachableError("no daemon"), "Failed to invoke tool, error: no daemon"),
    ],
)
async def test_failures_of_tools(raised: Exception, error: str):
    event, _ = await outcome_of(Scripted(says=[TextMessage("half"), raised]))
    assert (event.status, event.error, event.error_type) == ("failed", error, type(raised).__name__)


async def test_a_stream_must_be_text():
    event, _ = await outcome_of(Scripted(says=[VariableMessage("v", 3, stream=True)]))
    assert event.error == "When 'stream' is True, 'variable_value' must be a string."
    assert event.error_type == "ToolNodeError"


async def test_a_picture_that_can_t_be_fetched_is_told_in_the_text():
    tool = Scripted(says=[TextMessage("see: "), ImageMessage("http://127.0.0.1:9/a.png")])
    async with GuardedHttpClient(untrusted_policy()) as client:
        trial = await try_node(tool_node(), Outside(tools=Shelf(tool), client=client))
    assert trial.result.status == "succeeded"
    assert str(trial.result.outputs["answer"]).startswith("see: Failed to download image: http://127.0.0.1:9/a.png: ")


async def test_failed_calls_are_tried_again_when_the_app_says_so():
    tool = Scripted(says=[ToolInvokeError("boom")])
    journal = ListJournal()
    trial = await try_node(
        tool_node(retry_config={"retry_enabled": True, "max_retries": 2, "retry_interval": 0}),
        Outside(tools=Shelf(tool)),
        journal=journal,
    )
    assert len(tool.asked) == 3
    assert trial.names().count("node_retry") == 2
    assert trial.result.error == "Failed to invoke tool Acme: boom"


def test_what_may_be_done_again_after_a_crash():
    def repeatable(**data: object) -> bool:
        return ToolNode.parse("n", {"provider_id": "acme", "tool_name": "t", **data}).repeatable

    assert not repeatable()
    assert repeatable(retry_config={"retry_enabled": True})
    assert repeatable(provider_id="langgenius/time/time")


def test_a_node_without_a_tool_is_refused():
    with pytest.raises(ValueError, match="must name a tool"):
        ToolNode.parse("n", {"provider_id": "x"})


def test_references():
    found = ToolNode.parse(
        "n",
        {
            "provider_id": "x",
            "tool_name": "t",
            "tool_parameters": {
                "a": {"type": "mixed", "value": "{{#s.x#}} {{#s.y#}}"},
                "b": {"type": "variable", "value": ["s", "z"]},
            },
            "tool_configurations": {"c": {"type": "mixed", "value": "{{#s.w#}}"}, "d": "plain"},
        },
    ).references()
    assert [".".join(selector) for selector in found] == ["s.x", "s.y", "s.z", "s.w"]


APP = """
provider_id: time
provider_name: time
provider_type: builtin
tool_configurations: {format: {type: mixed, value: '%Y'}, timezone: {type: constant, value: UTC}}
tool_name: current_time
tool_node_version: '2'
tool_parameters: {}
"""


async def test_an_exported_app_with_the_clock_runs_without_any_wiring():
    trial = await try_node(node("it", "tool", **yaml.safe_load(APP)), Services())
    assert trial.result.status == "succeeded"
    assert str(trial.result.outputs["answer"]).startswith("20")


@pytest.mark.reference
async def test_the_exported_chatflow_of_the_contract():
    reference = Path(os.environ.get("ORRERY_REFERENCE", Path(__file__).parents[5] / "shared" / "reference"))
    path = reference / "dsl-fixtures" / "chatflow_time_tool_static_output_workflow.yml"
    if not path.exists():
        pytest.skip("the contract's files are not here")
    document = yaml.safe_load(path.read_text())
    graph = Graph.parse(document["workflow"]["graph"], registry=NodeRegistry())
    trial = await try_graph(graph, Pool(system={"query": "1"}), Services())
    assert trial.result.status == "succeeded"
    assert trial.chunks() == ["hello, dify!"]
