"""A local HTTP server that counts every connection: what the guard refuses must never touch it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Self

Reply = Callable[[str, dict[str, str], bytes], bytes]


def answer(body: bytes = b"ok", *, status: str = "200 OK", headers: dict[str, str] | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{k}: {v}" for k, v in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Canary:
    """Answers each request by ``reply(request line, lower-case headers, body)`` and remembers what it saw."""

    def __init__(self, reply: Reply | None = None) -> None:
        self.reply: Reply = reply or (lambda _line, _headers, _body: answer())
        self.connects = 0
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connects += 1
        self._writers.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                line, *rest = head.decode("latin-1").split("\r\n")
                headers = {k.lower(): v.strip() for k, _, v in (r.partition(":") for r in rest if r)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.seen.append((line, headers, body))
                writer.write(self.reply(line, headers, body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
