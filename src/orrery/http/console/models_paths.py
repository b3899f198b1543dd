"""Routes below one model provider, whose id is one path segment or three (``author/plugin/provider``)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from orrery.http.call import Call
from orrery.http.endpoint import Method, route
from orrery.security.permissions import Permission

_BASE = "/workspaces/current/model-providers"
_ONE, _THREE = "{provider}", "{organization}/{plugin}/{provider}"

F = TypeVar("F", bound=Callable[..., Awaitable[object]])


def provider_route(
    method: Method,
    tail: str,
    permission: Permission,
    *,
    body: type[msgspec.Struct] | None = None,
    query: type[msgspec.Struct] | None = None,
    status: int = 200,
) -> Callable[[F], F]:
    """Declares the method below both spellings of the provider's id."""

    def declare(handler: F) -> F:
        for provider in (_ONE, _THREE):
            handler = route(
                method,
                f"{_BASE}/{provider}{tail}",
                auth="console",
                scope="workspace",
                permission=permission,
                body=body,
                query=query,
                status=status,
            )(handler)
        return handler

    return declare


def provider_of(call: Call) -> str:
    """The provider's id as it was written."""
    parts = (call.path.get("organization"), call.path.get("plugin"), call.path["provider"])
    return "/".join(part for part in parts if part)
