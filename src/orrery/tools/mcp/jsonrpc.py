"""JSON-RPC 2.0 as MCP uses it: requests, notifications, answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias, cast

import msgspec

from orrery.tools.mcp.errors import McpError

JsonObject: TypeAlias = Mapping[str, object]

METHOD_NOT_FOUND: Final = -32601


def request(request_id: int, method: str, params: JsonObject | None = None) -> JsonObject:
    """A message that wants an answer."""
    message: dict[str, object] = {"jsonrpc": "2.0", "id": request_id, "method": method}
    return message if params is None else message | {"params": params}


def notification(method: str) -> JsonObject:
    """A message that wants none."""
    return {"jsonrpc": "2.0", "method": method}


def answer_to(message: JsonObject) -> JsonObject | None:
    """What to say when the server asks something of us: it may know that we live, and nothing else.

    None for messages that want no answer.
    """
    if "method" not in message or message.get("id") is None:
        return None
    if message["method"] == "ping":
        return {"jsonrpc": "2.0", "id": message["id"], "result": {}}
    error = {"code": METHOD_NOT_FOUND, "message": "Method not found"}
    return {"jsonrpc": "2.0", "id": message["id"], "error": error}


def is_answer(message: JsonObject, request_id: int) -> bool:
    """Whether a message answers our request; some servers write the id as a text."""
    return "method" not in message and str(message.get("id")) == str(request_id)


def result_of(message: JsonObject) -> JsonObject:
    """The result of an answer. Raises `McpError` with the server's words."""
    error = message.get("error")
    if isinstance(error, dict):
        told = cast("JsonObject", error)
        raise McpError(str(told.get("message") or "The MCP server answered with an error."))
    result = message.get("result")
    if not isinstance(result, dict):
        raise McpError("The MCP server's answer has no result.")
    return cast("JsonObject", result)


def decode(data: bytes | str) -> list[JsonObject]:
    """Messages of a body or an event: one, or a batch as older servers send. Raises `McpError`."""
    try:
        found: object = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise McpError(f"The MCP server sent something that is not JSON: {error}") from error
    items = cast("list[object]", found) if isinstance(found, list) else [found]
    messages = [cast("JsonObject", item) for item in items if isinstance(item, dict)]
    if not messages:
        raise McpError("The MCP server sent something that is not a message.")
    return messages
