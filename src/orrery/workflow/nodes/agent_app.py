"""The agent node of a basic app's graph: ``start → agent → answer`` (workflow.md 1.7)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from orrery.agents.app_config import AgentMode, SavedTool, read_agent_mode
from orrery.workflow.fields import as_mapping


def agent_node_data(
    configs: Mapping[str, object],
    *,
    instruction: str,
    query: str = "{{#sys.query#}}",
    vision: Mapping[str, object] | None = None,
    memory: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """The node's data from the app's ``model`` and ``agent_mode``.

    ``instruction`` is the app's prompt with its variables as references, ``vision`` and ``memory`` are as in ``llm``
    nodes. Data sets of old apps are not tools here: `read_agent_mode` lists them for retrieval.
    """
    mode = read_agent_mode(configs.get("agent_mode"))
    model = as_mapping(configs.get("model"))
    selected: dict[str, object] = {
        "provider": model.get("provider"),
        "model": model.get("name"),
        "model_type": "llm",
        "mode": model.get("mode") or "chat",
        "completion_params": model.get("completion_params") or {},
    }
    return {
        "type": "agent",
        "title": "Agent",
        "agent_strategy_provider_name": "langgenius/agent/agent",
        "agent_strategy_name": mode.strategy or "function_call",
        "agent_parameters": {
            "model": {"type": "constant", "value": selected},
            "instruction": {"type": "mixed", "value": instruction},
            "query": {"type": "mixed", "value": query},
            "maximum_iterations": {"type": "constant", "value": mode.max_iterations},
            "tools": {"type": "constant", "value": [_tool(tool) for tool in mode.tools]},
        },
        "vision": vision,
        "memory": memory,
        "app_agent": _app(mode),
    }


def _app(mode: AgentMode) -> Mapping[str, object]:
    return {"strategy": mode.strategy, "prompts": msgspec.to_builtins(mode.prompts)}


def _tool(tool: SavedTool) -> Mapping[str, object]:
    return {
        "enabled": True,
        "type": tool.provider_type,
        "provider_name": tool.provider_id,
        "provider_show_name": tool.provider_name,
        "tool_name": tool.tool_name,
        "credential_id": tool.credential_id,
        "settings": {name: {"value": value} for name, value in tool.parameters.items()},
    }
