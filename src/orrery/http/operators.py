"""Routes for operators: is the process alive, can it work, what is it busy with (deployment.md 4.2)."""

from __future__ import annotations

import hmac
import os
import threading
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from starlette.responses import Response

from orrery.database.engine import PoolState
from orrery.errors import Unauthorized
from orrery.http.call import Call
from orrery.http.console.system import SystemParts
from orrery.http.endpoint import RouteGroup, route
from orrery.http.responses import json_response
from orrery.telemetry.observation import METRICS_TYPE


class Health(msgspec.Struct, frozen=True):
    """The cheap answer: the process serves requests."""

    pid: int
    status: str
    version: str


Check = Callable[[], Awaitable[str | None]]
"""Looks at one part; None when it works, else what is wrong."""


class OperatorParts(msgspec.Struct, frozen=True, kw_only=True):
    """``checks`` are the parts that readiness asks, by name, ``helpful`` those without which most still works.

    ``metrics`` is None where nobody wants any; ``system`` is what the console shows of the installation.
    """

    checks: Mapping[str, Check]
    helpful: Mapping[str, Check] = {}
    pool: Callable[[], PoolState]
    metrics: Callable[[], Awaitable[bytes]] | None = None
    metrics_token: str = ""
    system: SystemParts


class OperatorRoutes(RouteGroup):
    """They tell numbers and names of threads, nothing of anybody's data; the edge passes none of them on."""

    def __init__(self, version: str, parts: OperatorParts) -> None:
        self._health = Health(os.getpid(), "ok", version)
        self._parts = parts

    @route("GET", "/health", auth="public", scope="none", before_setup=True)
    async def health(self, call: Call) -> Health:
        """Says that the process is alive."""
        return self._health

    @route("GET", "/ready", auth="public", scope="none", before_setup=True)
    async def ready(self, call: Call) -> Response:
        """Says whether every part that requests need works; 503 names the parts that don't.

        Parts that can be missed make it ``degraded`` and 200: taking every process out of service would help nobody.
        """
        needed = {name: await check() for name, check in self._parts.checks.items()}
        helpful = {name: await check() for name, check in self._parts.helpful.items()}
        broken = any(problem is not None for problem in needed.values())
        degraded = any(problem is not None for problem in helpful.values())
        parts = {name: problem or "ok" for name, problem in (needed | helpful).items()}
        status = "unready" if broken else "degraded" if degraded else "ready"
        return json_response({"status": status, "parts": parts}, 503 if broken else 200)

    @route("GET", "/threads", auth="public", scope="none", before_setup=True)
    async def threads(self, call: Call) -> dict[str, object]:
        """The threads of this process."""
        threads = [{"name": t.name, "id": t.ident, "is_alive": t.is_alive()} for t in threading.enumerate()]
        return {"pid": os.getpid(), "thread_num": len(threads), "threads": threads}

    @route("GET", "/db-pool-stat", auth="public", scope="none", before_setup=True)
    async def pool(self, call: Call) -> dict[str, object]:
        """The connections of this process to the database."""
        pool = self._parts.pool()
        return {
            "pid": os.getpid(),
            "pool_size": pool.size,
            "checked_in_connections": pool.checked_in,
            "checked_out_connections": pool.checked_out,
            "overflow_connections": pool.overflow,
            "connection_timeout": pool.timeout,
            "recycle_time": pool.recycle,
        }


class MetricsRoutes(RouteGroup):
    """Prometheus metrics, where ORRERY_METRICS is on. An empty ``token`` lets everybody read them."""

    def __init__(self, metrics: Callable[[], Awaitable[bytes]], token: str) -> None:
        self._metrics = metrics
        self._token = token

    @route("GET", "/metrics", auth="public", scope="none", before_setup=True)
    async def metrics(self, call: Call) -> Response:
        """All metrics of this process. Raises `Unauthorized` without the token."""
        given = call.request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._token and not hmac.compare_digest(given.encode(), self._token.encode()):
            raise Unauthorized
        return Response(await self._metrics(), media_type=METRICS_TYPE)


def operator_routes(version: str, parts: OperatorParts) -> list[RouteGroup]:
    """The groups that this process offers."""
    metrics = [] if parts.metrics is None else [MetricsRoutes(parts.metrics, parts.metrics_token)]
    return [OperatorRoutes(version, parts), *metrics]
