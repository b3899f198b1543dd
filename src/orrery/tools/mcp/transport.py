"""What a session needs of a transport, and the words that both transports share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol, TypeAlias
from urllib.parse import urlsplit

import msgspec

from orrery.egress.protocol import EgressBlocked, EgressError, EgressTimeout, HttpStream, Timeouts
from orrery.tools.blocked import failure_of
from orrery.tools.errors import ToolInvokeError
from orrery.tools.mcp.errors import McpAuthError, McpConnectionError, McpError
from orrery.tools.mcp.jsonrpc import JsonObject

MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024

Authorization: TypeAlias = Callable[[], Awaitable[str | None]]
"""Gives the ``Authorization`` header of the moment; None when there is none."""


class McpEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where a server is and how long it may think; seconds (product.md 6.11, ``configuration``)."""

    url: str
    headers: Mapping[str, str] = {}
    timeout: float = 30.0
    sse_read_timeout: float = 300.0

    @property
    def timeouts(self) -> Timeouts:
        """For answers that may be a stream: silence may last as long as a tool works."""
        return Timeouts(connect=self.timeout, read=self.sse_read_timeout, write=self.timeout)


class Transport(Protocol):
    """Carries messages of one session."""

    async def ask(self, message: JsonObject, request_id: int) -> JsonObject:
        """Sends a request and gives its answer. Raises `McpError`."""
        ...

    async def tell(self, message: JsonObject) -> None:
        """Sends what wants no answer."""
        ...

    def speak(self, version: str) -> None:
        """The protocol version that both sides agreed on."""
        ...

    async def close(self) -> None: ...


def translated(error: EgressError, url: str) -> ToolInvokeError:
    """The way out's error in this room's words."""
    if isinstance(error, EgressBlocked):
        # The paths of MCP servers often hold a key, and this text is shown to whoever uses the app.
        parts = urlsplit(error.url or url)
        return failure_of(EgressBlocked(str(error), url=f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"), url)
    if isinstance(error, EgressTimeout):
        return McpConnectionError("The MCP server did not answer in time.")
    return McpConnectionError(f"The MCP server can't be reached: {error}")


async def refuse_failure(answer: HttpStream) -> None:
    """Raises `McpAuthError` for 401, `McpError` for other failures."""
    if answer.status == 401:
        challenge = header_of(answer, "www-authenticate")
        raise McpAuthError("The MCP server wants authorization.", challenge)
    if not 200 <= answer.status < 300:
        text = (await answer.read(64 * 1024)).decode("utf-8", "replace")[:500]
        raise McpError(f"The MCP server answered with status {answer.status}: {text}".rstrip(": "))


def header_of(answer: HttpStream, name: str) -> str:
    """A header's value, empty when it is not there."""
    return next((value for key, value in answer.headers if key.lower() == name), "")
