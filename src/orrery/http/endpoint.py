"""How a route is declared: everything about it that somebody may want to check is data.

A route group is a class whose methods carry an `Endpoint`; its constructor takes the services it calls. From the
declarations the router, the OpenAPI document and the crawl tests (anonymous, two workspaces, roles) are derived.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Literal, TypeVar

import msgspec

from orrery.security.permissions import Permission

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
Auth = Literal["public", "console", "service", "knowledge", "passport", "signed"]
"""Who may call: anybody; a signed-in account (cookies and CSRF, or bearer); an app's key; a key of a workspace's
knowledge; an end user's passport; the holder of a signed URL."""
Scope = Literal["none", "account", "workspace", "app", "signature"]
"""What the caller can reach: nothing of anybody's; his own account; his current workspace; the key's or passport's
app; the one file of the signature."""

JSON_BODY_LIMIT = 1 << 20
"""Bytes of a JSON body unless the route says otherwise."""

F = TypeVar("F", bound=Callable[..., Awaitable[object]])


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One declared route. ``path`` has ``{name}`` parameters (``{name:path}`` takes the rest).

    ``body`` and ``query`` are msgspec structs; a body type None means that no JSON body is read. ``permission`` is a
    named key (security.permissions) that the caller's role must have; only for ``console``.
    """

    method: Method
    path: str
    auth: Auth
    scope: Scope
    permission: Permission | None = None
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    body_limit: int = JSON_BODY_LIMIT
    status: int = 200
    summary: str = ""
    before_setup: bool = False
    """True for the few routes that work before the owner exists."""


class BoundEndpoint(msgspec.Struct, frozen=True):
    """A declaration with the method that serves it; ``prefix`` is the group's mount point."""

    declaration: Endpoint
    handler: Callable[..., Awaitable[object]]
    prefix: str = ""

    @property
    def full_path(self) -> str:
        return self.prefix + self.declaration.path


class RouteGroup:
    """Base of route groups: finds the declared methods of an instance."""

    def endpoints(self, prefix: str = "") -> Iterator[BoundEndpoint]:
        """Each declared method once, in the order of definition. One method may serve several declarations."""
        for cls in reversed(type(self).__mro__):
            for name, attribute in vars(cls).items():
                for declaration in getattr(attribute, "__endpoints__", ()):
                    yield BoundEndpoint(declaration, getattr(self, name), prefix)


def route(
    method: Method,
    path: str,
    *,
    auth: Auth,
    scope: Scope,
    permission: Permission | None = None,
    body: type[msgspec.Struct] | None = None,
    query: type[msgspec.Struct] | None = None,
    body_limit: int = JSON_BODY_LIMIT,
    status: int = 200,
    before_setup: bool = False,
) -> Callable[[F], F]:
    """Declares the decorated method as the server of ``method path``. The docstring's first line is the summary."""

    def declare(handler: F) -> F:
        summary = (handler.__doc__ or "").strip().partition("\n")[0]
        declaration = Endpoint(
            method=method,
            path=path,
            auth=auth,
            scope=scope,
            permission=permission,
            body=body,
            query=query,
            body_limit=body_limit,
            status=status,
            summary=summary,
            before_setup=before_setup,
        )
        declared: tuple[Endpoint, ...] = (*getattr(handler, "__endpoints__", ()), declaration)
        handler.__endpoints__ = declared  # type: ignore[attr-defined]  # functions take attributes
        return handler

    return declare
