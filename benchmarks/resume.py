"""How soon runs go on after their process was killed: kill -9 under running runs, start again, wait for their ends.

    python benchmarks/resume.py [--runs 50] [--rounds 3]

Each run is ten requests in a row that take 0.3 s each, so it is under way when the process dies. The references are
the start of a server that has nothing to resume, and the time that the same runs take undisturbed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import graphs
from large_runs import file_of
from product import ROOT, Console, free_port

STEPS = 10
EACH = 0.3


def slow_chain(port: int) -> dict[str, object]:
    """Requests in a row to a server that takes its time; a GET may be done again."""
    names = [f"n{i}" for i in range(STEPS)]
    nodes = [
        graphs.node(name, "http-request", method="get", url=f"http://127.0.0.1:{port}/{name}", body={"type": "none"})
        for name in names
    ]
    return {
        "nodes": [graphs.start(), *nodes, graphs.end(names[-1], "body")],
        "edges": graphs.chain(["start", *names, "end"]),
    }


async def slow_server() -> asyncio.Server:
    """Answers every request after `EACH` seconds."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(EACH)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok")
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the bench is over
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)


class Server:
    """One `orrery up`, started and killed."""

    def __init__(self, home: Path) -> None:
        self.port = free_port()
        self._command = [sys.executable, "-m", "orrery", "up", "--home", str(home), "--port", str(self.port)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Seconds until it answers."""
        began = time.perf_counter()
        environment = {**os.environ, "SSRF_PROXY_ALLOW_PRIVATE_IPS": "127.0.0.0/8"}
        self._process = subprocess.Popen(
            self._command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT
        )
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=1):
                    return time.perf_counter() - began
            except OSError:
                if self._process.poll() is not None or time.perf_counter() - began > 60:
                    raise SystemExit("the server did not start") from None
                time.sleep(0.01)

    def end(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(40)


async def begin(port: int, key: str) -> str:
    """Starts a run and goes away once it has a number."""
    body = json.dumps({"inputs": {"q": "x"}, "response_mode": "streaming", "user": "u"}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /v1/workflows/run HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (key.encode(), len(body)) + body)  # fmt: skip
    while True:
        line = await reader.readline()
        if not line:
            raise SystemExit("a run was not accepted")
        if line.startswith(b"data: ") and b"workflow_started" in line:
            writer.close()
            return str(json.loads(line[6:])["workflow_run_id"])


def look(port: int, key: str, run_id: str) -> dict[str, object]:
    call = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/workflows/run/{run_id}", headers={"Authorization": f"Bearer {key}"}
    )
    with urllib.request.urlopen(call, timeout=20) as answer:
        return json.loads(answer.read())


async def ended(port: int, key: str, run_ids: list[str], began: float) -> list[float]:
    """Seconds from ``began`` to each run's end, as a client that asks sees it."""
    times: dict[str, float] = {}
    while len(times) < len(run_ids):
        for run_id in run_ids:
            if run_id not in times:
                status = (await asyncio.to_thread(look, port, key, run_id))["status"]
                if status not in {"running", "scheduled"}:
                    assert status == "succeeded", status
                    times[run_id] = time.perf_counter() - began
        if time.perf_counter() - began > 120:
            raise SystemExit(f"{len(run_ids) - len(times)} runs never ended")
        await asyncio.sleep(0.02)
    return sorted(times.values())


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "home")
        outside = await slow_server()
        await asyncio.to_thread(server.start)
        console = Console(server.port)
        console.enter()
        key = console.publish({"slow": file_of("slow", slow_chain(outside.sockets[0].getsockname()[1]))})["slow"]
        server.end(signal.SIGTERM)
        print(f"start with nothing to resume: {await asyncio.to_thread(server.start):.2f} s")
        began = time.perf_counter()
        times = await ended(server.port, key, await _begun(server.port, key, options.runs), began)
        print(
            f"{options.runs} runs of {STEPS} requests undisturbed: last end after {times[-1]:.2f} s ({STEPS * EACH:.1f} s of waiting each)"
        )
        for _ in range(options.rounds):
            began = time.perf_counter()
            run_ids = await _begun(server.port, key, options.runs)
            await asyncio.sleep(STEPS * EACH / 2)
            lived = time.perf_counter() - began
            server.end(signal.SIGKILL)
            killed = time.perf_counter()
            up = await asyncio.to_thread(server.start)
            after = await ended(server.port, key, run_ids, killed)
            print(f"killed after {lived:.2f} s: up again after {up:.2f} s, first end {after[0]:.2f} s, last {after[-1]:.2f} s after the kill", flush=True)  # fmt: skip
        server.end(signal.SIGTERM)
        outside.close()


async def _begun(port: int, key: str, count: int) -> list[str]:
    return list(await asyncio.gather(*(begin(port, key) for _ in range(count))))


if __name__ == "__main__":
    asyncio.run(main())
