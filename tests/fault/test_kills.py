"""SIGKILL in the middle of runs: what was acknowledged is kept, every run ends, nothing is done twice, no frame is lost.

reliability.md 3.1 (G1, G2, G3, G5) and 3.2 (F1, F2). Points are random; ORRERY_FAULT_ROUNDS sets how many.
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from tests.fault.canary import Canary
from tests.support import dsl
from tests.support.server import Console, OrreryServer
from tests.support.sse import Sent, read_frames

SETTLED_SECONDS = 120.0
STEPS = 4


@pytest.fixture(scope="module")
def steps(server: OrreryServer, console: Console, canary: Canary) -> httpx.Client:
    """start -> HTTP nodes one after the other, each counted -> code -> end."""
    urls = [f"{canary.url}/count/{{{{#start.q#}}}}-{n}?ms=60" for n in range(STEPS)]
    nodes = [dsl.http(f"http{n}", url) for n, url in enumerate(urls)]
    last = dsl.code("code", "def main(a):\n    return {'result': a.upper()}\n", a=["http0", "body"])
    drawn = dsl.chain(dsl.start("q"), *nodes, last, dsl.end(out=["code", "result"]))
    return server.service(console.add_app(dsl.workflow("steps", drawn))[1])


@pytest.fixture(scope="module")
def talk(server: OrreryServer, console: Console) -> httpx.Client:
    """start -> template -> a model that speaks slowly -> answer."""
    drawn = dsl.chain(dsl.start(), dsl.llm("slow:15:30"), dsl.answer("It said: {{#llm.text#}}"))
    return server.service(console.add_app(dsl.chatflow("talk", drawn))[1])


@pytest.fixture(scope="module")
def snippets(server: OrreryServer, console: Console) -> httpx.Client:
    """start -> two snippets that take their time -> end."""
    script = "import time\ndef main(a):\n    time.sleep(0.15)\n    return {'result': a + '!'}\n"
    first, second = dsl.code("one", script, a=["start", "q"]), dsl.code("two", script, a=["one", "result"])
    drawn = dsl.chain(dsl.start("q"), first, second, dsl.end(out=["two", "result"]))
    return server.service(console.add_app(dsl.workflow("snippets", drawn))[1])


def rows(server: OrreryServer, query: str, *values: object) -> list[tuple[Any, ...]]:
    """What the database holds."""
    with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(query, values).fetchall()


def body_of(client: str, mark: str) -> tuple[str, dict[str, object]]:
    if client == "talk":
        return "/chat-messages", {"inputs": {}, "query": mark, "user": "ann", "response_mode": "streaming"}
    return "/workflows/run", {"inputs": {"q": mark}, "user": "ann", "response_mode": "streaming"}


def frames_until_kill(server: OrreryServer, client: httpx.Client, kind: str, mark: str, delay: float) -> list[Sent]:
    """Starts a run, kills the server ``delay`` seconds after the first frame; gives what the client got."""
    path, body = body_of(kind, mark)
    seen: list[Sent] = []
    with client.stream("POST", path, json=body, headers={"Last-Event-ID": "0"}) as response:
        assert response.status_code == 200
        stream = response.iter_raw()
        killed = False
        until = time.monotonic() + delay
        held = b""
        try:
            for chunk in stream:
                held += chunk
                if not killed and time.monotonic() >= until:
                    server.kill()
                    killed = True
        except httpx.TransportError:
            pass
    if not killed:
        server.kill()
    seen.extend(read_frames([held]))
    return seen


def wait_for_end(server: OrreryServer, run_id: str) -> str:
    """The status of a run as soon as it is not running."""
    until = time.monotonic() + SETTLED_SECONDS
    while time.monotonic() < until:
        (status,) = rows(server, "SELECT status FROM workflow_runs WHERE id = ?", run_id)[0]
        if status != "running":
            return str(status)
        time.sleep(0.05)
    raise AssertionError(f"run {run_id} is still running after {SETTLED_SECONDS} s\n{server.log[-2000:]}")


def reattached(client: httpx.Client, run_id: str, after: int) -> list[Sent]:
    headers = {"Last-Event-ID": str(after)}
    with client.stream("GET", f"/workflow/{run_id}/events", params={"user": "ann"}, headers=headers) as response:
        response.read()
        assert response.status_code == 200, response.text
        return list(read_frames([response.content]))


def whole_stream(seen: list[Sent], rest: list[Sent]) -> list[Sent]:
    """Both parts, without pings; fails on gaps and duplicates."""
    frames = [frame for frame in (*seen, *rest) if frame.event != "ping"]
    numbers = [frame.seq for frame in frames]
    assert numbers == list(range(1, len(numbers) + 1)), numbers
    return frames


def text_of(frames: list[Sent]) -> str:
    return "".join(frame.data["answer"] for frame in frames if frame.event == "message")


def points(rounds: int, kinds: tuple[str, ...], longest: float) -> Iterator[tuple[int, str, float]]:
    """Random moments, the same ones in every run of the tests."""
    source = random.Random(20)
    for n in range(rounds):
        yield n, kinds[n % len(kinds)], source.uniform(0, longest)


@pytest.mark.row("F1", "F2", "G1", "G2", "G5")
def test_random_kills(
    request: pytest.FixtureRequest, server: OrreryServer, console: Console, canary: Canary, rounds: int
) -> None:
    """Each round kills the server at some point of a run; after the restart the run ends and its stream is whole."""
    clients = {name: request.getfixturevalue(name) for name in ("steps", "talk", "snippets")}
    ends: Counter[tuple[str, str]] = Counter()
    for n, kind, delay in points(rounds, ("steps", "talk", "steps", "snippets"), 0.45):
        mark = f"m{n}"
        seen = frames_until_kill(server, clients[kind], kind, mark, delay)
        assert seen, "the first frame is sent when the run is accepted"
        run_id = str(seen[0].data["workflow_run_id"])
        server.restart()
        status = wait_for_end(server, run_id)
        ends[kind, status] += 1
        frames = whole_stream(seen, reattached(clients[kind], run_id, seen[-1].seq or 0))
        finished = [frame for frame in frames if frame.event == "workflow_finished"]
        assert [frame.data["data"]["status"] for frame in finished] == [status], "one end is told"
        done = [frame.data["data"]["node_id"] for frame in frames if frame.event == "node_finished"]
        assert len(done) == len(set(done)), "each node is told to have finished once"
        if kind == "steps":
            asked = [canary.count(f"{mark}-{step}") for step in range(STEPS)]
            # GET is repeatable: the one node that was under way may have been asked twice, those before it once.
            assert max(asked) <= 2, asked
            assert sum(count == 2 for count in asked) <= 1, asked
            assert (status, asked.count(0)) == ("succeeded", 0)
            assert finished[0].data["data"]["outputs"] == {"out": f"{mark}-0".upper()}
        elif kind == "snippets":
            assert (status, finished[0].data["data"]["outputs"]) == ("succeeded", {"out": f"{mark}!!"})
        else:
            check_message(server, run_id, status, frames)
    assert rows(server, "SELECT id FROM workflow_runs WHERE status = 'running'") == []
    assert rows(server, "PRAGMA integrity_check") == [("ok",)]
    assert ends["steps", "succeeded"] > 0


def check_message(server: OrreryServer, run_id: str, status: str, frames: list[Sent]) -> None:
    """The message says what the stream said: whole, or with an error (a model is not asked twice)."""
    ((answer, kept, error),) = rows(server, "SELECT answer, status, error FROM messages WHERE run_id = ?", run_id)
    assert answer == text_of(frames)
    if status == "succeeded":
        assert (kept, error, frames[-1].event) == ("normal", None, "message_end")
        assert answer == "It said: " + " ".join(f"w{n}" for n in range(30))
    else:
        assert (status, kept, frames[-1].event) == ("failed", "error", "error")
        assert error


@pytest.mark.row("F1", "G2")
@pytest.mark.parametrize("mode", ["streaming", "blocking"])
def test_text_of_finished_nodes_is_kept(server: OrreryServer, console: Console, canary: Canary, mode: str) -> None:
    """The model is done, a later node is not: after the kill the answer has both, and the model is not asked again."""
    name = f"after-{mode}"
    later = dsl.http("later", f"{canary.url}/held-once/{name}")
    drawn = dsl.chain(dsl.start(), dsl.llm("words:5"), later, dsl.answer("{{#llm.text#}} then {{#later.body#}}"))
    client = server.service(console.add_app(dsl.chatflow(name, drawn))[1])
    body: dict[str, object] = {"inputs": {}, "query": "x", "user": "ann", "response_mode": mode}
    run_id = started_and_killed(server, canary, client, name, body)
    server.restart()
    status = wait_for_end(server, run_id)
    assert status == "succeeded", rows(server, "SELECT error FROM workflow_runs WHERE id = ?", run_id)
    whole = f"w0 w1 w2 w3 w4 then {name}"
    assert rows(server, "SELECT answer, status FROM messages WHERE run_id = ?", run_id) == [(whole, "normal")]
    nodes = rows(server, "SELECT node_id, [index] FROM workflow_node_executions WHERE workflow_run_id = ?", run_id)
    assert sorted(nodes, key=lambda row: int(row[1])) == [("start", 1), ("llm", 2), ("later", 3), ("answer", 4)]
    if mode == "streaming":
        assert text_of(reattached(client, run_id, 0)) == whole


def started_and_killed(
    server: OrreryServer, canary: Canary, client: httpx.Client, name: str, body: dict[str, object]
) -> str:
    """Starts a run, kills the server when it has come to the node that calls the canary; the run's id."""

    def kill_there() -> None:
        until = time.monotonic() + SETTLED_SECONDS
        # The canary keeps the run from going on; what was finished before it is committed meanwhile.
        while (canary.count(name) == 0 or not kept()) and time.monotonic() < until:
            time.sleep(0.01)
        server.kill()

    def kept() -> bool:
        query = "SELECT count(*) FROM workflow_node_executions n JOIN workflow_runs r ON r.id = n.workflow_run_id"
        done = " WHERE r.status = 'running' AND n.node_id = 'llm' AND n.status = 'succeeded'"
        return rows(server, query + done) == [(1,)]

    killer = threading.Thread(target=kill_there)
    killer.start()
    try:
        client.post("/chat-messages", json=body)
    except httpx.TransportError:
        pass
    finally:
        killer.join()
    ((run_id,),) = rows(server, "SELECT id FROM workflow_runs WHERE status = 'running'")
    return str(run_id)


@pytest.mark.row("F2", "G2")
def test_what_has_outside_effects_is_not_done_twice(server: OrreryServer, console: Console, canary: Canary) -> None:
    """A POST under way when the process dies fails with a reason; what the caller can't know is not tried again."""
    node = dsl.http("post", f"{canary.url}/held-once/{{{{#start.q#}}}}", method="post")
    drawn = dsl.chain(dsl.start("q"), node, dsl.end(out=["post", "body"]))
    client = server.service(console.add_app(dsl.workflow("posts", drawn))[1])
    path, body = body_of("posts", "once-only")
    with client.stream("POST", path, json=body) as response:
        frame = next(read_frames(response.iter_raw()))
        until = time.monotonic() + SETTLED_SECONDS
        while canary.count("once-only") == 0:
            assert time.monotonic() < until
            time.sleep(0.01)
        server.kill()
    server.restart()
    run_id = str(frame.data["workflow_run_id"])
    assert wait_for_end(server, run_id) == "failed"
    assert canary.count("once-only") == 1
    ((error,),) = rows(server, "SELECT error FROM workflow_runs WHERE id = ?", run_id)
    assert "interrupted" in error


@pytest.mark.row("G3")
def test_acknowledged_writes_are_kept(server: OrreryServer, console: Console) -> None:
    """Whatever was answered with 2xx is there after the kill (G3)."""
    drawn = dsl.chain(dsl.start("q"), dsl.end(out=["start", "q"]))
    app_id, key = console.add_app(dsl.workflow("kept", drawn))
    client = server.service(key)
    ids: list[str] = []
    for n in range(30):
        answer = client.post("/workflows/run", json={"inputs": {"q": str(n)}, "user": "ann"})
        assert answer.status_code == 200
        ids.append(answer.json()["workflow_run_id"])
    tag = console.call("POST", "/tags", {"name": "kept", "type": "app"})["id"]
    token = console.add_key(app_id)
    server.restart()
    kept = dict(rows(server, "SELECT id, status FROM workflow_runs WHERE app_id = ?", app_id))
    assert kept == dict.fromkeys(ids, "succeeded")
    assert [item["id"] for item in console.call("GET", "/tags?type=app")] == [tag]
    again = server.service(token).post("/workflows/run", json={"inputs": {"q": "x"}, "user": "ann"})
    assert again.status_code == 200


@pytest.mark.row("F1", "G1")
def test_many_runs_at_once_are_all_taken_up_again(server: OrreryServer, console: Console, canary: Canary) -> None:
    """More runs under way than one look of the recovery takes."""
    drawn = dsl.chain(dsl.start("q"), dsl.http("slow", f"{canary.url}/held/many"), dsl.end(out=["slow", "body"]))
    app_id, key = console.add_app(dsl.workflow("many", drawn))
    client = server.service(key)
    opened: list[httpx.Response] = []
    try:
        for n in range(45):
            body = {"inputs": {"q": str(n)}, "user": "ann", "response_mode": "streaming"}
            request = client.build_request("POST", "/workflows/run", json=body)
            opened.append(client.send(request, stream=True))
        server.kill()
    finally:
        for response in opened:
            response.close()
    accepted = rows(server, "SELECT count(*) FROM workflow_runs WHERE app_id = ?", app_id)[0][0]
    left = rows(server, "SELECT id FROM workflow_runs WHERE app_id = ? AND status = 'running'", app_id)
    assert (accepted, len(left)) == (45, 45)
    canary.released.set()
    server.restart()
    for (run_id,) in left:
        assert wait_for_end(server, run_id) == "succeeded"


@pytest.mark.row("F34", "G1")
def test_a_run_that_can_not_be_read_harms_no_other(server: OrreryServer, console: Console) -> None:
    """Rows that were damaged (F34): the server starts, gives these runs up with a reason, and serves the rest."""
    drawn = dsl.chain(dsl.start("q"), dsl.end(out=["start", "q"]))
    client = server.service(console.add_app(dsl.workflow("damaged", drawn))[1])
    ids = [client.post("/workflows/run", json={"inputs": {"q": "x"}, "user": "ann"}).json()["workflow_run_id"]
           for _ in range(4)]  # fmt: skip
    server.kill()
    damage = ('{"kind": 7}', "{", "null", '"' + "x" * 100 + '"')
    with closing(sqlite3.connect(server.database)) as connection, connection:
        for run_id, request in zip(ids, damage, strict=True):
            connection.execute(
                "UPDATE workflow_runs SET status = 'running', request = ?, lease_owner = 'gone' WHERE id = ?",
                (request, run_id),
            )
    server.restart()
    for run_id in ids:
        assert wait_for_end(server, run_id) == "failed"
    assert client.post("/workflows/run", json={"inputs": {"q": "y"}, "user": "ann"}).status_code == 200
    listed = client.get("/workflows/logs").json()["data"]
    assert {item["workflow_run"]["id"] for item in listed} >= set(ids)
