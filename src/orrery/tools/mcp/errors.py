"""How talking to an MCP server fails."""

from __future__ import annotations

from orrery.tools.errors import ToolInvokeError


class McpError(ToolInvokeError):
    """The server answered with an error, or with something that is not the protocol."""


class McpConnectionError(McpError):
    """The server could not be reached, or went silent."""


class McpAuthError(McpError):
    """The server wants somebody to sign in; ``challenge`` is its ``WWW-Authenticate`` header."""

    def __init__(self, message: str, challenge: str = "") -> None:
        self.challenge = challenge
        super().__init__(message)


class McpTransportUnsupported(McpError):
    """The server doesn't speak this transport; another one may do."""


class McpSessionLost(McpError):
    """The server has forgotten the session; a new one must be opened."""


class OAuthError(McpError):
    """Signing in to an MCP server failed; the text says at which step."""
