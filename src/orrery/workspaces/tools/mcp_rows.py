"""Rows of MCP servers: checking a form, finding rows, opening what is sealed in them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Final, cast
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.ids import is_id
from orrery.security.encryption import DecryptionError, Vault
from orrery.tools.errors import ToolProviderCredentialValidationError
from orrery.tools.mcp.session import McpToolInfo
from orrery.tools.mcp.transport import McpEndpoint
from orrery.tools.protocol import ToolRef
from orrery.workspaces.tools.errors import ToolProviderTaken, ToolProviderUnknown, ToolRefused
from orrery.workspaces.tools.mcp_logins import KnownClients
from orrery.workspaces.tools.tables import McpProvider

LONGEST_NAME: Final = 191
LONGEST_URL: Final = 2_048
LONGEST_WAIT: Final = 3_600.0
_IDENTIFIER: Final = re.compile(r"[a-z0-9_-]{1,24}")
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HELD_BY_PROTOCOL: Final = frozenset(
    {"host", "content-length", "content-type", "accept", "transfer-encoding", "connection", "mcp-session-id"}
)


class McpForm(msgspec.Struct, frozen=True, kw_only=True):
    """A filled-in form. ``client`` is (id, secret) at the server's authorization server; seconds for the timeouts."""

    server_url: str
    name: str
    server_identifier: str
    icon: object = None
    headers: Mapping[str, str] = {}
    client: tuple[str, str] | None = None
    timeout: float = 30.0
    sse_read_timeout: float = 300.0


def check_form(form: McpForm) -> None:
    """Raises `ToolRefused` with the field. The address is not asked."""
    if not 0 < len(form.name.strip()) <= LONGEST_NAME:
        raise ToolRefused(f"name must have 1 to {LONGEST_NAME} characters", params="name")
    if not _IDENTIFIER.fullmatch(form.server_identifier):
        raise ToolRefused(
            "server_identifier must have 1 to 24 characters: lower-case letters, digits, _ and -.",
            params="server_identifier",
        )
    check_url(form.server_url)
    for field in ("timeout", "sse_read_timeout"):
        if not 0 < cast("float", getattr(form, field)) <= LONGEST_WAIT:
            raise ToolRefused(f"{field} must be above 0 and at most {LONGEST_WAIT:g} seconds", params="configuration")
    for name, value in form.headers.items():
        if not _HEADER_NAME.fullmatch(name) or any(ord(c) < 32 or ord(c) == 127 for c in value):
            raise ToolRefused(f"The header {name!r} can't be sent.", params="headers")
        if name.lower() in _HELD_BY_PROTOCOL:
            raise ToolRefused(f"The header {name} belongs to the protocol.", params="headers")


def check_url(url: str) -> None:
    """Raises `ToolRefused`."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or len(url) > LONGEST_URL or any(c.isspace() or ord(c) < 32 for c in url):
        raise ToolRefused("Server URL is not valid.", params="server_url")


def hash_of(url: str) -> str:
    """What tells addresses apart without telling them."""
    return hashlib.sha256(url.encode()).hexdigest()


def shown_url(url: str) -> str:
    """The address without its path, which often holds a key."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}/******" if parts.path.strip("/") or parts.query else f"{parts.scheme}://{host}"


async def by_id(session: AsyncSession, workspace_id: str, provider_id: str, *, locked: bool = False) -> McpProvider:
    """Raises `ToolProviderUnknown`."""
    query = select(McpProvider).where(McpProvider.tenant_id == workspace_id, McpProvider.id == provider_id)
    row = await session.scalar(query.with_for_update() if locked else query) if is_id(provider_id) else None
    if row is None:
        raise ToolProviderUnknown("MCP tool not found")
    return row


async def referred(session: AsyncSession, workspace_id: str, ref: ToolRef) -> McpProvider | None:
    """The server that an app means: by its identifier, its id or, in a file from elsewhere, its name."""
    wanted = [McpProvider.server_identifier == ref.provider_id, McpProvider.name == ref.provider_id]
    if ref.provider_name:
        wanted.append(McpProvider.name == ref.provider_name)
    if is_id(ref.provider_id):
        wanted.append(McpProvider.id == ref.provider_id)
    query = select(McpProvider).where(McpProvider.tenant_id == workspace_id, or_(*wanted)).order_by(McpProvider.id)
    rows = list(await session.scalars(query))
    exact = [row for row in rows if ref.provider_id in {row.server_identifier, row.id}]
    return next(iter([*exact, *rows]), None)


async def require_free(session: AsyncSession, workspace_id: str, form: McpForm, but: str | None = None) -> None:
    """Raises `ToolProviderTaken` when another server has the name, the address or the identifier."""
    name, hashed = form.name.strip(), hash_of(form.server_url)
    query = select(McpProvider).where(
        McpProvider.tenant_id == workspace_id,
        or_(
            McpProvider.name == name,
            McpProvider.server_url_hash == hashed,
            McpProvider.server_identifier == form.server_identifier,
        ),
    )
    for other in await session.scalars(query):
        if other.id == but:
            continue
        if other.name == name:
            raise ToolProviderTaken(f"MCP tool {name} already exists", params="name")
        if other.server_url_hash == hashed:
            raise ToolProviderTaken(f"MCP tool {shown_url(form.server_url)} already exists", params="server_url")
        raise ToolProviderTaken(f"MCP tool {form.server_identifier} already exists", params="server_identifier")


def infos_of(row: McpProvider) -> Sequence[McpToolInfo]:
    """The tools that the server listed when it was last asked."""
    return msgspec.convert(row.tools or [], list[McpToolInfo])


class SealedServer:
    """Opens what is sealed in a server's row."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def seal_url(self, workspace_id: str, url: str) -> str:
        return self._vault.encrypt(workspace_id, url)

    def seal_headers(self, workspace_id: str, headers: Mapping[str, str]) -> str | None:
        return self._vault.encrypt(workspace_id, msgspec.json.encode(headers).decode()) if headers else None

    def url(self, row: McpProvider) -> str:
        """Raises `ToolProviderCredentialValidationError` for what was sealed under another key."""
        return self._opened(row, row.encrypted_server_url)

    def headers(self, row: McpProvider) -> dict[str, str]:
        """Raises `ToolProviderCredentialValidationError`."""
        if row.encrypted_headers is None:
            return {}
        return msgspec.json.decode(self._opened(row, row.encrypted_headers), type=dict[str, str])

    def endpoint(self, row: McpProvider) -> McpEndpoint:
        """Raises `ToolProviderCredentialValidationError`."""
        return McpEndpoint(
            url=self.url(row), headers=self.headers(row), timeout=row.timeout, sse_read_timeout=row.sse_read_timeout
        )

    def clients(self, row: McpProvider) -> KnownClients:
        """Who we are to the server's authorization servers; nobody, where that can't be read."""
        if row.encrypted_client is None:
            return KnownClients()
        try:
            return msgspec.json.decode(self._opened(row, row.encrypted_client), type=KnownClients)
        except (ToolProviderCredentialValidationError, msgspec.DecodeError):
            return KnownClients()

    def _opened(self, row: McpProvider, sealed: str) -> str:
        try:
            return self._vault.decrypt(row.tenant_id, sealed)
        except DecryptionError as error:
            raise ToolProviderCredentialValidationError(f"The MCP server {row.name}: {error}") from error
