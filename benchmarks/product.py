"""The whole embedded product over HTTP: start, memory, routes, runs, streams; each beside a reference of the same run.

    python benchmarks/product.py [--seconds 4] [--only start,memory,route,run,branch,chat,code,streams]

The reference for runs is `bare_server.py`: a bare handler that writes the same rows with the same durability. Figures
of a busy machine mean little; compare the ratios, and the CPU time per request.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path

from http_load import Result, cpu_seconds, load, memory_mib, request

ROOT = Path(__file__).parents[1]
VARIABLE = {"label": "q", "variable": "q", "type": "text-input", "required": True, "max_length": 256}


def node(node_id: str, kind: str, **data: object) -> dict[str, object]:
    return {"id": node_id, "type": "custom", "data": {"type": kind, "title": node_id, **data}}


def edge(source: str, target: str, handle: str = "source") -> dict[str, object]:
    return {"id": f"{source}-{handle}-{target}", "source": source, "sourceHandle": handle, "target": target}


def app(name: str, mode: str, nodes: list[object], edges: list[object]) -> str:
    workflow = {"graph": {"nodes": nodes, "edges": edges}, "features": {}}
    return json.dumps({"version": "0.5.0", "kind": "app", "app": {"name": name, "mode": mode}, "workflow": workflow})


def apps() -> dict[str, str]:
    start = node("start", "start", variables=[VARIABLE])
    condition = {
        "id": "c",
        "comparison_operator": "contains",
        "value": "hi",
        "varType": "string",
        "variable_selector": ["start", "q"],
    }
    branch = node("cond", "if-else", cases=[{"case_id": "true", "logical_operator": "and", "conditions": [condition]}])
    code = node("code", "code", code_language="python3", code="def main(q):\n    return {'r': q + '!'}",
                variables=[{"variable": "q", "value_selector": ["start", "q"]}], outputs={"r": {"type": "string"}})  # fmt: skip

    def end(*selector: str) -> dict[str, object]:
        return node("end", "end", outputs=[{"variable": "out", "value_selector": list(selector)}])

    return {
        "run": app("run", "workflow", [start, end("start", "q")], [edge("start", "end")]),
        "branch": app("branch", "workflow",
                      [start, branch, node("agg", "variable-aggregator", output_type="string", variables=[["start", "q"]]), end("agg", "output")],
                      [edge("start", "cond"), edge("cond", "agg", "true"), edge("cond", "agg", "false"), edge("agg", "end")]),
        "code": app("code", "workflow", [start, code, end("code", "r")], [edge("start", "code"), edge("code", "end")]),
        "chat": app("chat", "advanced-chat",
                    [node("start", "start", variables=[]), node("answer", "answer", answer="You said {{#sys.query#}}")],
                    [edge("start", "answer")]),
        "tokens": app("tokens", "advanced-chat",
                      [node("start", "start", variables=[]),
                       node("llm", "llm", model={"provider": "openai_api_compatible", "name": "paced", "mode": "chat"},
                            prompt_template=[{"role": "user", "text": "{{#sys.query#}}"}], context={"enabled": False}, vision={"enabled": False}),
                       node("answer", "answer", answer="{{#llm.text#}}")],
                      [edge("start", "llm"), edge("llm", "answer")]),
    }  # fmt: skip


class Console:
    """The console API, as far as seeding needs it."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}/console/api"
        self._jar = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))

    def post(self, path: str, body: object) -> dict:
        headers = {"Content-Type": "application/json"}
        for cookie in self._jar:
            if cookie.name.endswith("csrf_token"):
                headers["X-CSRF-Token"] = cookie.value or ""
        call = urllib.request.Request(self._base + path, json.dumps(body).encode(), headers)
        with self._opener.open(call) as answer:
            return json.loads(answer.read() or b"{}")

    def enter(self) -> None:
        """Makes the account and signs in."""
        self.post("/setup", {"email": "bench@example.com", "name": "bench", "password": "Bench12345"})
        self.post("/login", {"email": "bench@example.com", "password": base64.b64encode(b"Bench12345").decode()})

    def seed(self, documents: dict[str, str], model_port: int) -> dict[str, str]:
        """An account, a model, the apps; a key for each."""
        self.enter()
        self.post(
            "/workspaces/current/model-providers/langgenius/openai_api_compatible/openai_api_compatible/models/credentials",
            {"model": "paced", "model_type": "llm", "name": "bench",
             "credentials": {"endpoint_url": f"http://127.0.0.1:{model_port}/v1", "api_key": "k", "mode": "chat", "context_size": "8192"}},
        )  # fmt: skip
        return self.publish(documents)

    def publish(self, documents: dict[str, str]) -> dict[str, str]:
        """The apps; a key for each."""
        keys = {}
        for name, text in documents.items():
            app_id = self.post("/apps/imports", {"mode": "yaml-content", "yaml_content": text})["app_id"]
            self.post(f"/apps/{app_id}/workflows/publish", {})
            keys[name] = self.post(f"/apps/{app_id}/api-keys", {})["token"]
        return keys


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def process(command: list[str], port: int) -> Iterator[tuple[int, float]]:
    """A server process: its id, and seconds from its start to the first answer of /health."""
    began = time.perf_counter()
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1):
                    break
            except OSError:
                if running.poll() is not None or time.perf_counter() - began > 60:
                    raise SystemExit(f"{command} did not start") from None
                time.sleep(0.01)
        yield running.pid, time.perf_counter() - began
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(30)


def orrery(home: Path, port: int) -> list[str]:
    return [sys.executable, "-m", "orrery", "up", "--home", str(home), "--port", str(port)]


def show(label: str, result: Result, reference: Result | None = None) -> None:
    ratio = (
        f"  = {result.cpu / reference.cpu:4.2f} x the CPU of the bare handler" if reference and reference.cpu else ""
    )
    print(f"  {label:<22} {result.line()}{ratio}", flush=True)


def run_body(mode: str, **more: object) -> bytes:
    return json.dumps({"inputs": {"q": "hi"}, "response_mode": mode, "user": "u", **more}).encode()


async def measure_runs(
    port: int, pid: int, keys: dict[str, str], bare: tuple[int, int], seconds: float, names: set[str]
) -> None:
    bare_port, bare_pid = bare
    for mode, path in (("blocking", "/run"), ("streaming", "/stream")):
        if not names & {"run", "branch", "code", "chat"}:
            return
        print(f"{mode}:")
        for connections in (1, 8, 32):
            body = run_body(mode)
            reference = await load(bare_port, lambda _, b=body, p=path: request("POST", p, body=b),
                                   connections=connections, seconds=seconds, pid=bare_pid)  # fmt: skip
            show("bare handler", reference)
            for name in ("run", "branch", "code", "chat"):
                if name not in names:
                    continue
                route = "/v1/chat-messages" if name == "chat" else "/v1/workflows/run"
                data = run_body(mode, query="hello", auto_generate_name=False) if name == "chat" else body
                result = await load(port, lambda _, r=route, d=data, k=keys[name]: request("POST", r, key=k, body=d),
                                    connections=connections, seconds=seconds, pid=pid,
                                    expect=b"" if name == "chat" else b"succeeded")  # fmt: skip
                show(
                    {"run": "start-end", "branch": "start-if-agg-end", "chat": "chat start-answer"}.get(name, name),
                    result,
                    reference,
                )


async def measure_streams(port: int, pid: int, key: str, model_port: int, count: int) -> None:
    """Many streams at once of a model that sends a token every 100 ms; how late tokens come, against the model itself."""
    direct = await _hold(
        model_port,
        "/v1/chat/completions",
        "",
        count,
        {"model": "paced", "stream": True, "messages": [{"role": "user", "content": "x"}]},
        None,
    )
    print(f"  reference: the model itself, {count} streams: p99 gap {direct[0] * 1000:6.1f} ms beyond its pace")
    through = await _hold(port, "/v1/chat-messages", key, count,
                          {"inputs": {}, "query": "x", "response_mode": "streaming", "user": "u", "auto_generate_name": False}, pid)  # fmt: skip
    print(f"  through Orrery, {count} streams: {through[1]} whole, p99 gap {through[0] * 1000:6.1f} ms beyond the pace, "
          f"{through[2]:.0f} MiB while open, {through[3]:.0f} us CPU a token, added {max(through[0] - direct[0], 0) * 1000:.1f} ms")  # fmt: skip


async def _hold(
    port: int, path: str, key: str, count: int, body: dict, pid: int | None
) -> tuple[float, int, float, float]:
    gaps: list[float] = []
    whole = 0
    peak = 0.0
    data = request("POST", path, key=key, body=json.dumps(body).encode())

    async def one(number: int) -> None:
        nonlocal whole
        await asyncio.sleep(number * 0.002)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        writer.write(data)
        last = None
        while line := await reader.readline():
            if b'"answer":"' in line or b'"delta"' in line:
                now = time.perf_counter()
                if last is not None:
                    gaps.append(now - last)
                last = now
            if b"message_end" in line or b"[DONE]" in line:
                whole += 1
                break
        writer.close()

    async def watch() -> None:
        nonlocal peak
        while True:
            await asyncio.sleep(0.5)
            peak = max(peak, memory_mib(pid) if pid else 0.0)

    watcher = asyncio.create_task(watch())
    cpu = cpu_seconds(pid) if pid else 0.0
    await asyncio.gather(*(one(i) for i in range(count)))
    watcher.cancel()
    cpu = (cpu_seconds(pid) if pid else 0.0) - cpu
    gaps.sort()
    return gaps[int(len(gaps) * 0.99)] - PACE, whole, peak, cpu * 1e6 / (len(gaps) or 1)


PACE = 0.1


async def paced_model(port: int) -> asyncio.Server:
    """An OpenAI-style endpoint that streams 50 tokens, one every `PACE` seconds."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = (
                    int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                    if b"content-length:" in head.lower()
                    else 0
                )
                body = await reader.readexactly(length)
                if b'"stream":true' not in body.replace(b" ", b""):
                    reply = json.dumps({"choices": [{"index": 0, "message": {"role": "assistant", "content": "ok"}, "finish_reason": "stop"}],
                                        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}).encode()  # fmt: skip
                    writer.write(
                        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(reply)
                        + reply
                    )
                    continue
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
                for number in range(50):
                    if writer.is_closing():
                        return
                    token = json.dumps(
                        {"choices": [{"index": 0, "delta": {"content": f"t{number} "}, "finish_reason": None}]}
                    )
                    writer.write(f"data: {token}\n\n".encode())
                    await asyncio.sleep(PACE)
                last = json.dumps({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
                                   "usage": {"prompt_tokens": 1, "completion_tokens": 50, "total_tokens": 51}})  # fmt: skip
                writer.write(f"data: {last}\n\ndata: [DONE]\n\n".encode())
                await writer.drain()
                break
        except (OSError, asyncio.IncompleteReadError):
            pass
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", port, backlog=4096)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--only", default="start,memory,route,run,branch,chat,code,streams")
    options = parser.parse_args()
    names = set(options.only.split(","))
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        home, port, bare_port, model_port = Path(folder) / "home", free_port(), free_port(), free_port()
        with process(
            [sys.executable, str(ROOT / "benchmarks/bare_server.py"), str(bare_port), f"{folder}/bare.db"], bare_port
        ) as (bare_pid, bare_start):
            with process(orrery(home, port), port):
                model = subprocess.Popen([sys.executable, __file__, "--paced-model", str(model_port)])
                time.sleep(1)
                keys = Console(port).seed(apps(), model_port)
            with process(orrery(home, port), port) as (pid, start):
                try:
                    print(f"second start to /health: {start:.2f} s (bare handler {bare_start:.2f} s)")
                    time.sleep(3)
                    print(
                        f"idle memory of the whole tree: {memory_mib(pid):.0f} MiB (bare handler {memory_mib(bare_pid):.0f} MiB)"
                    )
                    if "route" in names:
                        for label, at, of in (("bare /health", bare_port, bare_pid), ("orrery /health", port, pid)):
                            show(
                                label,
                                await load(
                                    at,
                                    lambda _: request("GET", "/health"),
                                    connections=8,
                                    seconds=options.seconds,
                                    pid=of,
                                ),
                            )
                    await measure_runs(port, pid, keys, (bare_port, bare_pid), options.seconds, names)
                    if "streams" in names:
                        print("streams:")
                        await measure_streams(port, pid, keys["tokens"], model_port, options.streams)
                finally:
                    model.terminate()


async def serve_model(port: int) -> None:
    server = await paced_model(port)
    await server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--paced-model"]:
        asyncio.run(serve_model(int(sys.argv[2])))
    else:
        asyncio.run(main())
