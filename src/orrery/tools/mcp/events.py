"""Server-sent events, cut from chunks of bytes wherever these happen to break."""

from __future__ import annotations

import codecs
from collections.abc import AsyncIterator, Iterator
from typing import Final

import msgspec

from orrery.tools.mcp.errors import McpError

MAX_EVENT_CHARS: Final = 16 * 1024 * 1024


class ServerEvent(msgspec.Struct, frozen=True):
    """One event; ``name`` is ``message`` when the server gave none."""

    name: str
    data: str


class EventCutter:
    """Feeds on bytes, gives whole events. Lines end with LF, CR LF or CR."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._rest = ""
        self._after_cr = False
        self._name = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[ServerEvent]:
        """Raises `McpError` when an event grows beyond every measure."""
        text = self._decoder.decode(chunk)
        if self._after_cr and text:
            text = text.removeprefix("\n")
            self._after_cr = False
        if not text:
            return
        self._after_cr = text.endswith("\r")
        lines = (self._rest + text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._rest = lines.pop()
        for line in lines:
            event = self._line(line)
            if event is not None:
                yield event
        if self._size + len(self._rest) > MAX_EVENT_CHARS:
            raise McpError("The server sent an event that is too large.")

    def _line(self, line: str) -> ServerEvent | None:
        if not line:
            event = ServerEvent(self._name or "message", "\n".join(self._data)) if self._data else None
            self._name, self._data, self._size = "", [], 0
            return event
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
            self._size += len(value) + 1
        elif field == "event":
            self._name = value
        return None


async def events_of(chunks: AsyncIterator[bytes]) -> AsyncIterator[ServerEvent]:
    """Events as they arrive; one that the end of the stream cut off is dropped."""
    cutter = EventCutter()
    async for chunk in chunks:
        for event in cutter.feed(chunk):
            yield event
