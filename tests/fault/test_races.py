"""Many callers at once: stops against ends, the same key many times, clients that leave, clients that read slowly."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.fault.canary import Canary
from tests.fault.holdings import OBSERVED, POOL_FILES, Holdings, forget_peak, holdings, memory, peak, wait_until_let_go
from tests.fault.scale import scaled
from tests.support import dsl
from tests.support.server import Console, OrreryServer, running
from tests.support.sse import Sent, read_frames

RUNS = scaled(200, 1000)
BUFFER_MEBIBYTES = 8
"""What may wait for one reader: 5 MiB of frames, and half as much again for keeping them one by one."""
ASIDE_MEBIBYTES = 48
"""What the runs themselves and pages of the database take meanwhile, however many readers there are."""
CHATS = scaled(60, 1000)
READERS = scaled(3, 100)
HELD_UP_SECONDS = 60
"""At ten bytes a second a reader has its answer after hours: whoever waits for one waits longer than this."""
LEAVERS = scaled(4, 20)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrreryServer]:
    """A server that says what it holds on to."""
    with running(tmp_path_factory.mktemp("races") / "home", environment=OBSERVED) as up:
        yield up


@pytest.fixture(scope="module")
def slow_key(console: Console) -> str:
    """A model that says 10 words in about 50 ms."""
    drawn = dsl.chain(dsl.start("q"), dsl.llm("slow:4:10", "{{#start.q#}}"), dsl.end(out=["llm", "text"]))
    return console.add_app(dsl.workflow("race", drawn))[1]


def opened(server: OrreryServer, key: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {key}"}
    limits = httpx.Limits(max_connections=100)
    return httpx.AsyncClient(base_url=f"{server.url}/v1", headers=headers, timeout=60, trust_env=False, limits=limits)


def body(text: str = "x", mode: str = "streaming") -> dict[str, object]:
    return {"inputs": {"q": text}, "user": "ann", "response_mode": mode}


def spare(held: Holdings) -> Holdings:
    """The same with the files that a pool of connections to the database may have opened since."""
    return replace(held, files=held.files + POOL_FILES)


def rows(server: OrreryServer, query: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(query, values).fetchall()


async def until_both_won(race: Callable[[float], Awaitable[set[str]]]) -> None:
    """Lets stops race with ends, told the longest wait of a stop; again, fitted to this machine, if one side always won."""
    longest, ended = 0.12, set[str]()
    for _ in range(8):
        ended = await race(longest)
        if len(ended) > 1:
            return
        longest = longest * 3 if ended == {"stopped"} else longest / 3
    raise AssertionError(f"whatever the wait, the end was {ended}")


@pytest.mark.row("F20", "G1")
async def test_stops_racing_with_ends(server: OrreryServer, slow_key: str) -> None:
    """Whoever wins, there is one end, and stream and record agree on it (F20)."""
    source = random.Random(3)
    turns = asyncio.Semaphore(10)

    async def one(client: httpx.AsyncClient, delay: float) -> tuple[str, list[Sent]]:
        async with turns, client.stream("POST", "/workflows/run", json=body()) as response:
            chunks, stopping = b"", None
            async for chunk in response.aiter_raw():
                chunks += chunk
                if stopping is None:
                    task = next(read_frames([chunks])).data["task_id"]
                    stopping = asyncio.create_task(stop(client, task, delay))
            assert stopping is not None
            assert (await stopping).json() == {"result": "success"}
        frames = list(read_frames([chunks]))
        return str(frames[0].data["workflow_run_id"]), frames

    async def stop(client: httpx.AsyncClient, task: str, delay: float) -> httpx.Response:
        await asyncio.sleep(delay)
        return await client.post(f"/workflows/tasks/{task}/stop", json={"user": "ann"})

    async def all_of(longest: float) -> set[str]:
        async with opened(server, slow_key) as client:
            told = await asyncio.gather(*(one(client, source.uniform(0, longest)) for _ in range(RUNS)))
        results.extend(told)
        return {frame.data["data"]["status"] for _, frames in told for frame in frames[-1:]}

    results: list[tuple[str, list[Sent]]] = []
    await until_both_won(all_of)
    kept = dict(rows(server, "SELECT id, status FROM workflow_runs"))
    seen: Counter[str] = Counter()
    for run_id, frames in results:
        ends = [frame.data["data"]["status"] for frame in frames if frame.event == "workflow_finished"]
        assert ends == [kept[run_id]]
        assert frames[-1].event == "workflow_finished"
        seen[ends[0]] += 1
    assert set(seen) == {"succeeded", "stopped"}


@pytest.mark.row("F20", "G1")
async def test_stops_racing_with_the_ends_of_chats(server: OrreryServer, console: Console) -> None:
    """Stream and message agree: what was said up to the stop, or all of it; never stuck, never an error (F20)."""
    drawn = dsl.chain(dsl.start(), dsl.llm("slow:4:10"), dsl.answer("{{#llm.text#}}"))
    app_id, key = console.add_app(dsl.chatflow("chat race", drawn))
    source, turns = random.Random(4), asyncio.Semaphore(10)
    asked: dict[str, object] = {"inputs": {}, "query": "x", "user": "ann", "response_mode": "streaming"}
    whole = " ".join(f"w{n}" for n in range(10))

    async def one(client: httpx.AsyncClient, delay: float) -> tuple[str, str]:
        async def stop(task: str) -> httpx.Response:
            await asyncio.sleep(delay)
            return await client.post(f"/chat-messages/{task}/stop", json={"user": "ann"})

        async with turns, client.stream("POST", "/chat-messages", json=asked) as response:
            chunks, stopping = b"", None
            async for chunk in response.aiter_raw():
                chunks += chunk
                if stopping is None:
                    stopping = asyncio.create_task(stop(next(read_frames([chunks])).data["task_id"]))
            assert stopping is not None
            assert (await stopping).json() == {"result": "success"}
        frames = list(read_frames([chunks]))
        said = "".join(frame.data["answer"] for frame in frames if frame.event == "message")
        assert [frame.event for frame in frames].count("workflow_finished") == 1
        assert "error" not in {frame.event for frame in frames}
        return str(frames[0].data["message_id"]), said

    query = (
        "SELECT m.id, m.answer, m.status, r.status FROM messages m JOIN workflow_runs r ON r.id = m.run_id"
        " WHERE m.app_id = ?"
    )

    async def all_of(longest: float) -> set[str]:
        async with opened(server, key) as client:
            told = await asyncio.gather(*(one(client, source.uniform(0, longest)) for _ in range(CHATS)))
        results.extend(told)
        kept = {row[0]: str(row[3]) for row in rows(server, query, app_id)}
        return {kept[message_id] for message_id, _ in told}

    results: list[tuple[str, str]] = []
    await until_both_won(all_of)
    kept = {row[0]: row[1:] for row in rows(server, query, app_id)}
    assert len(kept) == len(results)
    for message_id, said in results:
        answer, status, run = kept[message_id]
        assert (answer, status) == (said, "normal"), (message_id, run)
        assert run == "stopped" or (run, said) == ("succeeded", whole)
    assert {row[2] for row in kept.values()} == {"stopped", "succeeded"}


@pytest.mark.row("F29", "G4")
async def test_the_same_key_many_times_at_once(server: OrreryServer, console: Console, canary: Canary) -> None:
    """50 callers, one run, one answer (F29); and after a restart the key still stands for that run."""
    node = dsl.http("post", f"{canary.url}/count/{{{{#start.q#}}}}?ms=100", method="post")
    drawn = dsl.chain(dsl.start("q"), node, dsl.end(out=["post", "body"]))
    key = console.add_app(dsl.workflow("same key", drawn))[1]
    headers = {"Idempotency-Key": "the same"}
    for mode in ("blocking", "streaming"):
        text = f"same-{mode}"
        headers = {"Idempotency-Key": text}
        async with opened(server, key) as client:
            answers = await asyncio.gather(
                *(client.post("/workflows/run", json=body(text, mode), headers=headers) for _ in range(50))
            )
        assert {answer.status_code for answer in answers} == {200}
        assert canary.count(text) == 1
        if mode == "blocking":
            assert len({answer.text for answer in answers}) == 1
        else:
            streams = [list(read_frames([answer.content])) for answer in answers]
            assert len({json.dumps([frame.data for frame in frames]) for frames in streams}) == 1
            assert streams[0][-1].event == "workflow_finished"
        async with opened(server, key) as client:
            other = await client.post("/workflows/run", json=body("something else", mode), headers=headers)
        assert other.status_code in {400, 409, 422}, other.text
        assert canary.count("something else") == 0
    assert rows(server, "SELECT count(*) FROM idempotency_keys")[0] == (2,)


@pytest.mark.row("F18", "G1")
async def test_clients_that_leave(server: OrreryServer, slow_key: str, measured: Callable[[str, object], None]) -> None:
    """The workflow goes on without its client (F18), and the server holds on to nothing of it."""
    source = random.Random(5)

    async def leave(client: httpx.AsyncClient, delay: float) -> None:
        try:
            async with asyncio.timeout(delay), client.stream("POST", "/workflows/run", json=body()) as response:
                async for _ in response.aiter_raw():
                    pass
        except TimeoutError:
            pass

    async with opened(server, slow_key) as client:
        await client.post("/workflows/run", json=body(mode="blocking"))
    before = await asyncio.to_thread(holdings, server)
    for _ in range(LEAVERS):
        async with opened(server, slow_key) as client:
            await asyncio.gather(*(leave(client, source.uniform(0.005, 0.1)) for _ in range(25)))
    until = time.monotonic() + 120
    while rows(server, "SELECT count(*) FROM workflow_runs WHERE status = 'running'") != [(0,)]:
        assert time.monotonic() < until
        await asyncio.sleep(0.05)
    after = await asyncio.to_thread(wait_until_let_go, server, spare(before))
    measured("tasks, sockets", f"{before.tasks}, {before.sockets} -> {after.tasks}, {after.sockets}")
    assert not [path for path in server.home.rglob("*") if path.suffix in {".tmp", ".part"}]
    ended = dict(rows(server, "SELECT status, count(*) FROM workflow_runs GROUP BY status"))
    assert set(ended) <= {"succeeded", "stopped"}
    assert "Traceback" not in server.log
    assert "was never retrieved" not in server.log


def slow_reader(server: OrreryServer, request: bytes) -> socket.socket:
    """A connection that has asked, and has room for little of the answer."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.settimeout(120)
    reader.connect(("127.0.0.1", server.port))
    reader.sendall(request)
    return reader


@pytest.mark.row("F19")
async def test_a_slow_reader_slows_nobody(
    server: OrreryServer, console: Console, measured: Callable[[str, object], None]
) -> None:
    """Clients that take ten bytes a second of a long answer, next to one that is served at its usual pace (F19).

    What waits for a reader is bounded; once the reader is gone, nothing of its run is held.
    """
    long_key = console.add_app(dsl.basic("long", "chat", "words:20000"))[1]
    quick_key = console.add_app(dsl.workflow("quick", dsl.chain(dsl.start("q"), dsl.end(out=["start", "q"]))))[1]
    request: dict[str, object] = {"inputs": {}, "query": "x", "user": "ann", "response_mode": "streaming"}
    content = json.dumps(request).encode()
    head = f"POST /v1/chat-messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {long_key}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    async with opened(server, long_key) as client:
        await client.post("/chat-messages", json=request)  # whatever is imported for it, is
    query = "SELECT count(*) FROM messages m JOIN apps a ON a.id = m.app_id WHERE a.name = 'long' AND m.answer != ''"
    readers: list[socket.socket] = []
    held = await asyncio.to_thread(holdings, server)
    forget_peak(server)
    before, slowest = memory(server), 0.0
    until = time.monotonic() + scaled(300, 900)
    try:
        async with opened(server, quick_key) as client:
            while (ended := rows(server, query)[0][0] - 1) < READERS:
                assert time.monotonic() < until, f"{ended} of {len(readers)} runs ended though nobody reads them"
                # A few runs at a time: it is the readers' pace that is tried, not the processor's.
                while len(readers) < min(READERS, ended + 3):
                    readers.append(slow_reader(server, head.encode() + content))
                began = time.monotonic()
                answer = await client.post("/workflows/run", json=body(mode="blocking"))
                assert answer.status_code == 200
                slowest = max(slowest, time.monotonic() - began)
                assert slowest < HELD_UP_SECONDS
                await asyncio.sleep(0.5)
                for reader in readers:
                    assert len(reader.recv(5)) == 5
    finally:
        for reader in readers:
            reader.close()
    each = (peak(server) - before) / READERS
    await asyncio.to_thread(wait_until_let_go, server, spare(held))
    assert each < BUFFER_MEBIBYTES + ASIDE_MEBIBYTES / READERS
    measured(f"MiB for each of {READERS} readers", round(each, 1))
    measured("slowest of the others s", round(slowest, 2))


@pytest.mark.row("G11")
def test_running_streams_are_drained(server: OrreryServer, console: Console) -> None:
    """SIGTERM: what runs is finished and told to its end, then the process leaves with 0 (G11)."""
    drawn = dsl.chain(dsl.start("q"), dsl.llm("slow:40:30", "{{#start.q#}}"), dsl.end(out=["llm", "text"]))
    client = server.service(console.add_app(dsl.workflow("drained", drawn))[1])
    with client.stream("POST", "/workflows/run", json=body()) as response:
        chunks = response.iter_raw()
        first = next(chunks)
        server.ask_to_stop()
        frames = list(read_frames([first, *chunks]))
    assert [frame.data["data"]["status"] for frame in frames if frame.event == "workflow_finished"] == ["succeeded"]
    assert server.stop() == 0
    server.start()
    assert rows(server, "SELECT count(*) FROM workflow_runs WHERE status = 'running'") == [(0,)]


@pytest.mark.row("G11", "G1")
def test_a_run_without_a_client_is_finished_before_the_end(server: OrreryServer, console: Console) -> None:
    drawn = dsl.chain(dsl.start("q"), dsl.llm("slow:40:20", "{{#start.q#}}"), dsl.end(out=["llm", "text"]))
    app_id, key = console.add_app(dsl.workflow("left alone", drawn))
    with server.service(key).stream("POST", "/workflows/run", json=body()) as response:
        next(response.iter_raw())
    assert server.stop() == 0
    assert rows(server, "SELECT status FROM workflow_runs WHERE app_id = ?", app_id) == [("succeeded",)]
    server.start()
