"""The ``Authorization`` header of calls to one MCP server."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from orrery.cache.protocol import Cache
from orrery.errors import Unavailable
from orrery.tools.mcp.errors import McpConnectionError
from orrery.tools.mcp.oauth_login import McpLogin

_REFRESH_SECONDS: Final = 60.0


class McpAccess:
    """Tokens are read once for a tool, and refreshed by one process at a time: a refresh token holds only once."""

    def __init__(self, login: McpLogin, cache: Cache, provider_id: str) -> None:
        self._login, self._cache, self._provider_id = login, cache, provider_id
        self._last: str | None = None

    async def header(self) -> str | None:
        """None when nobody has signed in. Raises `McpError`."""
        if self._last is None:
            self._last = await self._login.present(self._provider_id)
        if self._last is None:
            async with self._alone():
                self._last = await self._login.authorization(self._provider_id)
        return self._last

    async def renew(self) -> bool:
        """Whether there is another header now than the last one. Raises `McpError`."""
        async with self._alone():
            self._last = await self._login.renew(self._provider_id, self._last or "")
        return self._last is not None

    @asynccontextmanager
    async def _alone(self) -> AsyncGenerator[None]:
        try:
            async with self._cache.lock(f"mcp_tokens:{self._provider_id}", ttl=_REFRESH_SECONDS, wait=_REFRESH_SECONDS):
                yield
        except Unavailable as error:
            raise McpConnectionError(f"The tokens can't be refreshed now: {error.message}") from error
