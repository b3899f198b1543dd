"""Tools that a run would ask: known here, with credentials, given what they need; and the strategies of agents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from orrery.agents.app_config import read_agent_mode
from orrery.agents.strategies import find_strategy
from orrery.tools.protocol import ToolRef
from orrery.workflow.check.finding import Named, Report
from orrery.workflow.check.inspection import Inspection, Shortage, ToolKnowledge
from orrery.workflow.check.models import check_model
from orrery.workflow.check.stored import StoredNode
from orrery.workflow.fields import as_mapping, as_mappings, as_text

_MENDS: Final[Mapping[Shortage, str]] = {
    "provider": "Add it under Tools, or choose another tool.",
    "tool": "Choose another tool, or bring the provider up to date under Tools.",
    "credentials": "Add credentials under Tools, or choose others in the node.",
    "login": "Sign in to it under Tools.",
}


def check_tools(inspection: Inspection) -> None:
    """Tool nodes, and the strategies, models and tools of agent nodes."""
    report, knowledge = inspection.report, inspection.tools
    for node in inspection.graph.of_type("tool"):
        ref = _ref(node.data, as_text(node.data.get("provider_name")))
        if knowledge is not None and ref.provider_id and ref.tool_name:
            _check_tool(report, knowledge, ref, node=node, field="provider_id")
            _check_inputs(report, knowledge, ref, node)
    for node in inspection.graph.of_type("agent"):
        _check_agent(inspection, node)


def check_agent_mode(report: Report, knowledge: ToolKnowledge | None, stored: object) -> None:
    """The tools of an agent app."""
    if knowledge is None:
        return
    for place, tool in enumerate(read_agent_mode(stored).tools):
        ref = ToolRef(
            provider_type=tool.provider_type,
            provider_id=tool.provider_id,
            tool_name=tool.tool_name,
            provider_name=tool.provider_name,
            credential_id=tool.credential_id,
        )
        _check_tool(report, knowledge, ref, node=None, field=f"model_config.agent_mode.tools[{place}]")


def _check_agent(inspection: Inspection, node: StoredNode) -> None:
    report, data = inspection.report, node.data
    provider, strategy = as_text(data.get("agent_strategy_provider_name")), as_text(data.get("agent_strategy_name"))
    if strategy and find_strategy(provider, strategy) is None:
        report.error(
            f"The strategy {strategy} of {provider} is not installed",
            "Choose a strategy that this installation has: function calling or ReAct.",
            node=node,
            field="agent_strategy_name",
        )
    parameters = as_mapping(data.get("agent_parameters"))
    given = as_mapping(parameters.get("model"))
    if given.get("type", "constant") == "constant":
        model = as_mapping(given.get("value"))
        named = {"provider": model.get("provider"), "name": model.get("model") or model.get("name")}
        check_model(report, inspection.models, named, node=node, field="agent_parameters.model")
    if inspection.tools is not None:
        for field, ref in _agent_tools(parameters):
            _check_tool(report, inspection.tools, ref, node=node, field=field)


def _agent_tools(parameters: Mapping[str, object]) -> Iterator[tuple[str, ToolRef]]:
    """Enabled tools of an agent node, with their places."""
    for place, stored in enumerate(as_mappings(as_mapping(parameters.get("tools")).get("value"))):
        if stored.get("enabled", True):
            provider_id = as_text(stored.get("provider_name")) or as_text(stored.get("provider_id"))
            kind = as_text(stored.get("type")) or as_text(stored.get("provider_type"), "builtin")
            named = {**stored, "provider_id": provider_id, "provider_type": kind}
            ref = _ref(named, as_text(stored.get("provider_show_name")))
            yield f"agent_parameters.tools[{place}]", ref


def _ref(stored: Mapping[str, object], provider_name: str) -> ToolRef:
    return ToolRef(
        provider_type=as_text(stored.get("provider_type"), "builtin"),
        provider_id=as_text(stored.get("provider_id")),
        tool_name=as_text(stored.get("tool_name")),
        provider_name=provider_name,
        credential_id=as_text(stored.get("credential_id")) or None,
    )


def _check_tool(report: Report, knowledge: ToolKnowledge, ref: ToolRef, *, node: Named | None, field: str) -> None:
    lacks = knowledge.lacks(ref)
    if lacks is None:
        return
    provider = ref.provider_name or ref.provider_id
    message = {
        "provider": f"There is no tool provider {provider} in this workspace",
        "tool": f"The provider {provider} has no tool {ref.tool_name}",
        "credentials": f"There are no credentials for {provider}",
        "login": f"Nobody has signed in to the MCP server {provider}",
    }[lacks]
    say = report.error if lacks in {"provider", "tool"} else report.warning
    say(message, _MENDS[lacks], node=node, field=field)


def _check_inputs(report: Report, knowledge: ToolKnowledge, ref: ToolRef, node: StoredNode) -> None:
    given = as_mapping(node.data.get("tool_parameters"))
    for name in knowledge.required_inputs(ref):
        if name not in given:
            report.warning(
                f"The tool {ref.tool_name} needs the input {name}",
                "Fill it in, or choose a variable.",
                node=node,
                field=f"tool_parameters.{name}",
            )
