"""The ASGI application: the key, the routes, and every error in the contract's envelope (3.1)."""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Mapping
from typing import Protocol, cast

import msgspec

from orrery.errors import OrreryError
from orrery.plugins.daemon.wire import Answer, AtStatus, Message, Receive, Send, failure, success
from orrery.plugins.errors import InvalidIdentifier, KeyRefused, PluginError
from orrery.telemetry.configure import log_request

_log = logging.getLogger(__name__)
_PUBLIC_HEALTH = "/health/check"
_READY = "/ready/check"
_HOOKS = "/e/"
_OWN_FAULT = "The plugin daemon failed; its log says why."
_HEALTH_PATHS = frozenset({_PUBLIC_HEALTH, _READY})


class Unready(PluginError):
    """What the service needs is not there yet, or away."""

    status = 503
    code = "service_unavailable"
    default_message = "The plugin daemon is not ready."


class Inner(Protocol):
    """What answers once the database is there."""

    async def answer(self, scope: Message, receive: Receive) -> Answer:
        """Raises `AtStatus`, `OrreryError`, and what the database says."""
        ...


class Opening(Protocol):
    """Brings `Inner` about, in its own time."""

    def start(self) -> None: ...
    async def close(self) -> None: ...
    def inner(self) -> Inner:
        """Raises `Unready`, which says what is waited for."""
        ...

    async def is_well(self) -> None:
        """Raises `Unready` when what was there is away."""
        ...

    def explained(self, error: Exception) -> PluginError | None:
        """What callers are told of an error of the database; None for an error that is our own."""
        ...


class DaemonService:
    """ASGI application. ``key`` is what every caller but health checks and hooks has to show."""

    def __init__(self, opening: Opening, *, key: str, version: str, platform: str = "local") -> None:
        self._opening, self._key = opening, key.encode()
        self._version, self._platform = version, platform
        self._active = 0
        self._active_dispatches = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._opening.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._opening.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        path = str(scope["path"])
        dispatches = "/dispatch/" in path
        self._active += 1
        self._active_dispatches += dispatches
        try:
            answer = await self._answer(scope, receive)
        finally:
            self._active -= 1
            self._active_dispatches -= dispatches
        headers = [(b"content-type", answer.content_type), (b"content-length", str(len(answer.body)).encode())]
        headers += [(b"x-content-type-options", b"nosniff"), *answer.headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": body})
        if path not in _HEALTH_PATHS:
            log_request(str(scope["method"]), path, answer.status, time.perf_counter() - started, "")

    async def _answer(self, scope: Message, receive: Receive) -> Answer:
        path, method = str(scope["path"]), str(scope["method"])
        if path in _HEALTH_PATHS and method in {"GET", "HEAD"}:
            return self._health() if path == _PUBLIC_HEALTH else await self._readiness()
        if path.startswith(_HOOKS):
            # No endpoint can have been set up, since nothing could answer it.
            return Answer(404, b'{"error":"endpoint not found"}')
        headers: Mapping[bytes, bytes] = dict(cast("list[tuple[bytes, bytes]]", scope["headers"]))
        if not hmac.compare_digest(headers.get(b"x-api-key", b""), self._key):
            return failure(KeyRefused(), 401)
        try:
            return await self._opening.inner().answer(scope, receive)
        except AtStatus as error:
            return failure(error.error, error.status)
        except InvalidIdentifier as error:
            return failure(error, 400)
        except PluginError as error:
            return failure(error)
        except OrreryError as error:
            return failure(PluginError(error.message))
        except Exception as error:  # noqa: BLE001  (one of the four top loops)
            outage = self._opening.explained(error)
            if outage is None:
                _log.exception("%s %s failed", method, path)
            return failure(outage or PluginError(_OWN_FAULT), 200 if outage else 500)

    def _health(self) -> Answer:
        return Answer(
            200,
            msgspec.json.encode(
                {
                    "status": "ok",
                    "pool_status": {"busy": self._active},
                    "version": self._version,
                    "build_time": "",
                    "platform": self._platform,
                    "active_requests": self._active,
                    "active_dispatch_requests": self._active_dispatches,
                    "runs_code": False,
                }
            ),
        )

    async def _readiness(self) -> Answer:
        try:
            self._opening.inner()
            await self._opening.is_well()
        except Unready as error:
            return failure(error, 503)
        return success({"ready": True})
