"""What a server holds on to: tasks, connections, files, threads, memory; as its operators see it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from tests.support.server import OrreryServer

OBSERVED = {"ORRERY_METRICS": "true"}
"""The settings that `Holdings` needs of a server."""

POOL_FILES = 8
"""What a pool of four reading connections may open later than the first look: the database and its log, each."""

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Holdings:
    """Counts of one moment. ``threads`` leaves out those that wait for blocking work: they are kept, up to a number."""

    tasks: int
    runs: int
    database: int
    files: int
    sockets: int
    threads: int

    def no_more_than(self, other: Holdings) -> bool:
        """True when nothing is held that was not held then."""
        mine, others = vars(self), vars(other)
        return all(mine[name] <= others[name] for name in mine)


def holdings(server: OrreryServer) -> Holdings:
    """Asks the server and the kernel."""
    with httpx.Client(base_url=server.url, trust_env=False, timeout=60) as client:
        numbers = _numbers(client.get("/metrics").text)
        pool: dict[str, Any] = client.get("/db-pool-stat").json()
        threads: list[dict[str, Any]] = client.get("/threads").json()["threads"]
    return Holdings(
        tasks=int(numbers["orrery_tasks"]),
        runs=int(numbers["orrery_runs_active"]),
        database=int(pool["checked_out_connections"]),
        files=server.open_files(),
        sockets=_sockets(server),
        threads=sum(not str(thread["name"]).startswith(("asyncio_", "AnyIO", "ThreadPool")) for thread in threads),
    )


def wait_until_let_go(server: OrreryServer, before: Holdings, seconds: float = 120.0) -> Holdings:
    """Until the server holds no more than ``before``; fails with what it still holds."""
    until = time.monotonic() + seconds
    while not (now := holdings(server)).no_more_than(before):
        assert time.monotonic() < until, f"before {before}\nafter {now}"
        time.sleep(0.2)
    return now


def memory(server: OrreryServer) -> float:
    """Resident MiB of the process."""
    return _status(server, "VmRSS")


def peak(server: OrreryServer) -> float:
    """The most resident MiB since the start, or since `forget_peak`."""
    return _status(server, "VmHWM")


def forget_peak(server: OrreryServer) -> None:
    """The peak is what is resident now."""
    Path(f"/proc/{server.pid}/clear_refs").write_text("5")


def _status(server: OrreryServer, name: str) -> float:
    for line in Path(f"/proc/{server.pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024 / MEBIBYTE
    raise AssertionError(f"no {name} in the status of the process")


def _sockets(server: OrreryServer) -> int:
    """Sockets among its files."""
    count = 0
    for entry in Path(f"/proc/{server.pid}/fd").iterdir():
        try:
            count += str(entry.readlink()).startswith("socket:")
        except OSError:
            continue  # closed meanwhile
    return count


def _numbers(text: str) -> dict[str, float]:
    lines = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}
