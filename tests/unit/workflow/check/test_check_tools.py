"""What an examination says of tools and agents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.support import dsl

from orrery.tools.protocol import ToolRef
from orrery.workflow.check import Finding, Shortage, check_app

from .examined import App, Models, expect, told


class Tools:
    """Knows ``shop`` with the tool ``buy``, which needs ``item``; what ``locked`` and ``away`` lack, their names say."""

    def lacks(self, ref: ToolRef) -> Shortage | None:
        if ref.provider_id == "locked":
            return "credentials"
        if ref.provider_id == "away":
            return "login"
        if "shop" not in {ref.provider_id, ref.provider_name}:
            return "provider"
        return None if ref.tool_name == "buy" else "tool"

    def required_inputs(self, ref: ToolRef) -> Sequence[str]:
        return ("item",) if self.lacks(ref) is None else ()


def examined(*nodes: Any, tools: Tools | None = None) -> list[Finding]:
    drawn = dsl.chain(dsl.start(), *nodes, dsl.end())
    block: dict[str, Any] = {"graph": drawn, "environment_variables": [], "conversation_variables": []}
    return check_app(App("workflow", block), models=Models(), tools=tools)


def use(provider: str, name: str = "buy", **data: object) -> dsl.JsonObject:
    fields = {"provider_type": "api", "provider_id": provider, "provider_name": provider, "tool_name": name, **data}
    return dsl.node(
        "t", "tool", tool_parameters={"item": {"type": "mixed", "value": "lamp"}}, tool_configurations={}, **fields
    )


def agent(strategy: str = "function_calling", model: object = None, tools: Sequence[object] = ()) -> dsl.JsonObject:
    value = model or {"provider": "openai", "model": "m", "model_type": "llm", "mode": "chat"}
    return dsl.node(
        "a",
        "agent",
        agent_strategy_provider_name="langgenius/agent/agent",
        agent_strategy_name=strategy,
        agent_parameters={
            "model": {"type": "constant", "value": value},
            "query": {"type": "constant", "value": "x"},
            "instruction": {"type": "constant", "value": "x"},
            "tools": {"type": "constant", "value": list(tools)},
        },
    )


def test_tools_that_are_there_are_fine() -> None:
    assert told(examined(use("shop"), tools=Tools())) == []
    assert told(examined(use("elsewhere", provider_name="shop"), tools=Tools())) == []
    assert told(examined(use("nobody"), tools=None)) == []


def test_what_a_tool_lacks_is_told() -> None:
    expect(examined(use("nobody"), tools=Tools()), "t", "provider_id", "There is no tool provider nobody")
    expect(examined(use("shop", "sell"), tools=Tools()), "t", "provider_id", "The provider shop has no tool sell")
    found = examined(use("locked"), tools=Tools())
    expect(found, "t", "provider_id", "There are no credentials for locked", level="warning")
    expect(examined(use("away"), tools=Tools()), "t", "provider_id", "Nobody has signed in", level="warning")


def test_an_input_that_nobody_fills_in_is_told() -> None:
    found = examined(use("shop") | {"data": {**use("shop")["data"], "tool_parameters": {}}}, tools=Tools())  # type: ignore[dict-item]  # a node's data is an object
    expect(found, "t", "tool_parameters.item", "needs the input item", level="warning")


def test_an_agent_s_strategy_model_and_tools() -> None:
    wanted: dict[str, Any] = {
        "enabled": True,
        "type": "api",
        "provider_name": "nobody",
        "tool_name": "buy",
        "parameters": {},
    }
    assert told(examined(agent(), tools=Tools())) == []
    found = examined(agent(tools=[{**wanted, "enabled": False}, wanted]), tools=Tools())
    expect(found, "a", "agent_parameters.tools[1]", "There is no tool provider nobody")
    assert len(told(found)) == 1
    expect(examined(agent("self_refine")), "a", "agent_strategy_name", "self_refine")
    expect(
        examined(agent(model={"provider": "nobody", "model": "m"})), "a", "agent_parameters.model.provider", "nobody"
    )
    expect(examined(agent(model={"provider": "openai"})), "a", "agent_parameters.model", "No model is chosen")


def test_an_agent_app_s_tools() -> None:
    tool: dict[str, Any] = {
        "enabled": True,
        "provider_type": "api",
        "provider_id": "nobody",
        "tool_name": "buy",
        "tool_parameters": {},
    }
    config: dict[str, Any] = {
        "model": {"provider": "openai", "name": "m"},
        "agent_mode": {"enabled": True, "tools": [tool]},
    }
    (finding,) = check_app(App("agent-chat", None, config), models=Models(), tools=Tools())
    assert (finding.level, finding.field) == ("error", "model_config.agent_mode.tools[0]")
