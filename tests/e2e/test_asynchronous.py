"""Asynchronous runs: accepted at once, asked for later, watched, called back under a signature."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from tests.support import dsl
from tests.support.receiver import Receiver, receiver
from tests.support.server import Console, OrreryServer
from tests.support.sse import read_frames

SECONDS = 120.0


@pytest.fixture(scope="module")
def calls() -> Iterator[Receiver]:
    with receiver() as kept:
        yield kept


@pytest.fixture(scope="module")
def key(console: Console) -> str:
    drawn = dsl.chain(dsl.start("q"), dsl.end(out=["start", "q"]))
    return console.add_app(dsl.workflow("async", drawn))[1]


@pytest.fixture(scope="module")
def client(server: OrreryServer, key: str) -> httpx.Client:
    return server.service(key)


def ask(client: httpx.Client, **more: object) -> httpx.Response:
    body: dsl.JsonObject = {"inputs": {"q": "hello"}, "user": "ann", "response_mode": "async", **more}
    return client.post("/workflows/run", json=body)


def state_at_end(client: httpx.Client, url: str) -> dict[str, Any]:
    until = time.monotonic() + SECONDS
    while True:
        answer = client.get(url)
        assert answer.status_code == 200, answer.text
        if answer.json()["status"] != "running":
            return answer.json()
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_run_is_accepted_asked_for_and_watched(client: httpx.Client, server: OrreryServer) -> None:
    answer = ask(client)
    assert answer.status_code == 202
    told = answer.json()
    assert set(told) == {"run_id", "task_id", "status", "created_at", "poll_url", "events_url"}
    assert (told["status"], answer.headers["location"]) == ("running", told["poll_url"])
    assert told["poll_url"] == f"{server.url}/v1/runs/{told['run_id']}"
    state = state_at_end(client, told["poll_url"])
    assert (state["run_id"], state["task_id"], state["error"]) == (told["run_id"], told["task_id"], None)
    assert state["result"]["data"]["outputs"] == {"out": "hello"}
    assert state["result"]["workflow_run_id"] == told["run_id"]
    watched = client.get(told["events_url"], params={"user": "ann"}, headers={"Last-Event-ID": "1"})
    frames = list(read_frames([watched.content]))
    assert [frame.seq for frame in frames] == list(range(2, len(frames) + 2))
    assert frames[-1].event == "workflow_finished"
    assert client.get(told["events_url"], params={"user": "somebody else"}).status_code == 404
    assert client.get(f"/runs/{uuid.uuid4()}").status_code == 404


def test_other_apps_do_not_see_it(client: httpx.Client, server: OrreryServer, console: Console) -> None:
    told = ask(client).json()
    other = console.add_app(dsl.workflow("other", dsl.chain(dsl.start("q"), dsl.end(out=["start", "q"]))))[1]
    assert server.service(other).get(f"/runs/{told['run_id']}").status_code == 404
    state_at_end(client, told["poll_url"])


def test_chats_and_agents_answer_later_too(server: OrreryServer, console: Console) -> None:
    body: dsl.JsonObject = {"inputs": {}, "query": "good day", "user": "ann", "response_mode": "async"}
    for document in (dsl.basic("later", "chat", "echo"), dsl.basic("agent later", "agent-chat", "echo", agent_mode={})):
        client = server.service(console.add_app(document)[1])
        told = client.post("/chat-messages", json=body).json()
        state = state_at_end(client, told["poll_url"])
        assert (state["status"], state["result"]["answer"].strip()) == ("succeeded", "good day")
        assert state["result"]["conversation_id"] == told["conversation_id"]
        assert state["result"]["message_id"] == told["message_id"]
    client = server.service(console.add_app(dsl.basic("broken", "chat", "error:400"))[1])
    state = state_at_end(client, client.post("/chat-messages", json=body).json()["poll_url"])
    assert (state["status"], state["result"]) == ("failed", None)
    assert state["error"]


def test_the_end_is_called_back_under_a_signature(client: httpx.Client, key: str, calls: Receiver) -> None:
    calls.statuses = []
    told = ask(client, callback_url=f"{calls.url}/signed").json()
    (call,) = calls.wait(1, path="/signed")
    timestamp = call.headers["x-orrery-timestamp"]
    mac = hmac.new(key.encode(), timestamp.encode() + b"." + call.body, hashlib.sha256)
    assert call.headers["x-orrery-signature"] == f"sha256={mac.hexdigest()}"
    assert abs(int(timestamp) - time.time()) < 600
    body = json.loads(call.body)
    assert (body["event"], body["run_id"], body["status"]) == ("run.finished", told["run_id"], "succeeded")
    state = client.get(told["poll_url"]).json()
    assert {name: body[name] for name in state} == state


def test_a_receiver_that_refuses_is_called_again(client: httpx.Client, calls: Receiver, server: OrreryServer) -> None:
    calls.statuses = [503]
    told = ask(client, callback_url=f"{calls.url}/again").json()
    first, second = calls.wait(2, path="/again")
    assert first.headers["x-orrery-delivery"] == second.headers["x-orrery-delivery"]
    assert json.loads(first.body) == json.loads(second.body)
    query = "SELECT status, attempts, error, secret FROM workflow_run_callbacks WHERE run_id = ?"
    until = time.monotonic() + SECONDS
    with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True, timeout=10)) as db:
        while (row := db.execute(query, (told["run_id"],)).fetchone())[0] != "delivered":
            assert time.monotonic() < until, row
            time.sleep(0.05)
    assert row[1:3] == (2, None)
    assert row[3].startswith("v1:")


def test_the_same_key_is_one_run_and_one_callback(client: httpx.Client, calls: Receiver) -> None:
    calls.statuses = []
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    body: dsl.JsonObject = {"inputs": {"q": "once"}, "user": "ann", "response_mode": "async",
                            "callback_url": f"{calls.url}/once"}  # fmt: skip
    first, second = (client.post("/workflows/run", json=body, headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["run_id"] == second.json()["run_id"]
    state_at_end(client, first.json()["poll_url"])
    calls.wait(1, path="/once")
    told = ask(client, callback_url=f"{calls.url}/after").json()
    calls.wait(1, path="/after")
    state_at_end(client, told["poll_url"])
    assert len(calls.wait(1, path="/once")) == 1


@pytest.mark.parametrize("url", ["ftp://example.com/x", "nowhere", "http://", "http://[", f"http://a/{'x' * 3000}"])
def test_what_can_not_be_called_is_refused(client: httpx.Client, url: str) -> None:
    refused = ask(client, callback_url=url)
    assert (refused.status_code, refused.json()["code"], refused.json()["params"]) == (
        400, "invalid_param", "callback_url",
    )  # fmt: skip


def test_only_asynchronous_runs_call_back(client: httpx.Client, calls: Receiver) -> None:
    refused = ask(client, callback_url=f"{calls.url}/no", response_mode="blocking")
    assert (refused.status_code, refused.json()["params"]) == (400, "callback_url")
