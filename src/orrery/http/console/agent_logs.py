"""Console route that shows how an agent came to its answer: rounds, tools, what they were given and gave back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from orrery.agents.app_config import read_agent_mode
from orrery.apps.conversations.tables import MessageAgentThought
from orrery.apps.statistics.message_log import LoggedMessage, MessageMissing
from orrery.http.agent_rounds import JsonObject
from orrery.http.call import Call
from orrery.http.console.logs import LogParts
from orrery.http.console.logs_shapes import message_detail
from orrery.http.endpoint import RouteGroup, route
from orrery.security.permissions import Permission

_AGENT = frozenset({"agent-chat"})


class AgentLogQuery(msgspec.Struct):
    message_id: str
    conversation_id: str


class AgentLogRoutes(RouteGroup):
    """The work behind an agent app's answers."""

    def __init__(self, parts: LogParts) -> None:
        self._parts = parts

    @route("GET", "/apps/{app_id}/agent/logs", auth="console", scope="workspace",
           permission=Permission.APP_LOG_VIEW, query=AgentLogQuery)  # fmt: skip
    async def log(self, call: Call, query: AgentLogQuery) -> JsonObject:
        """Shows the rounds in which an agent answered a message."""
        view = await self._parts.apps.get(call.account.workspace_id, call.id("app_id"), modes=_AGENT)
        found = await self._parts.messages.find(view.app.id, query.message_id)
        if found.row.conversation_id != query.conversation_id:
            raise MessageMissing
        configs: Mapping[str, object] = {}
        if view.config is not None:
            configs = cast("Mapping[str, object]", view.config.configs)
        files = cast("list[JsonObject]", message_detail(found, {}, self._parts.links)["message_files"])
        return {
            "meta": await self._meta(call, found, configs),
            "iterations": [_round(thought, files) for thought in found.thoughts],
            "files": [file["id"] for file in files],
        }

    async def _meta(self, call: Call, found: LoggedMessage, configs: Mapping[str, object]) -> JsonObject:
        row = found.row
        people = await self._parts.names.people([row.from_account_id])
        zone = await self._parts.zones.of(call.account.account_id)
        account = people.get(row.from_account_id or "")
        return {
            "status": "error" if row.status == "error" else "success",
            "executor": account.name if account is not None else "Unknown",
            "start_time": row.created_at.astimezone(zone).isoformat(),
            "elapsed_time": row.provider_response_latency,
            "total_tokens": row.message_tokens + row.answer_tokens,
            "agent_mode": read_agent_mode(configs.get("agent_mode")).strategy or "function_call",
            "iterations": len(found.thoughts),
        }


def _round(row: MessageAgentThought, files: Sequence[JsonObject]) -> JsonObject:
    made = set(cast("list[str]", row.message_files))
    return {
        "tokens": row.tokens,
        "tool_calls": _calls(row),
        "tool_raw": {"inputs": row.tool_input, "outputs": row.observation},
        "thought": row.thought,
        "created_at": row.created_at.isoformat(),
        "files": [file for file in files if file["id"] in made],
    }


def _calls(row: MessageAgentThought) -> list[JsonObject]:
    """The tools that a round called; one without an answer was cut off."""
    inputs, outputs = _by_tool(row.tool_input), _by_tool(row.observation)
    labels = cast("Mapping[str, object]", row.tool_labels or {})
    return [
        {
            "status": "success" if name in outputs else "error",
            "error": None,
            "time_cost": None,
            "tool_name": name,
            "tool_label": labels.get(name) or {"en_US": name},
            "tool_input": inputs.get(name, {}),
            "tool_output": outputs.get(name, {}),
            "tool_parameters": {},
            "tool_icon": "",
        }
        for name in filter(None, row.tool.split(";"))
    ]


def _by_tool(text: str) -> Mapping[str, object]:
    """What a round's JSON text says of each tool; nothing where it is no object."""
    try:
        value: object = msgspec.json.decode(text) if text else {}
    except msgspec.DecodeError:
        return {}
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}
