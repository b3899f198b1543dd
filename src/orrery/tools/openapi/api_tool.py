"""One operation of an API as a tool (workflow.md 3.16, product.md 6.11)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, Self, cast

import msgspec

from orrery.egress.protocol import EgressError, HttpClient, HttpResponse, Timeouts
from orrery.tools.blocked import failure_of
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
from orrery.tools.errors import ToolInvokeError, ToolNotSupportedError
from orrery.tools.messages import JsonMessage, TextMessage, ToolMessage
from orrery.tools.openapi.credentials import ApiKey, read_credentials
from orrery.tools.openapi.description import ApiDescription, ApiParameter, Operation
from orrery.tools.openapi.references import as_array
from orrery.tools.openapi.request import ReadFile, RequestBuilder
from orrery.tools.protocol import ProviderType, Tool

TIMEOUTS: Final = Timeouts(connect=10, read=60, write=60)
"""``API_TOOL_DEFAULT_CONNECT_TIMEOUT`` and ``API_TOOL_DEFAULT_READ_TIMEOUT``, seconds."""
MAX_ANSWER_BYTES: Final = 10 * 1024 * 1024
_METHODS: Final = frozenset({"get", "head", "post", "put", "delete", "patch"})
_EMPTY: Final = "Empty response from the tool, please check your parameters and try again."
_TYPES: Final[Mapping[str, ParameterType]] = {
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "array": "array",
    "object": "object",
}


class ApiTool:
    """Implements `Tool`."""

    def __init__(
        self,
        provider_id: str,
        operation: Operation,
        key: ApiKey,
        http: HttpClient,
        *,
        read_file: ReadFile | None = None,
        timeouts: Timeouts = TIMEOUTS,
    ) -> None:
        self.entity = entity_of(provider_id, operation)
        self._operation, self._http, self._timeouts = operation, http, timeouts
        self._builder = RequestBuilder(operation, key, read_file)

    async def invoke(self, parameters: Mapping[str, object]) -> AsyncIterator[ToolMessage]:
        answer = await self._ask(parameters)
        text = answer.text()
        if answer.status >= 400:
            raise ToolInvokeError(f"Request failed with status code {answer.status} and {text}")
        if not answer.content:
            yield TextMessage(_EMPTY)
            return
        if "application/json" in (answer.header("content-type") or "").lower():
            found = _object_in(answer.content)
            if found is not None:
                yield JsonMessage(found)
        yield TextMessage(text)

    async def _ask(self, parameters: Mapping[str, object]) -> HttpResponse:
        if self._operation.method not in _METHODS:
            raise ToolNotSupportedError(f"Invalid http method {self._operation.method}")
        request = await self._builder.build(parameters)
        try:
            return await self._http.request(
                request.method,
                request.url,
                headers=request.headers,
                params=request.params,
                content=request.content,
                form=request.form,
                files=request.files,
                timeouts=self._timeouts,
                follow_redirects=True,
                max_bytes=MAX_ANSWER_BYTES,
            )
        except EgressError as error:
            raise failure_of(error, request.url) from error


class ApiToolProvider:
    """Implements `ToolProvider`: all operations of one pasted description."""

    type: ProviderType = "api"

    def __init__(self, provider_id: str, identity: ProviderIdentity, tools: Sequence[Tool]) -> None:
        self.id, self.identity, self._tools = provider_id, identity, tuple(tools)

    @classmethod
    def of(
        cls,
        provider_id: str,
        identity: ProviderIdentity,
        description: ApiDescription,
        credentials: Mapping[str, object],
        http: HttpClient,
        *,
        read_file: ReadFile | None = None,
        timeouts: Timeouts = TIMEOUTS,
    ) -> Self:
        """Raises `ToolProviderCredentialValidationError`."""
        key = read_credentials(credentials)
        return cls(
            provider_id,
            identity,
            [
                ApiTool(provider_id, operation, key, http, read_file=read_file, timeouts=timeouts)
                for operation in description.operations
            ],
        )

    def tools(self) -> Sequence[Tool]:
        return self._tools


def entity_of(provider_id: str, operation: Operation) -> ToolEntity:
    """What an operation looks like as a tool; of parameters with one name the first is shown."""
    shown: dict[str, ToolParameter] = {}
    for parameter in operation.parameters:
        shown.setdefault(parameter.name, _parameter(parameter))
    return ToolEntity(
        identity=ToolIdentity(name=operation.id, provider=provider_id, label=english(operation.id)),
        description=ToolDescription(human=english(operation.summary), llm=operation.summary),
        parameters=tuple(shown.values()),
    )


def _parameter(parameter: ApiParameter) -> ToolParameter:
    kind: ParameterType = _TYPES.get(parameter.kind, "string")
    if parameter.is_file:
        kind = "file"
    elif parameter.is_files:
        kind = "files"
    choices = [item for item in as_array(parameter.schema.get("enum")) if isinstance(item, str)]
    schema: Mapping[str, object] | None = None
    if kind in {"array", "object"}:
        schema = {"description": parameter.description, **parameter.schema}
    return ToolParameter(
        name=parameter.name,
        type=kind,
        label=english(parameter.name),
        human_description=english(parameter.description),
        llm_description=parameter.description,
        required=parameter.required,
        default=parameter.schema.get("default"),
        options=tuple(ToolOption(choice, english(choice)) for choice in choices),
        input_schema=schema,
    )


def _object_in(content: bytes) -> dict[str, object] | None:
    try:
        found: object = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return None
    return cast("dict[str, object]", found) if isinstance(found, dict) else None
