"""What a tool says when the way out fails (sandbox-and-security.md 5.3)."""

from __future__ import annotations

from orrery.egress.protocol import EgressBlocked, EgressError
from orrery.tools.errors import ToolInvokeError, ToolSSRFError


def failure_of(error: EgressError, url: str) -> ToolInvokeError:
    """``url`` is shown when the error itself doesn't know where it wanted to go."""
    if isinstance(error, EgressBlocked):
        return ToolSSRFError(
            f"Access to '{_without_query(error.url or url)}' was blocked by SSRF protection. "
            "The URL may point to a private or local network address. "
        )
    return ToolInvokeError(str(error))


def _without_query(url: str) -> str:
    """Keys of APIs stand in queries, and this text is shown to whoever uses the app."""
    return url.partition("?")[0]
