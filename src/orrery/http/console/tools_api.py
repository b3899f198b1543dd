"""APIs imported from a description (product reference, 6.11)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from orrery.http.call import Call
from orrery.http.console.people_shapes import DONE, Done, acting
from orrery.http.console.tools_shapes import NO_ICON, field_object, tool_object
from orrery.http.endpoint import RouteGroup, route
from orrery.http.runs import JsonObject
from orrery.security.permissions import Permission
from orrery.tools.credential_form import CredentialField
from orrery.tools.entity import ToolOption, english
from orrery.tools.errors import ToolError
from orrery.tools.openapi.api_tool import entity_of
from orrery.tools.openapi.description import Operation
from orrery.tools.wire import entity_as_wire
from orrery.workspaces.tools.api import ApiTools, ApiTrial
from orrery.workspaces.tools.api_rows import ApiForm, operations_of
from orrery.workspaces.tools.tables import ApiProvider

_BASE = "/workspaces/current/tool-provider/api"
_BODY_LIMIT = 16 << 20
"""A schema may have 4 Mi characters, and JSON may write each of them as several bytes."""

Text = Annotated[str, msgspec.Meta(max_length=10_000)]


class SchemaBody(msgspec.Struct, frozen=True):
    """A pasted description."""

    schema: str


class UrlQuery(msgspec.Struct, frozen=True):
    """Where a description is."""

    url: str


class ProviderQuery(msgspec.Struct, frozen=True):
    """A provider by its name."""

    provider: str


class ProviderBody(msgspec.Struct, frozen=True):
    """A provider by its name."""

    provider: str


class TrialBody(msgspec.Struct, frozen=True, kw_only=True):
    """One tool of a description that is being written."""

    tool_name: str
    provider_name: str | None = None
    credentials: dict[str, object]
    parameters: dict[str, object]
    schema_type: str
    schema: str


class ApiBody(msgspec.Struct, frozen=True, kw_only=True):
    """A filled-in form."""

    credentials: dict[str, object]
    schema_type: str
    schema: str
    provider: str
    icon: dict[str, object]
    privacy_policy: Text | None = ""
    labels: list[str] | None = None
    custom_disclaimer: Text | None = ""

    def form(self) -> ApiForm:
        return ApiForm(
            provider=self.provider,
            schema=self.schema,
            schema_type=self.schema_type,
            credentials=self.credentials,
            icon=self.icon,
            privacy_policy=self.privacy_policy,
            custom_disclaimer=self.custom_disclaimer or "",
            labels=self.labels or (),
        )


class ChangedApiBody(ApiBody, frozen=True, kw_only=True):
    """A filled-in form for a provider that exists under its original name."""

    original_provider: str


class ApiToolRoutes(RouteGroup):
    """Reads, tries, adds, changes and removes."""

    def __init__(self, tools: ApiTools) -> None:
        self._tools = tools

    @route(
        "POST", f"{_BASE}/schema", auth="console", scope="workspace", permission=Permission.TOOL_MANAGE, body=SchemaBody,
        body_limit=_BODY_LIMIT,
    )  # fmt: skip
    async def read(self, call: Call, body: SchemaBody) -> JsonObject:
        """What a description holds."""
        found = await self._tools.read(body.schema)
        return {
            "schema_type": found.schema_type,
            "parameters_schema": [_operation(each) for each in found.operations],
            "credentials_schema": [field_object(field) for field in CREDENTIALS],
            "warning": found.warnings,
        }

    @route(
        "GET", f"{_BASE}/remote", auth="console", scope="workspace", permission=Permission.TOOL_MANAGE, query=UrlQuery
    )
    async def remote(self, call: Call, query: UrlQuery) -> JsonObject:
        """Fetches a description that can be used."""
        return {"schema": await self._tools.fetch(query.url)}

    @route(
        "POST", f"{_BASE}/test/pre", auth="console", scope="workspace", permission=Permission.TOOL_MANAGE,
        body=TrialBody, body_limit=_BODY_LIMIT,
    )  # fmt: skip
    async def try_out(self, call: Call, body: TrialBody) -> JsonObject:
        """Asks one tool and saves nothing."""
        trial = ApiTrial(
            tool_name=body.tool_name,
            schema=body.schema,
            schema_type=body.schema_type,
            credentials=body.credentials,
            parameters=body.parameters,
            provider=body.provider_name or "",
        )
        try:
            return {"result": await self._tools.try_out(call.account.workspace_id, trial) or "empty response"}
        except ToolError as error:
            return {"error": str(error)}

    @route(
        "POST", f"{_BASE}/add", auth="console", scope="workspace", permission=Permission.TOOL_MANAGE, body=ApiBody,
        body_limit=_BODY_LIMIT,
    )  # fmt: skip
    async def add(self, call: Call, body: ApiBody) -> Done:
        """Saves a provider."""
        await self._tools.add(acting(call), body.form())
        return DONE

    @route(
        "POST", f"{_BASE}/update", auth="console", scope="workspace", permission=Permission.TOOL_MANAGE,
        body=ChangedApiBody, body_limit=_BODY_LIMIT,
    )  # fmt: skip
    async def change(self, call: Call, body: ChangedApiBody) -> Done:
        """Replaces a provider; a masked key is kept."""
        await self._tools.change(acting(call), body.original_provider, body.form())
        return DONE

    @route(
        "POST",
        f"{_BASE}/delete",
        auth="console",
        scope="workspace",
        permission=Permission.TOOL_MANAGE,
        body=ProviderBody,
    )
    async def remove(self, call: Call, body: ProviderBody) -> Done:
        """Forgets a provider."""
        await self._tools.remove(acting(call), body.provider)
        return DONE

    @route(
        "GET", f"{_BASE}/get", auth="console", scope="workspace", permission=Permission.TOOL_VIEW, query=ProviderQuery
    )
    async def get(self, call: Call, query: ProviderQuery) -> JsonObject:
        """A provider as its form shows it."""
        row, credentials = await self._tools.show(call.account.workspace_id, query.provider)
        return _provider(row, dict(credentials))

    @route(
        "GET", f"{_BASE}/tools", auth="console", scope="workspace", permission=Permission.TOOL_VIEW, query=ProviderQuery
    )
    async def tools(self, call: Call, query: ProviderQuery) -> list[JsonObject]:
        """The provider's tools."""
        found = await self._tools.tools(call.account.workspace_id, query.provider)
        return [tool_object(entity, "", ()) for entity in found]


def _provider(row: ApiProvider, credentials: JsonObject) -> JsonObject:
    return {
        "schema_type": row.schema_type,
        "schema": row.schema_text,
        "tools": [_operation(each) for each in operations_of(row)],
        "icon": row.icon or NO_ICON,
        "description": row.description,
        "credentials": credentials,
        "privacy_policy": row.privacy_policy,
        "custom_disclaimer": row.custom_disclaimer,
        "labels": row.labels or [],
    }


def _operation(operation: Operation) -> JsonObject:
    return {
        "server_url": operation.server + operation.path,
        "method": operation.method,
        "summary": operation.summary,
        "operation_id": operation.id,
        "parameters": entity_as_wire(entity_of("", operation))["parameters"],
        "author": "",
        "icon": None,
        "openapi": {},
        "output_schema": {},
    }


CREDENTIALS = (
    CredentialField(
        name="auth_type",
        type="select",
        label={"en_US": "Authorization", "zh_Hans": "鉴权"},
        default="none",
        options=(
            ToolOption("none", {"en_US": "None", "zh_Hans": "无"}),
            ToolOption("api_key_header", {"en_US": "Header", "zh_Hans": "请求头"}),
            ToolOption("api_key_query", {"en_US": "Query parameter", "zh_Hans": "查询参数"}),
        ),
    ),
    CredentialField(
        name="api_key_header", type="text-input", label=english("Header"), required=False, default="Authorization"
    ),
    CredentialField(
        name="api_key_header_prefix",
        type="select",
        label=english("Prefix"),
        required=False,
        default="basic",
        options=tuple(ToolOption(each, english(each.capitalize())) for each in ("basic", "bearer", "custom")),
    ),
    CredentialField(
        name="api_key_query_param", type="text-input", label=english("Parameter"), required=False, default="key"
    ),
    CredentialField(name="api_key_value", label=english("Key"), required=False, default=""),
)
