"""The older transport: one stream of events from the server, messages to it by POST (protocol 2024-11-05)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec

from orrery.egress.protocol import EgressError, HttpClient, Timeouts
from orrery.tools.errors import ToolInvokeError
from orrery.tools.mcp.errors import McpConnectionError, McpError
from orrery.tools.mcp.events import ServerEvent, events_of
from orrery.tools.mcp.jsonrpc import JsonObject, answer_to, decode
from orrery.tools.mcp.transport import Authorization, McpEndpoint, header_of, refuse_failure, translated

_T = TypeVar("_T")


class SseTransport:
    """Implements `Transport`. `connect` starts the listening task, `close` ends it."""

    def __init__(self, http: HttpClient, endpoint: McpEndpoint, authorization: Authorization) -> None:
        self._http, self._endpoint, self._authorization = http, endpoint, authorization
        self._waiting: dict[str, asyncio.Future[JsonObject]] = {}
        self._post_url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._listener: asyncio.Task[None] | None = None
        self._failure: ToolInvokeError | None = None

    def speak(self, version: str) -> None:
        """Nothing carries the version here."""

    async def connect(self) -> None:
        """Opens the stream and waits until the server says where to send to. Raises `McpError`."""
        self._listener = asyncio.create_task(self._listen())
        await self._within(self._post_url, self._endpoint.timeout)

    async def ask(self, message: JsonObject, request_id: int) -> JsonObject:
        answer: asyncio.Future[JsonObject] = asyncio.get_running_loop().create_future()
        self._waiting[str(request_id)] = answer
        try:
            if self._failure is not None:
                raise self._failure
            await self.tell(message)
            return await self._within(answer, self._endpoint.sse_read_timeout)
        finally:
            del self._waiting[str(request_id)]

    async def tell(self, message: JsonObject) -> None:
        url = await self._post_url
        timeouts = Timeouts(connect=self._endpoint.timeout, read=self._endpoint.timeout)
        headers = {**await self._headers(), "Content-Type": "application/json"}
        try:
            async with self._http.stream(
                "POST", url, headers=headers, content=msgspec.json.encode(message), timeouts=timeouts
            ) as answer:
                await refuse_failure(answer)
        except EgressError as error:
            raise translated(error, url) from error

    async def close(self) -> None:
        listener = self._listener
        if listener is not None:
            listener.cancel()
            with suppress(asyncio.CancelledError):
                await listener
        self._fail(McpConnectionError("The session is closed."))

    async def _headers(self) -> dict[str, str]:
        authorization = await self._authorization()
        extra = {"Authorization": authorization} if authorization else {}
        return {**self._endpoint.headers, **extra}

    async def _listen(self) -> None:
        """Ends with the stream; whoever waits is told why."""
        try:
            headers = {**await self._headers(), "Accept": "text/event-stream"}
            async with self._http.stream(
                "GET", self._endpoint.url, headers=headers, timeouts=self._endpoint.timeouts
            ) as answer:
                await refuse_failure(answer)
                if not header_of(answer, "content-type").lower().startswith("text/event-stream"):
                    raise McpError("The address does not speak MCP.")
                async for event in events_of(answer.chunks()):
                    await self._take(event)
            self._fail(McpConnectionError("The MCP server has closed the stream."))
        except EgressError as error:
            self._fail(translated(error, self._endpoint.url))
        except ToolInvokeError as error:
            self._fail(error)

    async def _take(self, event: ServerEvent) -> None:
        if event.name == "endpoint":
            if not self._post_url.done():
                self._post_url.set_result(_beside(self._endpoint.url, event.data.strip()))
            return
        if event.name != "message":
            return
        for message in decode(event.data):
            reply = answer_to(message)
            if reply is not None:
                await self.tell(reply)
                continue
            waiting = self._waiting.get(str(message.get("id")))
            if waiting is not None and not waiting.done() and "method" not in message:
                waiting.set_result(message)

    def _fail(self, error: ToolInvokeError) -> None:
        self._failure = self._failure or error
        if not self._post_url.done():
            self._post_url.set_exception(error)
            self._post_url.exception()  # nobody may be waiting any more
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(error)

    async def _within(self, wanted: asyncio.Future[_T], seconds: float) -> _T:
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(wanted)
        except TimeoutError as error:
            raise McpConnectionError("The MCP server did not answer in time.") from error


def _beside(stream_url: str, target: str) -> str:
    """Where messages go; a server may only send us to itself, since our key goes there too."""
    url = urljoin(stream_url, target)
    if urlsplit(url)[:2] != urlsplit(stream_url)[:2]:
        raise McpError("The MCP server wants messages to be sent to another host.")
    return url
