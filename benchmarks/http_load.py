"""A small HTTP load generator over raw connections: cheap enough not to be what is measured.

Closed loop: each of ``connections`` workers sends its next request when the last answer is whole.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

CLOCK_TICK = 100  # jiffies a second on every Linux that Python runs on


class Result(NamedTuple):
    """What one round measured; times in milliseconds."""

    connections: int
    requests: int
    rate: float
    p50: float
    p95: float
    p99: float
    first_p95: float
    cpu: float
    errors: int

    def line(self) -> str:
        return (
            f"c={self.connections:<3} {self.rate:8.1f}/s  p50 {self.p50:6.2f}  p95 {self.p95:6.2f}  p99 {self.p99:7.2f} ms"
            f"  first p95 {self.first_p95:6.2f} ms  cpu {self.cpu:5.2f} ms/request"
            + (f"  ERRORS {self.errors}" if self.errors else "")
        )


class Connection:
    """One keep-alive connection."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> tuple[int, bytes, float]:
        """Status, body, and seconds to the first byte of the body."""
        began = time.perf_counter()
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, limit=1 << 22)
        reader, writer = self._streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        lower = head.lower()
        body = bytearray()
        first = 0.0
        if b"transfer-encoding: chunked" in lower:
            while size := int(await reader.readline(), 16):
                first = first or time.perf_counter() - began
                body += await reader.readexactly(size + 2)
            await reader.readexactly(2)
        elif b"content-length:" in lower:
            length = int(lower.split(b"content-length:")[1].split(b"\r\n")[0])
            body += await reader.readexactly(length)
            first = time.perf_counter() - began
        return int(head[9:12]), bytes(body), first

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def request(method: str, path: str, *, key: str = "", body: bytes = b"") -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    if key:
        lines.append(f"Authorization: Bearer {key}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def load(
    port: int, make: Callable[[int], bytes], *, connections: int, seconds: float, pid: int, expect: bytes = b""
) -> Result:
    """One round after a short warm-up."""
    await _round(port, make, connections, min(1.0, seconds / 2), expect)
    cpu_before, began = cpu_seconds(pid), time.perf_counter()
    totals, firsts, errors = await _round(port, make, connections, seconds, expect)
    elapsed, cpu = time.perf_counter() - began, cpu_seconds(pid) - cpu_before
    totals.sort()
    firsts.sort()
    count = len(totals)
    return Result(
        connections, count, count / elapsed, _at(totals, 0.5), _at(totals, 0.95), _at(totals, 0.99), _at(firsts, 0.95),
        cpu * 1000 / max(count, 1), errors,
    )  # fmt: skip


async def _round(
    port: int, make: Callable[[int], bytes], connections: int, seconds: float, expect: bytes
) -> tuple[list[float], list[float], int]:
    totals: list[float] = []
    firsts: list[float] = []
    errors = 0
    stop = time.perf_counter() + seconds

    async def work(number: int) -> None:
        nonlocal errors
        connection = Connection("127.0.0.1", port)
        data = make(number)
        while time.perf_counter() < stop:
            began = time.perf_counter()
            try:
                status, body, first = await connection.ask(data)
            except (OSError, asyncio.IncompleteReadError):
                errors += 1
                connection.close()
                continue
            if status >= 300 or expect not in body:
                errors += 1
                continue
            totals.append(time.perf_counter() - began)
            firsts.append(first)
        connection.close()

    await asyncio.gather(*(work(i) for i in range(connections)))
    return totals, firsts, errors


def _at(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))] * 1000 if values else float("nan")


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def cpu_seconds(pid: int) -> float:
    """CPU time of a process tree, its dead children included."""
    total = 0
    for one in tree(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(int(field) for field in fields[11:15])
    return total / CLOCK_TICK


def memory_mib(pid: int) -> float:
    """Proportional memory of a process tree, MiB."""
    total = 0
    for one in tree(pid):
        try:
            text = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total / 1024
