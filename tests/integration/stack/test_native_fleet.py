"""Whole fleets as plain processes, on either database and all three kinds of Redis: the journey, and what hurts."""

from __future__ import annotations

import asyncio
import time

import httpx
from tests.integration.stack.native import NativeFleet, native_fleet, orrery
from tests.support.dsl import answer, chain, chatflow, code, end, llm, start, workflow
from tests.support.server import model_server
from tests.support.sse import read_frames
from tests.support.workers import consumed_queues, done_in_each, settings_of_process

from orrery.database.opening import open_database
from orrery.jobs.queues import served_by_default
from orrery.settings.load import Settings

DOUBLE = "def main(text):\n    return {'result': text + text}\n"
ALL = ("--apis", "2", "--workers", "2", "--beats", "2")


def journey(fleet: NativeFleet, models: str) -> tuple[httpx.Client, httpx.Client]:
    """From the first page to answers, through the edge; the Service API of a workflow and of a chatflow."""
    console = fleet.console()
    console.set_up()
    console.use_models(models)
    drawn = chain(start("query"), code("code", DOUBLE, text=("start", "query")), end(text=("code", "result")))
    _, key = console.add_app(workflow("doubles", drawn))
    _, chat_key = console.add_app(chatflow("talks", chain(start(), llm("gpt-4o-mini"), answer("{{#llm.text#}}"))))
    runs, chats = fleet.service(key), fleet.service(chat_key)
    for _ in range(4):  # both API processes have their turn
        assert double(runs, "ab") == "abab"
    body = {"inputs": {}, "query": "hello", "response_mode": "streaming", "user": "u"}
    with chats.stream("POST", "/chat-messages", json=body) as stream:
        assert stream.status_code == 200
        events = [frame.data for frame in read_frames(stream.iter_bytes()) if frame.data]
    assert events[-1]["event"] == "message_end"
    assert "".join(e["answer"] for e in events if e["event"] == "message")
    return runs, chats


def double(runs: httpx.Client, text: str) -> str:
    body = {"inputs": {"query": text}, "response_mode": "blocking", "user": "u"}
    ran = runs.post("/workflows/run", json=body)
    assert ran.status_code == 200, ran.text
    assert ran.json()["data"]["status"] == "succeeded", ran.text
    return str(ran.json()["data"]["outputs"]["text"])


async def _jobs_of_every_queue_are_done(settings: Settings) -> None:
    database = open_database(settings.database)
    try:
        await done_in_each(database, served_by_default())
    finally:
        await database.close()


def test_a_fleet_on_postgresql_heals_and_stops() -> None:
    with model_server() as models, native_fleet(*ALL) as fleet:
        fleet.until_well(12)
        assert httpx.get(f"{fleet.url}/ready", timeout=120, trust_env=False).json()["status"] == "ready"
        listed = orrery("ps", "--home", str(fleet.home))
        assert (listed.returncode, f"{fleet.secure_url}  " in listed.stdout) == (0, True), listed.stdout
        ready = httpx.get(f"{fleet.secure_url}/ready", verify=fleet.trust, timeout=120, trust_env=False)
        assert ready.json()["status"] == "ready"
        assert "already" in orrery(*fleet.words).stderr
        settings = settings_of_process(fleet.pids()["worker-1"])
        served = consumed_queues(settings, workers=2)
        assert list(served.values()) == [set(served_by_default())] * 2
        asyncio.run(_jobs_of_every_queue_are_done(settings))
        runs, _ = journey(fleet, models)
        asked = httpx.get(f"{fleet.url}/e/hook/path", timeout=60, trust_env=False)
        assert (asked.status_code, asked.json()) == (404, {"error": "endpoint not found"})
        for name in ("api-2", "sandbox", "worker-1", "beat-1", "ssrf_proxy", "plugin_daemon"):
            fleet.kill(name)
        assert double(runs, "ok") == "okok"
        assert "Uvicorn running" in orrery("logs", "--home", str(fleet.home), "api-2").stdout
    # The folder is gone with the fleet; nothing of it holds on.
    assert "not running" in orrery("ps", "--home", str(fleet.home)).stdout


def test_a_fleet_on_mariadb() -> None:
    with model_server() as models, native_fleet(*ALL, database="mysql") as fleet:
        fleet.until_well(12)
        runs, _ = journey(fleet, models)
        fleet.kill("db_mysql")
        eventually(runs)


def test_a_fleet_goes_on_while_sentinels_choose_another_redis() -> None:
    with model_server() as models, native_fleet(*ALL, "--cache", "sentinel") as fleet:
        fleet.until_well(16)
        runs, chats = journey(fleet, models)
        fleet.freeze("redis-1")
        try:
            # No run is lost meanwhile; what counts requests lets them pass.
            for _ in range(5):
                assert double(runs, "ab") == "abab"
            fleet.until(lambda: "+switch-master" in log(fleet, "sentinel-1"), "the choice of another master")
            assert double(runs, "cd") == "cdcd"
            body = {"inputs": {}, "query": "still there?", "response_mode": "blocking", "user": "u"}
            assert chats.post("/chat-messages", json=body).status_code == 200
        finally:
            fleet.thaw("redis-1")


def test_a_fleet_on_a_redis_cluster() -> None:
    with model_server() as models, native_fleet(*ALL, "--cache", "cluster") as fleet:
        fleet.until_well(15)
        runs, _ = journey(fleet, models)
        fleet.kill("redis-2")
        eventually(runs)


def eventually(runs: httpx.Client) -> None:
    """Runs go well again soon after something came back."""
    deadline = time.monotonic() + 180
    body = {"inputs": {"query": "ef"}, "response_mode": "blocking", "user": "u"}
    while True:
        ran = runs.post("/workflows/run", json=body)
        if ran.status_code == 200 and ran.json()["data"]["outputs"] == {"text": "efef"}:
            return
        assert time.monotonic() < deadline, ran.text
        time.sleep(0.2)


def log(fleet: NativeFleet, name: str) -> str:
    return orrery("logs", "--home", str(fleet.home), name).stdout
