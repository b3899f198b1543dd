"""MCP servers of a workspace: kept, asked for their tools, signed in to (product.md 6.11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from orrery.cache.protocol import Cache
from orrery.database import Database
from orrery.database.ids import new_id
from orrery.egress.protocol import HttpClient
from orrery.security.encryption import Vault
from orrery.security.masking import UNCHANGED, mask_tool_credential
from orrery.tools.entity import ProviderIdentity, english
from orrery.tools.errors import ToolError
from orrery.tools.mcp.errors import McpAuthError, McpError
from orrery.tools.mcp.mcp_tool import McpToolProvider, Renew, entity_of, fetch_tools, never
from orrery.tools.mcp.oauth_grants import OAuthClient
from orrery.tools.mcp.oauth_login import McpLogin
from orrery.tools.mcp.session import anonymous
from orrery.tools.mcp.transport import Authorization
from orrery.tools.protocol import ToolProvider, ToolRef
from orrery.workspaces.audit.service import Actor, record
from orrery.workspaces.tools.errors import ToolProviderTaken, ToolRefused
from orrery.workspaces.tools.mcp_access import McpAccess
from orrery.workspaces.tools.mcp_logins import SealedLogins
from orrery.workspaces.tools.mcp_rows import (
    McpForm,
    SealedServer,
    by_id,
    check_form,
    hash_of,
    infos_of,
    referred,
    require_free,
    shown_url,
)
from orrery.workspaces.tools.secrets import merged, origin_of
from orrery.workspaces.tools.tables import McpProvider
from orrery.workspaces.tools.view import ProviderView

_MOST_LISTED_BYTES: Final = 2 * 1024 * 1024
"""Of a server's list of tools: it is kept in one row, and read for every call."""


class McpServers:
    """``now`` gives seconds since the epoch."""

    def __init__(
        self, database: Database, cache: Cache, http: HttpClient, vault: Vault, *, now: Callable[[], float]
    ) -> None:
        self._database, self._cache, self._http, self._vault, self._now = database, cache, http, vault, now
        self._sealed = SealedServer(vault)

    async def list(self, workspace_id: str) -> list[ProviderView]:
        """All servers, oldest first."""
        query = select(McpProvider).where(McpProvider.tenant_id == workspace_id).order_by(McpProvider.id)
        async with self._database.read() as session:
            rows = list(await session.scalars(query))
        return [self._view(row) for row in rows]

    async def show(self, workspace_id: str, provider_id: str) -> ProviderView:
        """Raises `ToolProviderUnknown`."""
        async with self._database.read() as session:
            return self._view(await by_id(session, workspace_id, provider_id))

    async def add(self, actor: Actor, form: McpForm) -> ProviderView:
        """Keeps a server, and its tools if it answers at once. Raises `ToolRefused`, `ToolProviderTaken`."""
        check_form(form)
        row = McpProvider(id=new_id(), tenant_id=actor.workspace_id, user_id=actor.account_id, authed=False, tools=[])
        self._fill(row, form)
        try:
            async with self._database.write() as session:
                await require_free(session, actor.workspace_id, form)
                session.add(row)
                record(session, actor, "tool.mcp.add", row.id, name=row.name)
        except IntegrityError as error:
            raise ToolProviderTaken(f"MCP tool {form.name} already exists", params="name") from error
        return await self._looked_at(row)

    async def change(self, actor: Actor, provider_id: str, form: McpForm) -> None:
        """Replaces a server; an address or headers that come back as they were shown stay.

        With another address, tokens and tools of the former one are forgotten. Raises as `add`.
        """
        async with self._database.read() as session:
            kept = await by_id(session, actor.workspace_id, provider_id)
        form = self._with_kept(kept, form)
        moved = hash_of(form.server_url) != kept.server_url_hash
        try:
            async with self._database.write() as session:
                row = await by_id(session, actor.workspace_id, provider_id, locked=True)
                await require_free(session, actor.workspace_id, form, but=row.id)
                if moved:
                    row.encrypted_login, row.encrypted_client, row.authed, row.tools = None, None, False, []
                self._fill(row, form)
                record(session, actor, "tool.mcp.change", row.id, name=row.name)
        except IntegrityError as error:
            raise ToolProviderTaken(f"MCP tool {form.name} already exists", params="name") from error
        if moved:
            await self._looked_at(row)

    async def remove(self, actor: Actor, provider_id: str) -> None:
        """Forgets a server with its tokens. Raises `ToolProviderUnknown`."""
        async with self._database.write() as session:
            row = await by_id(session, actor.workspace_id, provider_id, locked=True)
            await session.delete(row)
            record(session, actor, "tool.mcp.remove", row.id, name=row.name)

    async def refresh(self, workspace_id: str, provider_id: str) -> ProviderView:
        """Asks the server for its tools and keeps them. Raises `ToolProviderUnknown`, `ToolRefused` with the reason."""
        async with self._database.read() as session:
            row = await by_id(session, workspace_id, provider_id)
        try:
            return await self._asked(row)
        except McpAuthError as error:
            raise ToolRefused("Please auth the tool first") from error
        except ToolError as error:
            raise ToolRefused(f"Failed to connect to MCP server: {error}") from error

    async def sign_in(self, actor: Actor, provider_id: str, redirect_uri: str) -> str | None:
        """The address that the person must open to consent; None when the server answers already.

        Raises `ToolRefused` with what went wrong.
        """
        async with self._database.read() as session:
            row = await by_id(session, actor.workspace_id, provider_id)
        try:
            try:
                await self._asked(row)
            except McpAuthError as challenged:
                login = self._login(row.tenant_id, redirect_uri)
                return await login.begin(row.id, self._sealed.url(row), challenge=challenged.challenge)
        except ToolError as error:
            await self._mark(row, authed=False)
            raise ToolRefused(f"Failed to connect to MCP server: {error}") from error
        return None

    async def come_back(self, state: str, code: str, redirect_uri: str) -> None:
        """Ends a login with what the authorization server gave the person's browser. Raises `ToolRefused`."""
        store = SealedLogins(self._database, self._cache, self._vault, "", redirect_uri)
        try:
            provider_id = await McpLogin(self._http, store, redirect_uri=redirect_uri, now=self._now).finish(
                state, code
            )
        except ToolError as error:
            raise ToolRefused(str(error)) from error
        async with self._database.read() as session:
            row = await by_id(session, store.workspace_id, provider_id)
        await self._looked_at(row)

    async def provider(self, workspace_id: str, ref: ToolRef) -> ToolProvider | None:
        """The server as a run may use it; None where there is none."""
        async with self._database.read() as session:
            row = await referred(session, workspace_id, ref)
        if row is None:
            return None
        infos = [info for info in infos_of(row) if info.name == ref.tool_name]
        identity = ProviderIdentity(name=row.name, label=english(row.name))
        endpoint = self._sealed.endpoint(row)
        authorization, renew = self._access(row)
        return McpToolProvider(row.server_identifier, identity, infos, endpoint, self._http, authorization, renew)

    def _access(self, row: McpProvider) -> tuple[Authorization, Renew]:
        if row.encrypted_login is None:
            return anonymous, never
        access = McpAccess(self._login(row.tenant_id, ""), self._cache, row.id)
        return access.header, access.renew

    def _login(self, workspace_id: str, redirect_uri: str) -> McpLogin:
        store = SealedLogins(self._database, self._cache, self._vault, workspace_id, redirect_uri)
        return McpLogin(self._http, store, redirect_uri=redirect_uri, now=self._now)

    async def _asked(self, row: McpProvider) -> ProviderView:
        """Asks for the tools and keeps them. Raises `ToolError`."""
        endpoint, (authorization, renew) = self._sealed.endpoint(row), self._access(row)
        try:
            infos = await fetch_tools(self._http, endpoint, authorization)
        except McpAuthError:
            if not await renew():
                raise
            infos = await fetch_tools(self._http, endpoint, authorization)
        if len(msgspec.json.encode(infos)) > _MOST_LISTED_BYTES:
            raise McpError(f"The MCP server's list of tools is larger than {_MOST_LISTED_BYTES} bytes.")
        return await self._mark(row, authed=True, tools=msgspec.to_builtins(infos))

    async def _looked_at(self, row: McpProvider) -> ProviderView:
        """Tries to get the tools of a server that is kept in any case."""
        try:
            return await self._asked(row)
        except ToolError:
            return self._view(row)

    async def _mark(self, row: McpProvider, *, authed: bool, tools: object = None) -> ProviderView:
        async with self._database.write() as session:
            fresh = await by_id(session, row.tenant_id, row.id, locked=True)
            fresh.authed = authed
            if tools is not None:
                fresh.tools = tools
        return self._view(fresh)

    def _with_kept(self, row: McpProvider, form: McpForm) -> McpForm:
        """The checked form with stored values where masked ones came back. Raises `ToolRefused`.

        What was given for one server goes to no other: whoever may not see a secret must not get it sent to himself.
        """
        try:
            url, headers = self._sealed.url(row), self._sealed.headers(row)
        except ToolError:
            check_form(form)
            return form  # sealed under another key: everything must be given anew
        if form.server_url in {UNCHANGED, shown_url(url)}:
            form = msgspec.structs.replace(form, server_url=url)
        check_form(form)
        found, client = merged(form.headers, headers, headers), self._with_secret(row, form.client)
        if origin_of(form.server_url) == origin_of(url):
            client = client or self._given_client(row)
        elif found != form.headers or client != form.client:
            raise ToolRefused("The server is another one: enter headers and secrets again.", params="server_url")
        known = {name: str(value) for name, value in found.items()}
        return msgspec.structs.replace(form, headers=known, client=client)

    def _with_secret(self, row: McpProvider, client: tuple[str, str] | None) -> tuple[str, str] | None:
        given = self._given_client(row)
        if client is None or given is None or client[1] not in {UNCHANGED, mask_tool_credential(given[1])}:
            return client
        return client[0], given[1]

    def _given_client(self, row: McpProvider) -> tuple[str, str] | None:
        given = self._sealed.clients(row).given
        return None if given is None else (given.client_id, given.client_secret)

    def _fill(self, row: McpProvider, form: McpForm) -> None:
        workspace_id = row.tenant_id
        row.name, row.server_identifier = form.name.strip(), form.server_identifier
        row.encrypted_server_url = self._sealed.seal_url(workspace_id, form.server_url)
        row.server_url_hash = hash_of(form.server_url)
        row.icon = form.icon
        row.encrypted_headers = self._sealed.seal_headers(workspace_id, form.headers)
        row.timeout, row.sse_read_timeout = form.timeout, form.sse_read_timeout
        if form.client is not None:
            given = OAuthClient(*form.client) if form.client[0] else None
            kept = self._sealed.clients(row)
            text = msgspec.json.encode(msgspec.structs.replace(kept, given=given)).decode()
            row.encrypted_client = self._vault.encrypt(workspace_id, text)

    def _view(self, row: McpProvider) -> ProviderView:
        try:
            url, headers = shown_url(self._sealed.url(row)), self._sealed.headers(row)
        except ToolError:
            url, headers = "", {}
        given = self._sealed.clients(row).given
        return ProviderView(
            kind="mcp",
            id=row.id,
            name=row.name,
            author="",
            label=english(row.name),
            description=english(""),
            icon=row.icon,
            tools=[entity_of(row.server_identifier, info) for info in infos_of(row)],
            is_authorized=row.authed,
            created_at=row.created_at,
            more={
                "server_url": url,
                "server_identifier": row.server_identifier,
                "updated_at": int(row.updated_at.timestamp()),
                "configuration": {"timeout": row.timeout, "sse_read_timeout": row.sse_read_timeout},
                "masked_headers": {name: mask_tool_credential(value) for name, value in headers.items()},
                "is_dynamic_registration": given is None,
                "authentication": {
                    "client_id": given.client_id if given else "",
                    "client_secret": mask_tool_credential(given.client_secret) if given else "",
                },
            },
        )
