"""Events out of a byte stream, whatever the pieces it comes in: server-sent events and JSON lines.

Works on bytes and hands out whole payloads only, so a character cut by the network is never seen half.
"""

from __future__ import annotations

from typing import Protocol

MAX_EVENT = 64 * 1024 * 1024


class FramingError(ValueError):
    """One event grew beyond `MAX_EVENT`."""


class Framing(Protocol):
    def feed(self, piece: bytes) -> list[bytes]:
        """Payloads completed by ``piece``. Raises `FramingError`."""
        ...

    def close(self) -> list[bytes]:
        """What was complete but for its last line end."""
        ...


class _Lines:
    """Cuts at LF, CR LF or CR. A long line is kept as its pieces, so one-byte pieces stay linear."""

    __slots__ = ("_parts", "_size")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> list[bytes]:
        parts = self._parts
        if parts and parts[-1][-1:] == b"\r":  # a CR at the end may be half of a CR LF
            piece = parts.pop() + piece
        elif b"\n" not in piece and b"\r" not in piece:
            if piece:
                self._size += len(piece)
                if self._size > MAX_EVENT:
                    raise FramingError("one event is larger than 64 MiB")
                parts.append(piece)
            return []
        if parts:
            parts.append(piece)
            piece = b"".join(parts)
            parts.clear()
        lines = piece.splitlines(keepends=True)
        last = lines[-1]
        if last[-1:] != b"\n":
            parts.append(lines.pop())
        self._size = len(parts[0]) if parts else 0
        return [line.rstrip(b"\r\n") for line in lines]

    def close(self) -> list[bytes]:
        rest = b"".join(self._parts).rstrip(b"\r\n")
        self._parts.clear()
        return [rest] if rest else []


class EventStream:
    """``text/event-stream``: the data of each event; names, ids and comments are not needed by any vendor we speak to.

    An event whose closing blank line is missing at the end is still handed out by `close`: vendors forget it.
    """

    __slots__ = ("_data", "_first", "_lines")

    def __init__(self) -> None:
        self._lines = _Lines()
        self._data: list[bytes] = []
        self._first = True

    def feed(self, piece: bytes) -> list[bytes]:
        lines = self._lines.feed(piece)
        return self._take(lines) if lines else lines

    def close(self) -> list[bytes]:
        return self._take([*self._lines.close(), b""])

    def _take(self, lines: list[bytes]) -> list[bytes]:
        events: list[bytes] = []
        data = self._data
        if self._first:
            self._first = False
            lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
        for line in lines:
            if not line:
                if data:
                    events.append(data[0] if len(data) == 1 else b"\n".join(data))
                    data.clear()
            elif line.startswith(b"data:"):
                data.append(line[6:] if line[5:6] == b" " else line[5:])
            elif line == b"data":
                data.append(b"")
            elif line[:1] == b"{" and not data:
                events.append(line)  # an error written bare into the stream; a field name can't begin so
        return events


class JsonLines:
    """One JSON document per line, blank lines skipped."""

    __slots__ = ("_lines",)

    def __init__(self) -> None:
        self._lines = _Lines()

    def feed(self, piece: bytes) -> list[bytes]:
        return [line for line in self._lines.feed(piece) if line.strip()]

    def close(self) -> list[bytes]:
        return [line for line in self._lines.close() if line.strip()]
