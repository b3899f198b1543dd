"""APIs that a workspace imported from a description (product.md 6.11, API tools)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final, cast

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from orrery.database import Database
from orrery.database.ids import new_id
from orrery.egress.protocol import EgressError, HttpClient, Timeouts
from orrery.tools.entity import ProviderIdentity, ToolEntity, english
from orrery.tools.errors import ToolApiSchemaError, ToolError, ToolProviderCredentialValidationError
from orrery.tools.messages import JsonMessage, TextMessage
from orrery.tools.openapi.api_tool import TIMEOUTS, ApiTool, ApiToolProvider, entity_of
from orrery.tools.openapi.credentials import read_credentials
from orrery.tools.openapi.description import ApiDescription, read_description
from orrery.tools.openapi.request import ReadFile
from orrery.tools.parameter_values import typed
from orrery.tools.protocol import ToolProvider, ToolRef
from orrery.workspaces.audit.service import Actor, record
from orrery.workspaces.models.errors import CredentialUnreadable
from orrery.workspaces.models.sealing import Seal
from orrery.workspaces.tools.api_rows import ApiForm, fill, named, operations_of, referred
from orrery.workspaces.tools.errors import ApiSchemaRefused, ToolProviderTaken, ToolRefused
from orrery.workspaces.tools.labels import known
from orrery.workspaces.tools.secrets import masked, merged, origin_of
from orrery.workspaces.tools.tables import ApiProvider
from orrery.workspaces.tools.view import ProviderView

SCHEMA_TYPES: Final = ("openapi", "swagger", "openai_plugin", "openai_actions")
MOST_OPERATIONS: Final = 100
SECRET: Final = frozenset({"api_key_value"})
_LONGEST_NAME: Final = 191
_MAX_SCHEMA_BYTES: Final = 4 * 1024 * 1024


class ApiTrial(msgspec.Struct, frozen=True, kw_only=True):
    """One tool of a description that is being written. ``provider`` is the saved one whose secrets count."""

    tool_name: str
    schema: str
    schema_type: str
    credentials: Mapping[str, object]
    parameters: Mapping[str, object]
    provider: str = ""


class ApiTools:
    """Reads descriptions, and keeps providers made of them."""

    def __init__(self, database: Database, http: HttpClient, seal: Seal, *, timeouts: Timeouts = TIMEOUTS) -> None:
        self._database, self._http, self._seal, self._timeouts = database, http, seal, timeouts

    async def read(self, text: str) -> ApiDescription:
        """What a description holds. Raises `ApiSchemaRefused`."""
        try:
            # A long text takes a moment of computing, which other people's streams should not wait for.
            return await asyncio.to_thread(read_description, text)
        except ToolApiSchemaError as error:
            raise ApiSchemaRefused(f"invalid schema: {error}", params="schema") from error

    async def fetch(self, url: str) -> str:
        """A description at an address. Raises `ApiSchemaRefused`."""
        try:
            answer = await self._http.request(
                "GET",
                url,
                headers={"Accept": "*/*", "User-Agent": "Mozilla/5.0 (compatible; Orrery)"},
                timeouts=Timeouts(connect=10, read=10, total=30),
                follow_redirects=True,
                max_bytes=_MAX_SCHEMA_BYTES,
            )
        except EgressError as error:
            raise ApiSchemaRefused(
                f"invalid schema, please check the url you provided: {error}", params="url"
            ) from error
        if answer.status != 200:
            told = f"invalid schema, please check the url you provided: it answered with status {answer.status}"
            raise ApiSchemaRefused(told, params="url")
        text = answer.text()
        await self.read(text)
        return text

    async def list(self, workspace_id: str) -> list[ProviderView]:
        """All providers, oldest first."""
        query = select(ApiProvider).where(ApiProvider.tenant_id == workspace_id).order_by(ApiProvider.id)
        async with self._database.read() as session:
            rows = list(await session.scalars(query))
        return [self._view(row) for row in rows]

    async def show(self, workspace_id: str, name: str) -> tuple[ApiProvider, Mapping[str, object]]:
        """A provider with masked credentials. Raises `ToolRefused` where there is none."""
        row = await self._row(workspace_id, name)
        return row, masked(self._opened(row), SECRET)

    async def tools(self, workspace_id: str, name: str) -> list[ToolEntity]:
        """Raises `ToolRefused`."""
        row = await self._row(workspace_id, name)
        return [entity_of(row.id, operation) for operation in operations_of(row)]

    async def try_out(self, workspace_id: str, trial: ApiTrial) -> str:
        """Asks one tool and gives its answer; saves nothing. Raises `ToolRefused`, and `ToolError` for its failure."""
        _require_type(trial.schema_type)
        description = await self.read(trial.schema)
        operation = next((each for each in description.operations if each.id == trial.tool_name), None)
        if operation is None:
            raise ToolRefused(f"invalid tool name {trial.tool_name}", params="tool_name")
        credentials = dict(trial.credentials)
        if trial.provider:
            async with self._database.read() as session:
                row = await named(session, workspace_id, trial.provider)
            if row is not None:
                credentials = self._merged(trial.credentials, row, description)
        tool = ApiTool("", operation, read_credentials(credentials), self._http, timeouts=self._timeouts)
        parts: list[str] = []
        async for message in tool.invoke(typed(tool.entity, trial.parameters)):
            if isinstance(message, TextMessage):
                parts.append(message.text)
            elif isinstance(message, JsonMessage):
                parts = [msgspec.json.encode(message.value).decode()]
                break
        return "".join(parts)

    async def add(self, actor: Actor, form: ApiForm) -> str:
        """Saves a provider; gives its id. Raises `ApiSchemaRefused`, `ToolRefused`, `ToolProviderTaken`."""
        description = await self._checked(form, form.credentials)
        row = ApiProvider(id=new_id(), tenant_id=actor.workspace_id, user_id=actor.account_id)
        sealed = self._seal.close(actor.workspace_id, form.credentials)
        fill(row, form, description.operations, title=_title(description), sealed=sealed)
        try:
            async with self._database.write() as session:
                if await named(session, actor.workspace_id, row.name) is not None:
                    raise _taken(row.name)
                session.add(row)
                record(session, actor, "tool.api.add", row.id, name=row.name)
        except IntegrityError as error:
            raise _taken(row.name) from error
        return row.id

    async def change(self, actor: Actor, original: str, form: ApiForm) -> None:
        """Replaces a provider; a masked key is kept. Raises as `add`, and `ToolRefused` where there is none."""
        workspace_id = actor.workspace_id
        kept = await self._row(workspace_id, original)
        credentials = self._merged(form.credentials, kept, await self.read(form.schema))
        description = await self._checked(form, credentials)
        sealed = self._seal.close(workspace_id, credentials)
        try:
            async with self._database.write() as session:
                row = await named(session, workspace_id, original)
                if row is None:
                    raise _missing(original)
                other = await named(session, workspace_id, form.provider)
                if other is not None and other.id != row.id:
                    raise _taken(other.name)
                fill(row, form, description.operations, title=_title(description), sealed=sealed)
                record(session, actor, "tool.api.change", row.id, name=row.name)
        except IntegrityError as error:
            raise _taken(form.provider) from error

    async def remove(self, actor: Actor, name: str) -> None:
        """Raises `ToolRefused` where there is none."""
        async with self._database.write() as session:
            row = await named(session, actor.workspace_id, name)
            if row is None:
                raise _missing(name)
            await session.delete(row)
            record(session, actor, "tool.api.remove", row.id, name=row.name)

    async def provider(self, workspace_id: str, ref: ToolRef, read_file: ReadFile | None = None) -> ToolProvider | None:
        """The provider as a run may use it, by its id or, from another installation's file, by its name."""
        async with self._database.read() as session:
            row = await referred(session, workspace_id, ref)
        if row is None:
            return None
        try:
            key = read_credentials(self._seal.open(workspace_id, row.encrypted_credentials))
        except CredentialUnreadable as error:
            raise ToolProviderCredentialValidationError(error.message) from error
        tools = [
            ApiTool(row.id, operation, key, self._http, read_file=read_file, timeouts=self._timeouts)
            for operation in operations_of(row)
            if operation.id == ref.tool_name
        ]
        return ApiToolProvider(row.id, ProviderIdentity(name=row.name, label=english(row.name)), tools)

    async def _checked(self, form: ApiForm, credentials: Mapping[str, object]) -> ApiDescription:
        _require_type(form.schema_type)
        if not 0 < len(form.provider.strip()) <= _LONGEST_NAME:
            raise ToolRefused(f"provider must have 1 to {_LONGEST_NAME} characters", params="provider")
        description = await self.read(form.schema)
        if len(description.operations) > MOST_OPERATIONS:
            raise ToolRefused(f"the number of apis should be less than {MOST_OPERATIONS}", params="schema")
        if "auth_type" not in credentials:
            raise ToolRefused("auth_type is required", params="credentials")
        try:
            read_credentials(credentials)
        except ToolError as error:
            raise ToolRefused(str(error), params="credentials") from error
        return description

    async def _row(self, workspace_id: str, name: str) -> ApiProvider:
        async with self._database.read() as session:
            row = await named(session, workspace_id, name)
        if row is None:
            raise _missing(name)
        return row

    def _merged(self, given: Mapping[str, object], row: ApiProvider, description: ApiDescription) -> dict[str, object]:
        """The given credentials, where a key that came back masked is the stored one.

        Raises `ToolRefused` when it would go to a server that it was not given for: whoever may not see a key must not
        get it sent to himself either.
        """
        found = merged(given, self._opened(row), SECRET)
        known = {origin_of(operation.server) for operation in operations_of(row)}
        if found != dict(given) and not {origin_of(each.server) for each in description.operations} <= known:
            raise ToolRefused("The schema names another server: enter the key again.", params="credentials")
        return found

    def _opened(self, row: ApiProvider) -> Mapping[str, object]:
        try:
            return self._seal.open(row.tenant_id, row.encrypted_credentials)
        except CredentialUnreadable:
            return {"auth_type": "none"}  # the form can be filled in anew

    def _view(self, row: ApiProvider) -> ProviderView:
        credentials = self._opened(row)
        return ProviderView(
            kind="api",
            id=row.id,
            name=row.name,
            author="",
            label=english(row.name),
            description=english(row.description),
            icon=row.icon,
            tools=[entity_of(row.id, operation) for operation in operations_of(row)],
            is_authorized=True,
            labels=known(cast("list[str]", row.labels or [])),
            credentials=masked(credentials, SECRET),
            created_at=row.created_at,
        )


def _require_type(schema_type: str) -> None:
    if schema_type not in SCHEMA_TYPES:
        raise ToolRefused(f"invalid schema type {schema_type}", params="schema_type")


def _title(description: ApiDescription) -> str:
    return description.description or description.title


def _missing(name: str) -> ToolRefused:
    return ToolRefused(f"you have not added provider {name}", params="provider")


def _taken(name: str) -> ToolProviderTaken:
    return ToolProviderTaken(f"provider {name.strip()} already exists", params="provider")
