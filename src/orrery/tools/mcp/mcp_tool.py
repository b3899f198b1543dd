"""A tool of an MCP server, and the provider that its list makes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeAlias

from orrery.egress.protocol import HttpClient
from orrery.tools.entity import (
    ParameterType,
    ProviderIdentity,
    ToolDescription,
    ToolEntity,
    ToolIdentity,
    ToolOption,
    ToolParameter,
    english,
)
from orrery.tools.mcp.content import messages_of
from orrery.tools.mcp.errors import McpAuthError
from orrery.tools.mcp.jsonrpc import JsonObject
from orrery.tools.mcp.session import McpResult, McpToolInfo, anonymous, open_session
from orrery.tools.mcp.transport import Authorization, McpEndpoint
from orrery.tools.messages import ToolMessage
from orrery.tools.openapi.references import References, as_array, as_object, as_string
from orrery.tools.protocol import ProviderType, Tool

Renew: TypeAlias = Callable[[], Awaitable[bool]]
"""Asks for fresh tokens where the server no longer takes the present ones; whether there are any."""

_TYPES: Final[Mapping[str, ParameterType]] = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "array": "array",
    "object": "object",
}


async def never() -> bool:
    """The renewal of those who have nothing to renew."""
    return False


class McpTool:
    """Implements `Tool`. Every call has a session of its own, so nothing is held between runs."""

    def __init__(
        self,
        provider_id: str,
        info: McpToolInfo,
        endpoint: McpEndpoint,
        http: HttpClient,
        authorization: Authorization,
        renew: Renew = never,
    ) -> None:
        self.entity = entity_of(provider_id, info)
        self._name, self._declares_output = info.name, info.output_schema is not None
        self._endpoint, self._http, self._authorization, self._renew = endpoint, http, authorization, renew

    async def invoke(self, parameters: Mapping[str, object]) -> AsyncIterator[ToolMessage]:
        # Servers check arguments against their schema: a null is not the same as nothing.
        given = {name: value for name, value in parameters.items() if value is not None}
        try:
            result = await self._call(given)
        except McpAuthError:
            # Refused before anything was done: asking again with fresh tokens does nothing twice.
            if not await self._renew():
                raise
            result = await self._call(given)
        for message in messages_of(result, with_variables=self._declares_output):
            yield message

    async def _call(self, given: Mapping[str, object]) -> McpResult:
        async with open_session(self._http, self._endpoint, self._authorization) as session:
            return await session.call(self._name, given)


class McpToolProvider:
    """Implements `ToolProvider` from a list of tools that was fetched before (`fetch_tools`) and kept."""

    type: ProviderType = "mcp"

    def __init__(
        self,
        provider_id: str,
        identity: ProviderIdentity,
        infos: Sequence[McpToolInfo],
        endpoint: McpEndpoint,
        http: HttpClient,
        authorization: Authorization = anonymous,
        renew: Renew = never,
    ) -> None:
        self.id, self.identity = provider_id, identity
        self._tools = tuple(McpTool(provider_id, info, endpoint, http, authorization, renew) for info in infos)

    def tools(self) -> Sequence[Tool]:
        return self._tools


async def fetch_tools(
    http: HttpClient, endpoint: McpEndpoint, authorization: Authorization = anonymous
) -> list[McpToolInfo]:
    """What a server offers now. Raises `McpError`; `McpAuthError` when somebody has to sign in first."""
    async with open_session(http, endpoint, authorization) as session:
        return await session.list_tools()


def entity_of(provider_id: str, info: McpToolInfo) -> ToolEntity:
    """What an MCP tool looks like as a tool of ours."""
    references = References(info.input_schema)
    required = as_array(info.input_schema.get("required"))
    parameters = [
        _parameter(str(name), references.whole(schema), required=name in required)
        for name, schema in as_object(info.input_schema.get("properties")).items()
    ]
    return ToolEntity(
        identity=ToolIdentity(name=info.name, provider=provider_id, label=english(info.title or info.name)),
        description=ToolDescription(human=english(info.description), llm=info.description),
        parameters=tuple(parameters),
        output_schema=info.output_schema,
    )


def _parameter(name: str, schema: JsonObject, *, required: bool) -> ToolParameter:
    kinds = [schema.get("type"), *as_array(schema.get("type"))]
    kinds += [as_object(option).get("type") for option in as_array(schema.get("anyOf") or schema.get("oneOf"))]
    known: list[ParameterType] = [_TYPES[kind] for kind in kinds if isinstance(kind, str) and kind in _TYPES]
    kind: ParameterType = known[0] if len(set(known)) == 1 else "any"
    description = as_string(schema.get("description"))
    choices = [item for item in as_array(schema.get("enum")) if isinstance(item, str)]
    return ToolParameter(
        name=name,
        type=kind,
        label=english(as_string(schema.get("title")) or name),
        human_description=english(description),
        llm_description=description,
        required=required,
        default=schema.get("default"),
        options=tuple(ToolOption(choice, english(choice)) for choice in choices),
        input_schema=schema or None,
    )
