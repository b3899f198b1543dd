"""What an MCP tool answered, as this room's messages."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from typing import cast

from orrery.tools.mcp.errors import McpError
from orrery.tools.mcp.jsonrpc import JsonObject
from orrery.tools.mcp.session import McpResult
from orrery.tools.messages import (
    RESERVED_VARIABLES,
    FileMessage,
    JsonMessage,
    LinkMessage,
    TextMessage,
    ToolMessage,
    VariableMessage,
)


def messages_of(result: McpResult, *, with_variables: bool) -> Iterator[ToolMessage]:
    """``with_variables``: the tool declares its output, so each field of it is an output of its own.

    Raises `McpError` when the tool failed or sent what can't be decoded.
    """
    if result.is_error:
        texts = [str(item.get("text") or "") for item in result.content if item.get("type") == "text"]
        raise McpError("\n".join(filter(None, texts)) or "The tool failed without saying why.")
    for item in result.content:
        yield from _item(item)
    if with_variables and result.structured is not None:
        for name, value in result.structured.items():
            if name not in RESERVED_VARIABLES:
                yield VariableMessage(name, value)


def _item(item: JsonObject) -> Iterator[ToolMessage]:
    match item.get("type"):
        case "text":
            yield from _text(str(item.get("text") or ""))
        case "image" | "audio":
            yield _file(item.get("data"), str(item.get("mimeType") or "application/octet-stream"), None)
        case "resource_link":
            yield LinkMessage(str(item.get("uri") or ""))
        case "resource":
            resource = item.get("resource")
            if isinstance(resource, dict):
                yield from _resource(cast("JsonObject", resource))
        case _:
            yield TextMessage(json.dumps(item, ensure_ascii=False))


def _text(text: str) -> Iterator[ToolMessage]:
    """Text that is an object, or a list of objects, comes as such."""
    try:
        found: object = json.loads(text) if text.lstrip()[:1] in {"{", "["} else None
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        yield JsonMessage(cast("JsonObject", found))
        return
    items = cast("list[object]", found) if isinstance(found, list) else []
    if items and all(isinstance(item, dict) for item in items):
        yield from (JsonMessage(item) for item in items)
        return
    yield TextMessage(text)


def _resource(resource: JsonObject) -> Iterator[ToolMessage]:
    uri = str(resource.get("uri") or "")
    if isinstance(resource.get("text"), str):
        yield TextMessage(str(resource["text"]))
    elif "blob" in resource:
        name = uri.rstrip("/").rpartition("/")[2] or None
        yield _file(resource["blob"], str(resource.get("mimeType") or "application/octet-stream"), name)
    elif uri:
        yield LinkMessage(uri)


def _file(data: object, mime_type: str, name: str | None) -> FileMessage:
    try:
        return FileMessage(base64.b64decode(str(data or ""), validate=True), mime_type, name)
    except binascii.Error as error:
        raise McpError(f"The MCP server sent a file that can't be decoded: {error}") from error
