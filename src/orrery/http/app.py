"""The ASGI application: one table of endpoints behind authentication, errors, CORS and the headers of every answer."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orrery.errors import Forbidden, OrreryError, Unauthorized
from orrery.http.call import Call, Caller, ConsoleCaller, decode_body, decode_query
from orrery.http.compression import packed
from orrery.http.cors import CorsPolicy
from orrery.http.endpoint import BoundEndpoint, Endpoint
from orrery.http.outages import storage_refusal
from orrery.http.responses import error_response, json_response, response_of
from orrery.http.router import MethodNotAllowed, Router
from orrery.security.permissions import Permission, Role, allows
from orrery.telemetry.context import work
from orrery.telemetry.trace import new_trace

_log = logging.getLogger(__name__)

TRACE, ROUTE = "orrery.trace", "orrery.route"
"""What the application leaves in a request's scope for those who observe it: the trace id, the declared path."""

Authenticator = Callable[[Request, Endpoint, Mapping[str, str]], Awaitable[Caller]]
"""Finds the caller or raises `Unauthorized` / `Forbidden`. Gets the path parameters for addresses that carry codes."""


class HttpFace(msgspec.Struct, frozen=True, kw_only=True):
    """What `OrreryApp` is told once at start."""

    version: str
    environment: str
    trust_forwarded: bool = False
    compress: bool = False


class OrreryApp:
    """The whole HTTP face as one ASGI callable; pages that no endpoint answers go to ``fallback``."""

    def __init__(
        self,
        router: Router,
        authenticators: Mapping[str, Authenticator],
        cors: CorsPolicy,
        face: HttpFace,
        *,
        fallback: ASGIApp | None = None,
        lifespan: ASGIApp | None = None,
    ) -> None:
        self.router = router
        self._authenticators = authenticators
        self._cors = cors
        self._face = face
        self._fallback = fallback
        self._lifespan = lifespan
        self._fixed = [(b"x-version", face.version.encode()), (b"x-env", face.environment.encode())]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            if self._lifespan is not None:
                await self._lifespan(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        trace = new_trace(Headers(scope=scope).get("traceparent"))
        scope[TRACE] = trace.trace_id
        with work(trace):
            headers = [*self._fixed, (b"x-trace-id", trace.trace_id.encode())]

            async def send_with_headers(message: Message) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [*message["headers"], *headers, *self._cors.headers(scope)]
                await send(message)

            await self._serve(scope, receive, send_with_headers, trace.trace_id)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, trace_id: str) -> None:
        request = Request(scope, receive)
        if request.method == "OPTIONS":
            await self._cors.preflight(scope)(scope, receive, send)
            return
        try:
            endpoint, path = self.router.find(request.method, _raw_path(scope))
        except OrreryError as error:
            if self._fallback is not None and not isinstance(error, MethodNotAllowed):
                await self._fallback(scope, receive, send)
                return
            await _refusal(error)(scope, receive, send)
            return
        scope[ROUTE] = endpoint.full_path
        try:
            response = await self._answer(request, endpoint, path, trace_id)
        except OrreryError as error:
            response = error_response(error)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001  (the connection's top loop: logged with its trace, told without it)
            refusal = storage_refusal(error)
            if refusal is None:
                _log.exception("unexpected error in %s %s", request.method, endpoint.full_path)
                response = _unexpected(endpoint)
            else:
                _log.warning("%s %s was refused: %s", request.method, endpoint.full_path, error)
                response = error_response(refusal)
        if self._face.compress:
            response = await packed(request, response)
        await response(scope, receive, send)

    async def _answer(self, request: Request, endpoint: BoundEndpoint, path: dict[str, str], trace_id: str) -> Response:
        declaration = endpoint.declaration
        caller = await self._authenticators[declaration.auth](request, declaration, path)
        if declaration.permission is not None:
            _check_permission(caller, declaration.permission)
        call = Call(request, path, caller, ip=self._address(request), trace_id=trace_id)
        arguments: dict[str, object] = {}
        if declaration.query is not None:
            arguments["query"] = decode_query(request, declaration.query)
        if declaration.body is not None:
            arguments["body"] = decode_body(await call.bytes(declaration.body_limit), declaration.body)
        return response_of(await endpoint.handler(call, **arguments), declaration.status)

    def _address(self, request: Request) -> str:
        if self._face.trust_forwarded:
            # The last one: the proxy in front added it, while those before it are the caller's own words.
            forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
            if forwarded:
                return forwarded
        return request.client.host if request.client else ""


def _raw_path(scope: Scope) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0].decode("latin-1")


def _check_permission(caller: Caller, permission: Permission) -> None:
    if not isinstance(caller, ConsoleCaller):
        raise Unauthorized
    if not allows(Role(caller.role), permission):
        raise Forbidden


def _refusal(error: OrreryError) -> Response:
    response = error_response(error)
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(error.allowed)
    return response


def _unexpected(endpoint: BoundEndpoint) -> Response:
    # product.md 1: the console's word is "unknown"; the Service and web API's is the contract's error code.
    if endpoint.full_path.startswith("/console/api"):
        return json_response({"message": "Internal Server Error", "code": "unknown", "status": 500}, 500)
    return error_response(OrreryError())
