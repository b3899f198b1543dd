"""Runs of the sizes that people build, through the whole product: HTTP, durable rows, the real sandbox.

    python benchmarks/large_runs.py [--seconds 4] [--only mixed,parallel,loop,heavy,large,code]

Each stands beside what it can't do without, measured in the same run: its snippets alone in a sandbox of this process,
and the bare handler of `bare_server.py` that takes the same bytes and writes rows.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import graphs
from http_load import Result, load, request
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.limits import Limits
from product import ROOT, Console, edge, free_port, node, process, show

LIMITS = {
    "WORKFLOW_MAX_EXECUTION_STEPS": "100000",
    "MAX_VARIABLE_SIZE": "20000000",
    "CODE_MAX_STRING_LENGTH": "20000000",
}
ITEMS = 200


def items() -> dict[str, object]:
    """A list of `ITEMS` numbers out of a snippet, then all of them at once."""
    drawn = graphs.parallel()
    made = node("list", "code", code_language="python3", code=f"def main(x):\n    return {{'result': list(range({ITEMS}))}}",
                variables=[{"variable": "x", "value_selector": ["start", "q"]}], outputs={"result": {"type": "array[number]"}})  # fmt: skip
    nodes, edges = drawn["nodes"], drawn["edges"]
    assert isinstance(nodes, list)
    assert isinstance(edges, list)
    box = next(item for item in nodes if item["id"] == "box")
    box["data"] |= {"iterator_selector": ["list", "result"], "parallel_nums": ITEMS}
    kept = [item for item in edges if item["target"] != "box"]
    return {"nodes": [*nodes, made], "edges": [*kept, edge("start", "list"), edge("list", "box")]}


def drawn() -> dict[str, dict[str, object]]:
    """The graphs by name."""
    one = {
        "nodes": [graphs.start(), graphs.code("c", ("start", "q")), graphs.end("c", "result")],
        "edges": graphs.chain(["start", "c", "end"]),
    }
    return {
        "code": one,
        "mixed": graphs.mixed(),
        "parallel": items(),
        "loop": graphs.looped(),
        "heavy": graphs.heavy(),
        "large": graphs.large(),
    }


def file_of(name: str, graph: Mapping[str, object]) -> str:
    workflow = {"graph": graph, "features": {}}
    return json.dumps(
        {"version": "0.5.0", "kind": "app", "app": {"name": name, "mode": "workflow"}, "workflow": workflow}
    )


def body_of(text: str) -> bytes:
    return json.dumps({"inputs": {"q": text}, "response_mode": "blocking", "user": "u"}).encode()


async def snippets(count: int, *, at_once: int, seconds: float) -> tuple[float, float]:
    """So many snippets alone: median milliseconds of the whole lot, and snippets per second."""
    sandbox = EmbeddedSandbox(Limits(requests=200))
    await sandbox.ready()
    times: list[float] = []
    until = time.perf_counter() + seconds

    async def worker(left: list[int]) -> None:
        while left:
            left.pop()
            await sandbox.call_main("python3", graphs.SOURCE, {"x": "hello"})

    while time.perf_counter() < until:
        began = time.perf_counter()
        left = list(range(count))
        await asyncio.gather(*(worker(left) for _ in range(at_once)))
        times.append(time.perf_counter() - began)
    await sandbox.close()
    times.sort()
    return times[len(times) // 2] * 1000, count * len(times) / sum(times)


def told(name: str, result: Result, bare: Result, alone: float | None) -> None:
    show(name, result, bare)
    print(f"      p50 {result.p50:.2f} ms; bare handler with the same body {bare.p50:.2f} ms" + ("" if alone is None else f", its snippets alone {alone:.2f} ms"), flush=True)  # fmt: skip


async def measure(
    names: set[str], port: int, pid: int, keys: dict[str, str], bare: tuple[int, int], seconds: float
) -> None:
    texts = {"heavy": "x" * (graphs.MEGABYTES * 1024 * 1024)}
    counts = {"code": (1, 1), "mixed": (10, 1), "parallel": (ITEMS + 1, 10), "large": (graphs.LOADED - 2, 1)}
    for name in ("code", "mixed", "parallel", "loop", "heavy", "large"):
        if name not in names:
            continue
        body = body_of(texts.get(name, "hello"))
        for connections in (1, 4) if name in {"code", "mixed"} else (1,):
            reference = await load(
                bare[0],
                lambda _, b=body: request("POST", "/run", body=b),
                connections=connections,
                seconds=min(seconds, 2),
                pid=bare[1],
            )
            result = await load(port, lambda _, b=body, n=name: request("POST", "/v1/workflows/run", key=keys[n], body=b),
                                connections=connections, seconds=seconds, pid=pid, expect=b'"succeeded"')  # fmt: skip
            alone = None
            if name in counts and connections == 1:
                alone, rate = await snippets(counts[name][0], at_once=counts[name][1], seconds=1.0)
                print(f"  {counts[name][0]} snippets alone: {alone:.2f} ms, {rate:.0f}/s", flush=True)
            told(f"{name} c={connections}", result, reference, alone)


async def opening(port: int, key: str) -> None:
    """A graph of 500 nodes as the editor opens it, and its first run after a start, which reads and compiles it."""
    began = time.perf_counter()
    call = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/workflows/run",
        body_of("hello"),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(call) as answer:
        answer.read()
    print(f"  first run of 500 nodes after the start: {(time.perf_counter() - began) * 1000:.0f} ms", flush=True)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--only", default="code,mixed,parallel,loop,heavy,large")
    options = parser.parse_args()
    names = set(options.only.split(","))
    os.environ.update(LIMITS)
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        home, port, bare_port = Path(folder) / "home", free_port(), free_port()
        command = [sys.executable, "-m", "orrery", "up", "--home", str(home), "--port", str(port)]
        with process(
            [sys.executable, str(ROOT / "benchmarks/bare_server.py"), str(bare_port), f"{folder}/bare.db"], bare_port
        ) as (bare_pid, _):
            with process(command, port):
                console = Console(port)
                console.enter()
                keys = console.publish({name: file_of(name, graph) for name, graph in drawn().items()})
            with process(command, port) as (pid, _):
                if "large" in names:
                    await opening(port, keys["large"])
                await measure(names, port, pid, keys, (bare_port, bare_pid), options.seconds)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except subprocess.SubprocessError as error:
        raise SystemExit(str(error)) from error
