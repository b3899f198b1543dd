"""Where a model is reached and as whom: the account's part of a call, apart from the protocol's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec


class ChatTraits(msgspec.Struct, frozen=True):
    """How one model family departs from its protocol's plain form."""

    system_role: Literal["system", "developer"] = "system"
    max_tokens_field: str = "max_tokens"
    dropped_parameters: tuple[str, ...] = ()
    stream_usage: bool = True
    echo_reasoning: bool = False
    tool_style: Literal["tools", "functions", "none"] = "tools"
    structured_output: bool = True


class Endpoint(msgspec.Struct, frozen=True):
    """One account at one address.

    ``base_url`` is without a trailing slash; ``label`` is the provider's name for messages; ``secrets`` are values
    that no message may ever hold; ``model`` is the vendor's id where it differs from the app's (azure deployments).
    """

    base_url: str
    label: str
    headers: Mapping[str, str] = {}
    query: tuple[tuple[str, str], ...] = ()
    secrets: tuple[str, ...] = ()
    traits: ChatTraits = ChatTraits()
    model: str | None = None
    extras: Mapping[str, object] = {}

    def url(self, path: str) -> str:
        """``path`` begins with a slash; the endpoint's query is appended."""
        address = self.base_url + path
        if not self.query:
            return address
        return address + ("&" if "?" in path else "?") + "&".join(f"{k}={v}" for k, v in self.query)
