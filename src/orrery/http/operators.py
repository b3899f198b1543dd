"""Routes for operators: is the process alive, can it work (deployment.md 4.2)."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from starlette.responses import Response

from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.responses import json_response


class Health(msgspec.Struct, frozen=True):
    """The cheap answer: the process serves requests."""

    pid: int
    status: str
    version: str


Check = Callable[[], Awaitable[str | None]]
"""Looks at one part; None when it works, else what is wrong."""


class OperatorRoutes(RouteGroup):
    """``checks`` are the parts that readiness asks, by name."""

    def __init__(self, version: str, checks: Mapping[str, Check]) -> None:
        self._health = Health(os.getpid(), "ok", version)
        self._checks = checks

    @route("GET", "/health", auth="public", scope="none", before_setup=True)
    async def health(self, call: Call) -> Health:
        """Says that the process is alive."""
        return self._health

    @route("GET", "/ready", auth="public", scope="none", before_setup=True)
    async def ready(self, call: Call) -> Response:
        """Says whether every part that requests need works; 503 names the parts that don't."""
        problems = {name: await check() for name, check in self._checks.items()}
        broken = {name: problem for name, problem in problems.items() if problem is not None}
        body = {"status": "unready" if broken else "ready", "parts": dict.fromkeys(problems, "ok") | broken}
        return json_response(body, 503 if broken else 200)
