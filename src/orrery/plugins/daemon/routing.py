"""Which handler answers a path. Patterns hold ``{name}`` for one part and ``{*name}`` for all that follows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from urllib.parse import unquote

import msgspec

from orrery.plugins.daemon.asked import Asked
from orrery.plugins.daemon.wire import Answer

Handler = Callable[[Asked], Awaitable[Answer]]
LONGEST_WORKSPACE = 64


class _Route(msgspec.Struct, frozen=True):
    method: str
    parts: tuple[str, ...]
    handler: Handler


class Routes:
    """The routes of the service, looked through in the order in which they were added."""

    def __init__(self) -> None:
        self._routes: list[_Route] = []

    def add(self, method: str, pattern: str, handler: Handler) -> None:
        self._routes.append(_Route(method, tuple(pattern.strip("/").split("/")), handler))

    def patterns(self) -> Iterator[tuple[str, str]]:
        """Method and pattern of each."""
        for route in self._routes:
            yield route.method, "/" + "/".join(route.parts)

    def find(self, method: str, path: str) -> tuple[Handler, Mapping[str, str]] | None:
        """The handler, and the named parts of ``path``, which is as it was sent: encoded."""
        # Split before it is decoded: an encoded slash is part of a name, not of the path.
        parts = [unquote(part) for part in path.strip("/").split("/")]
        for route in self._routes:
            if route.method == method and (named := _match(route.parts, parts)) is not None:
                return route.handler, named
        return None


def _match(pattern: tuple[str, ...], parts: list[str]) -> dict[str, str] | None:
    named: dict[str, str] = {}
    for position, wanted in enumerate(pattern):
        if wanted.startswith("{*"):
            named[wanted[2:-1]] = "/".join(parts[position:])
            return named if parts[position:] else None
        if position >= len(parts):
            return None
        if wanted.startswith("{"):
            if not parts[position]:
                return None
            named[wanted[1:-1]] = parts[position]
        elif wanted != parts[position]:
            return None
    return named if len(parts) == len(pattern) else None
