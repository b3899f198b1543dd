"""Tells observers of finished requests, and puts each request into a span where somebody traces."""

from __future__ import annotations

import time
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orrery.http.app import ROUTE, TRACE
from orrery.telemetry.configure import log_request
from orrery.telemetry.observation import RequestObserver, RequestSeen, Tracer

_SERVER_ERROR = 500


class AccessLog:
    """Writes one line for each request (ENABLE_REQUEST_LOGGING)."""

    def request(self, seen: RequestSeen) -> None:
        """See `RequestObserver.request`."""
        log_request(seen.method, seen.path, seen.status, seen.seconds, seen.trace_id)


class ObservedApp:
    """Wraps the application; used only where somebody observes."""

    def __init__(self, app: ASGIApp, observers: Sequence[RequestObserver], tracer: Tracer | None = None) -> None:
        self._app = app
        self._observers = tuple(observers)
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._tracer is None:
            await self._observe(scope, receive, send)
        else:
            with self._tracer.serving(scope["method"], Headers(scope=scope)) as span:
                kept = [pair for pair in scope["headers"] if pair[0] != b"traceparent"]
                inner = {**scope, "headers": [*kept, (b"traceparent", span.traceparent.encode())]}
                status = await self._observe(inner, receive, send)
                route = str(inner.get(ROUTE) or "other")
                span.set({"http.method": str(scope["method"]), "http.status_code": status, "http.route": route})

    async def _observe(self, scope: Scope, receive: Receive, send: Send) -> int:
        began, status = time.perf_counter(), _SERVER_ERROR

        async def look(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, look)
        finally:
            seen = RequestSeen(
                method=scope["method"],
                route=scope.get(ROUTE, ""),
                path=scope["path"],
                status=status,
                seconds=time.perf_counter() - began,
                trace_id=scope.get(TRACE, ""),
            )
            for observer in self._observers:
                observer.request(seen)
        return status
