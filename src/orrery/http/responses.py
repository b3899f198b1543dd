"""From what a handler returns to bytes: JSON, errors, server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncGenerator, AsyncIterator, Mapping

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from orrery.errors import OrreryError

_encoder = msgspec.json.Encoder(enc_hook=str, decimal_format="string")
JSON_TYPE = "application/json; charset=utf-8"


class ErrorBody(msgspec.Struct, omit_defaults=True):
    """The contract's error object (openapi_service.json)."""

    code: str
    message: str
    status: int
    params: str | None = None


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(_encoder.encode(value), status, headers, JSON_TYPE)


def error_response(error: OrreryError) -> Response:
    headers: dict[str, str] = {}
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    return json_response(ErrorBody(error.code, error.message, error.status, error.params), error.status, headers)


def response_of(value: object, status: int) -> Response:
    """What a handler returned, as a response: None is an empty 204, a `Response` passes."""
    if isinstance(value, Response):
        return value
    if value is None:
        return Response(status_code=204)
    return json_response(value, status)


class EventStream(Response):
    """Server-sent events: bytes as they come, until the source ends or the client leaves.

    The source is closed in both cases, so that it can let go of what it watches; the run behind it goes on.
    """

    media_type = "text/event-stream"

    def __init__(self, source: AsyncIterator[bytes], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(None, 200, {"Cache-Control": "no-cache", "X-Accel-Buffering": "no", **(headers or {})})
        del self.headers["content-length"]
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        gone = asyncio.create_task(_until_disconnect(receive), name="sse-disconnect")
        body = asyncio.create_task(self._send_all(send), name="sse-body")
        try:
            await asyncio.wait((gone, body), return_when=asyncio.FIRST_COMPLETED)
            if body.done():
                body.result()
        finally:
            for task in (gone, body):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, OSError):
                    await task

    async def _send_all(self, send: Send) -> None:
        try:
            async for chunk in self._source:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        finally:
            if isinstance(self._source, AsyncGenerator):
                await self._source.aclose()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
