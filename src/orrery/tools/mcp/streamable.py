"""The streamable HTTP transport: each message is a POST, its answer is JSON or a stream of events."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import msgspec

from orrery.egress.protocol import EgressError, HttpClient, HttpStream, Timeouts
from orrery.tools.mcp.errors import McpError, McpSessionLost, McpTransportUnsupported
from orrery.tools.mcp.events import events_of
from orrery.tools.mcp.jsonrpc import JsonObject, answer_to, decode, is_answer
from orrery.tools.mcp.transport import (
    MAX_ANSWER_BYTES,
    Authorization,
    McpEndpoint,
    header_of,
    refuse_failure,
    translated,
)

_NOT_SPOKEN: Final = frozenset({400, 404, 405, 415})


class StreamableTransport:
    """Implements `Transport`. A session id that the server gives is sent with everything that follows."""

    def __init__(self, http: HttpClient, endpoint: McpEndpoint, authorization: Authorization) -> None:
        self._http, self._endpoint, self._authorization = http, endpoint, authorization
        self._session_id = ""
        self._version = ""

    def speak(self, version: str) -> None:
        self._version = version

    async def ask(self, message: JsonObject, request_id: int) -> JsonObject:
        try:
            async with self._http.stream(
                "POST",
                self._endpoint.url,
                headers=await self._headers(),
                content=msgspec.json.encode(message),
                timeouts=self._endpoint.timeouts,
            ) as answer:
                await self._check(answer)
                self._session_id = header_of(answer, "mcp-session-id") or self._session_id
                return await self._find(answer, request_id)
        except EgressError as error:
            raise translated(error, self._endpoint.url) from error

    async def tell(self, message: JsonObject) -> None:
        try:
            async with self._http.stream(
                "POST",
                self._endpoint.url,
                headers=await self._headers(),
                content=msgspec.json.encode(message),
                timeouts=Timeouts(connect=self._endpoint.timeout, read=self._endpoint.timeout),
            ) as answer:
                await self._check(answer)
        except EgressError as error:
            raise translated(error, self._endpoint.url) from error

    async def close(self) -> None:
        """Tells the server that the session is over; servers may refuse to hear it."""
        if not self._session_id:
            return
        with suppress(EgressError):
            await self._http.request(
                "DELETE",
                self._endpoint.url,
                headers=await self._headers(),
                timeouts=Timeouts(connect=self._endpoint.timeout, read=self._endpoint.timeout, total=5),
                max_bytes=64 * 1024,
            )

    async def _headers(self) -> dict[str, str]:
        headers = dict(self._endpoint.headers)
        headers["Accept"] = "application/json, text/event-stream"
        headers["Content-Type"] = "application/json"
        if self._version:
            headers["MCP-Protocol-Version"] = self._version
        if self._session_id:
            headers["Mcp-Session-Id"] = self._session_id
        authorization = await self._authorization()
        if authorization:
            headers["Authorization"] = authorization
        return headers

    async def _check(self, answer: HttpStream) -> None:
        if answer.status == 404 and self._session_id:
            raise McpSessionLost("The MCP server has closed the session.")
        if answer.status in _NOT_SPOKEN and not self._version:
            raise McpTransportUnsupported(f"The MCP server answered with status {answer.status}.")
        await refuse_failure(answer)

    async def _find(self, answer: HttpStream, request_id: int) -> JsonObject:
        if header_of(answer, "content-type").lower().startswith("text/event-stream"):
            async for event in events_of(answer.chunks()):
                if not event.data:
                    continue
                for message in decode(event.data):
                    if is_answer(message, request_id):
                        return message
                    reply = answer_to(message)
                    if reply is not None:
                        await self.tell(reply)
            raise McpError("The MCP server ended the stream without an answer.")
        for message in decode(await answer.read(MAX_ANSWER_BYTES)):
            if is_answer(message, request_id):
                return message
        raise McpError("The MCP server did not answer the request.")
