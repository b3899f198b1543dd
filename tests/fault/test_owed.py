"""What was promised is kept over SIGKILL: runs that webhooks asked for, and callbacks that are owed."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import httpx
import pytest
from tests.support import dsl
from tests.support.receiver import Receiver, receiver
from tests.support.server import Console, OrreryServer

SETTLED_SECONDS = 120.0
ASKED = 24


@pytest.fixture(scope="module")
def calls() -> Iterator[Receiver]:
    with receiver() as kept:
        yield kept


def rows(server: OrreryServer, query: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(query, values).fetchall()


def settled(found: Callable[[], object], expected: object, server: OrreryServer) -> None:
    until = time.monotonic() + SETTLED_SECONDS
    while (seen := found()) != expected:
        assert time.monotonic() < until, f"{seen}\n{server.log[-2000:]}"
        time.sleep(0.1)


def test_every_accepted_webhook_is_one_run(server: OrreryServer, console: Console) -> None:
    hook = dsl.node("hook", "trigger-webhook", method="post", content_type="application/json",
                    body=[{"name": "n", "type": "number", "required": True}])  # fmt: skip
    wait = "import time\ndef main(a):\n    time.sleep(0.02)\n    return {'result': str(a)}\n"
    drawn = dsl.chain(hook, dsl.code("code", wait, a=["hook", "n"]), dsl.end(out=["code", "result"]))
    app_id, _ = console.add_app(dsl.workflow("owed", drawn))
    shown = console.call("GET", f"/apps/{app_id}/workflows/triggers/webhook?node_id=hook")
    url = server.url + "/triggers/" + shown["webhook_url"].partition("/triggers/")[2]
    accepted: list[str] = []

    def ask(number: int) -> None:
        try:
            answer = httpx.post(url, json={"n": number}, timeout=60, trust_env=False)
        except httpx.TransportError:
            return
        if answer.status_code == 200:
            accepted.append(str(number))

    with ThreadPoolExecutor(8) as pool:
        asking = [pool.submit(ask, number) for number in range(ASKED)]
        while len(accepted) < ASKED // 2:
            assert not all(one.done() for one in asking), server.log[-2000:]
            time.sleep(0.005)
        server.kill()
        for one in asking:
            one.result()
    server.start()
    logs = "SELECT count(*) FROM workflow_trigger_logs WHERE app_id = ? AND status != 'succeeded'"
    settled(lambda: rows(server, logs, app_id), [(0,)], server)
    ended = rows(server, "SELECT outputs, status FROM workflow_runs WHERE app_id = ?", app_id)
    assert {status for _, status in ended} == {"succeeded"}
    done = Counter(json.loads(outputs)["out"] for outputs, _ in ended)
    assert set(accepted) <= set(done)
    assert set(done.values()) == {1}


def test_a_callback_is_made_after_the_server_came_back(server: OrreryServer, console: Console, calls: Receiver) -> None:
    drawn = dsl.chain(dsl.start("q"), dsl.end(out=["start", "q"]))
    client = server.service(console.add_app(dsl.workflow("called", drawn))[1])
    calls.statuses = [503]
    body: dsl.JsonObject = {"inputs": {"q": "x"}, "user": "ann", "response_mode": "async",
                            "callback_url": f"{calls.url}/owed"}  # fmt: skip
    told = client.post("/workflows/run", json=body).json()
    calls.wait(1, path="/owed")
    server.kill()
    server.start()
    _, second = calls.wait(2, path="/owed")
    assert json.loads(second.body)["run_id"] == told["run_id"]
    state = "SELECT status FROM workflow_run_callbacks WHERE run_id = ?"
    settled(lambda: rows(server, state, told["run_id"]), [("delivered",)], server)
