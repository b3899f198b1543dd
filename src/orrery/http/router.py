"""Finds the endpoint of a method and path: a tree of path segments, so that the cost does not grow with the routes.

A literal segment wins over a parameter, a parameter over a rest-of-path parameter (``{name:path}``).
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

import msgspec

from orrery.errors import NotFound, OrreryError
from orrery.http.endpoint import BoundEndpoint


class MethodNotAllowed(OrreryError):
    """The path exists, but not for this method."""

    status = 405
    code = "method_not_allowed"
    default_message = "The method is not allowed for the requested URL."

    def __init__(self, allowed: Iterable[str]) -> None:
        found = set(allowed)
        self.allowed = sorted(found | {"HEAD"} if "GET" in found else found)
        super().__init__()


class _Leaf(msgspec.Struct):
    endpoint: BoundEndpoint
    names: tuple[str, ...]


class _Branch:
    __slots__ = ("leaves", "literals", "parameter", "rest")

    def __init__(self) -> None:
        self.literals: dict[str, _Branch] = {}
        self.parameter: _Branch | None = None
        self.rest: _Branch | None = None
        self.leaves: dict[str, _Leaf] = {}


class Router:
    """The table of all endpoints. Built once at start; look-ups allocate one dict."""

    def __init__(self, endpoints: Iterable[BoundEndpoint]) -> None:
        self.endpoints = tuple(endpoints)
        self._root = _Branch()
        for endpoint in self.endpoints:
            self._add(endpoint)

    def _add(self, endpoint: BoundEndpoint) -> None:
        branch, names = self._root, list[str]()
        for segment in endpoint.full_path.strip("/").split("/"):
            if segment.startswith("{"):
                name, _, kind = segment[1:-1].partition(":")
                names.append(name)
                if kind == "path":
                    if not endpoint.full_path.endswith(segment):
                        raise ValueError(f"nothing may follow the rest of a path: {endpoint.full_path}")
                    branch.rest = branch.rest or _Branch()
                    branch = branch.rest
                else:
                    branch.parameter = branch.parameter or _Branch()
                    branch = branch.parameter
            else:
                branch = branch.literals.setdefault(segment, _Branch())
        method = endpoint.declaration.method
        if method in branch.leaves:
            raise ValueError(f"declared twice: {method} {endpoint.full_path}")
        branch.leaves[method] = _Leaf(endpoint, tuple(names))

    def find(self, method: str, raw_path: str) -> tuple[BoundEndpoint, dict[str, str]]:
        """The endpoint and its path parameters, percent-decoded. Raises `NotFound`, `MethodNotAllowed`."""
        segments = raw_path.strip("/").split("/")
        values: list[str] = []
        branch = self._descend(self._root, segments, 0, values)
        if branch is None:
            raise NotFound("The requested URL was not found on the server.")
        leaf = branch.leaves.get(method)
        if leaf is None and method == "HEAD":
            leaf = branch.leaves.get("GET")
        if leaf is None:
            raise MethodNotAllowed(branch.leaves)
        return leaf.endpoint, dict(zip(leaf.names, map(unquote, values), strict=True))

    def _descend(self, branch: _Branch, segments: list[str], at: int, values: list[str]) -> _Branch | None:
        if at == len(segments):
            return branch if branch.leaves else None
        literal = branch.literals.get(segments[at])
        if literal is not None:
            found = self._descend(literal, segments, at + 1, values)
            if found is not None:
                return found
        if branch.parameter is not None and segments[at]:
            values.append(segments[at])
            found = self._descend(branch.parameter, segments, at + 1, values)
            if found is not None:
                return found
            values.pop()
        if branch.rest is not None:
            values.append("/".join(segments[at:]))
            return branch.rest
        return None
