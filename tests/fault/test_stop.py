"""A stop reaches a run in whatever process it is: two servers on one PostgreSQL database, with and without Redis."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from tests.fault.fleet import Fleet, fleet
from tests.support import dsl
from tests.support.listening import until_up
from tests.support.server import OrreryServer
from tests.support.sse import read_frames

HEARD_SECONDS = 60.0
"""Less than the run would last that nobody stops."""


class Pair(NamedTuple):
    """Two servers' Service APIs for one app, and what they run on."""

    fleet: Fleet
    one: httpx.Client
    two: httpx.Client


class Worker(OrreryServer):
    """One ``orrery worker`` on the job table."""

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "orrery", "worker"]

    def _wait_until_up(self, process: subprocess.Popen[bytes]) -> None:
        until_up(process, lambda: "Orrery runs background jobs." in self.log, lambda: self.log)


def paired(up: Fleet) -> Pair:
    drawn = dsl.chain(dsl.start(), dsl.llm("slow:50:2000", "go on"), dsl.end(out=["llm", "text"]))
    key = up.console.add_app(dsl.workflow("slow", drawn))[1]
    return Pair(up, up.apis[0].service(key), up.apis[1].service(key))


@pytest.fixture(scope="module")
def without(models: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two servers that share only the database."""
    settings = {"ORRERY_CACHE": "memory", "ORRERY_JOBS": "process"}
    with fleet(tmp_path_factory.mktemp("stop"), models, environment=settings) as up:
        yield up


@pytest.fixture(params=["redis", "memory"])
def pair(request: pytest.FixtureRequest) -> Pair:
    return paired(request.getfixturevalue("two" if request.param == "redis" else "without"))


def test_another_server_stops_a_run(pair: Pair) -> None:
    body: dsl.JsonObject = {"inputs": {}, "user": "ann", "response_mode": "streaming"}
    with pair.one.stream("POST", "/workflows/run", json=body) as stream:
        assert stream.status_code == 200
        frames = read_frames(stream.iter_raw())
        task_id = next(frame.data["task_id"] for frame in frames if frame.event == "text_chunk")
        asked = time.monotonic()
        stopped = pair.two.post(f"/workflows/tasks/{task_id}/stop", json={"user": "ann"})
        assert (stopped.status_code, stopped.json()) == (200, {"result": "success"})
        last = [frame for frame in frames if frame.event != "ping"][-1]
    assert time.monotonic() - asked < HEARD_SECONDS
    assert (last.event, last.data["data"]["status"]) == ("workflow_finished", "stopped")
    assert last.data["data"]["error"] == "Stopped by user."
    run_id = last.data["workflow_run_id"]
    assert pair.two.get(f"/workflows/run/{run_id}").json()["status"] == "stopped"
    assert pair.fleet.rows(f"SELECT count(*) FROM workflow_runs WHERE id = '{run_id}' AND status = 'stopped'") == [
        ("1",)
    ]


def test_a_run_is_watched_and_asked_for_at_the_other_server(pair: Pair) -> None:
    body: dsl.JsonObject = {"inputs": {}, "user": "ann", "response_mode": "async"}
    told = pair.one.post("/workflows/run", json=body).json()
    assert pair.two.get(f"/runs/{told['run_id']}").json()["status"] == "running"
    with pair.two.stream("GET", f"/runs/{told['run_id']}/events", params={"user": "ann"}) as stream:
        frames = read_frames(stream.iter_raw())
        assert next(frames).event == "workflow_started"
        pair.two.post(f"/workflows/tasks/{told['task_id']}/stop", json={"user": "ann"})
        last = [frame for frame in frames if frame.event != "ping"][-1]
    assert (last.event, last.data["data"]["status"]) == ("workflow_finished", "stopped")
    assert pair.two.get(f"/runs/{told['run_id']}").json()["status"] == "stopped"


def test_a_worker_starts_what_a_webhook_asked_a_server_for(without: Fleet, tmp_path: Path) -> None:
    hook = dsl.node("hook", "trigger-webhook", method="post", content_type="application/json",
                    body=[{"name": "q", "type": "string", "required": True}])  # fmt: skip
    app_id, _ = without.console.add_app(dsl.workflow("hooked", dsl.chain(hook, dsl.end(out=["hook", "q"]))))
    shown = without.console.call("GET", f"/apps/{app_id}/workflows/triggers/webhook?node_id=hook")
    path = "/triggers/" + shown["webhook_url"].partition("/triggers/")[2]
    answer = httpx.post(without.apis[1].url + path, json={"q": "hello"}, timeout=60, trust_env=False)
    assert answer.status_code == 200
    runs = f"SELECT status, triggered_from, outputs FROM workflow_runs WHERE app_id = '{app_id}'"
    assert without.rows(runs) == []
    worker = Worker(tmp_path / "worker", environment=without.environment)
    try:
        worker.start()
        without.wait_for_rows(runs, [("succeeded", "webhook", '{"out":"hello"}')], 120)
        without.wait_for_rows(
            f"SELECT status FROM workflow_trigger_logs WHERE app_id = '{app_id}'", [("succeeded",)], 120
        )
        assert worker.stop() == 0
    finally:
        worker.close()
