"""Webhooks and schedules from the draft to the run, over HTTP (workflow.md 3.20, 6.4, 7.3)."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import httpx
import pytest
from tests.support import dsl
from tests.support.server import Console, OrreryServer
from tests.support.sse import read_frames

SECONDS = 120.0


def webhook(node_id: str = "hook", **data: object) -> dsl.JsonObject:
    """A webhook that takes JSON by POST."""
    given: dsl.JsonObject = {"method": "post", "content_type": "application/json", **data}
    return dsl.node(node_id, "trigger-webhook", **given)


def field(name: str, kind: str = "string", *, required: bool = False) -> dsl.JsonObject:
    return {"name": name, "type": kind, "required": required}


def schedule(**data: object) -> dsl.JsonObject:
    return dsl.node("clock", "trigger-schedule", **data)


def ending(**outputs: list[str]) -> dsl.JsonObject:
    return dsl.end(**outputs)


class Hooked:
    """A published workflow with a webhook; ``url`` and ``debug_url`` are its addresses."""

    def __init__(self, server: OrreryServer, console: Console, drawn: dsl.JsonObject, node_id: str = "hook") -> None:
        self.server, self.console = server, console
        self.app_id, self.key = console.add_app(dsl.workflow(f"hooked {time.monotonic_ns()}", drawn))
        shown = console.call("GET", f"/apps/{self.app_id}/workflows/triggers/webhook?node_id={node_id}")
        self.url, self.debug_url = str(shown["webhook_url"]), str(shown["webhook_debug_url"])
        assert self.url.startswith(f"{server.url}/triggers/webhook/")
        self.webhook_id = str(shown["webhook_id"])

    def call(self, method: str = "POST", *, debug: bool = False, **named: Any) -> httpx.Response:
        return httpx.request(method, self.debug_url if debug else self.url, timeout=30, trust_env=False, **named)

    def runs(self) -> list[dict[str, Any]]:
        return self.console.call("GET", f"/apps/{self.app_id}/workflow-runs?limit=50&triggered_from=webhook")["data"]

    def outputs(self, count: int = 1) -> list[dict[str, Any]]:
        """The outputs of the webhook's runs, as soon as ``count`` of them succeeded; newest first."""
        settled(lambda: [run["status"] for run in self.runs()] == ["succeeded"] * count, self.runs)
        client = self.server.service(self.key)
        return [client.get(f"/workflows/run/{run['id']}").json()["outputs"] for run in self.runs()]


def settled(happened: Callable[[], bool], shown: Callable[[], object]) -> None:
    until = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < until, shown()
        time.sleep(0.05)


@pytest.fixture(scope="module")
def hook(server: OrreryServer, console: Console) -> Hooked:
    node = webhook(
        headers=[{"name": "X-Kind", "required": True}],
        params=[field("count", "number"), field("dry", "boolean")],
        body=[field("name", required=True), field("tags", "array[string]")],
        status_code=202,
        response_body='{"taken": true}',
    )
    outputs = ending(
        name=["hook", "name"], kind=["hook", "X_Kind"], count=["hook", "count"], dry=["hook", "dry"],
        raw=["hook", "_webhook_raw"],
    )  # fmt: skip
    return Hooked(server, console, dsl.chain(node, outputs))


def test_a_request_starts_a_run_and_is_answered_at_once(hook: Hooked) -> None:
    answer = hook.call(
        params={"count": "3", "dry": "yes", "more": "kept"}, headers={"X-Kind": "a"}, json={"name": "Ann", "z": 1}
    )
    assert (answer.status_code, answer.json()) == (202, {"taken": True})
    (outputs,) = hook.outputs()
    assert (outputs["name"], outputs["kind"], outputs["count"], outputs["dry"]) == ("Ann", "a", 3, True)
    assert outputs["raw"]["method"] == "POST"
    assert outputs["raw"]["body"] == {"name": "Ann", "z": 1}
    assert outputs["raw"]["query_params"]["more"] == "kept"
    (run,) = hook.runs()
    detail = hook.console.call("GET", f"/apps/{hook.app_id}/workflow-runs/{run['id']}")
    assert (detail["created_by_role"], detail["created_by_end_user"]["type"]) == ("end_user", "trigger")
    with closing(sqlite3.connect(f"file:{hook.server.database}?mode=ro", uri=True, timeout=10)) as db:
        query = "SELECT status, trigger_type, root_node_id, total_tokens, finished_at IS NOT NULL FROM workflow_trigger_logs WHERE workflow_run_id = ?"
        assert db.execute(query, (run["id"],)).fetchall() == [("succeeded", "webhook", "hook", 0, 1)]


@pytest.mark.parametrize(
    ("method", "request_", "message"),
    [
        ("GET", {}, "HTTP method mismatch. Expected POST, got GET"),
        ("POST", {"data": {"name": "x"}}, "Content-type mismatch. Expected application/json, got application"),
        ("POST", {"json": {"name": "x"}}, "Required header missing: X-Kind"),
        ("POST", {"json": {}, "headers": {"X-Kind": "a"}}, "Required body parameter missing: name"),
        ("POST", {"json": {"name": 7}, "headers": {"X-Kind": "a"}},
         "Parameter 'name' validation failed: Expected string, got int"),
        ("POST", {"json": {"name": "x"}, "headers": {"X-Kind": "a"}, "params": {"count": "many"}},
         "Parameter 'count' validation failed: Cannot convert 'many' to number"),
        ("POST", {"content": b"{", "headers": {"X-Kind": "a", "Content-Type": "application/json"}}, "Invalid JSON body"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_name(
    hook: Hooked, method: str, request_: dict[str, Any], message: str
) -> None:
    before = len(hook.runs())
    answer = hook.call(method, **request_)
    assert (answer.status_code, answer.json()["error"]) == (400, "Bad Request")
    assert answer.json()["message"].startswith(message)
    assert len(hook.runs()) == before


def test_unknown_switched_off_and_unpublished_webhooks(server: OrreryServer, console: Console) -> None:
    there = Hooked(server, console, dsl.chain(webhook(), ending(b=["hook", "_webhook_raw"])))
    unknown = httpx.post(f"{server.url}/triggers/webhook/{'x' * 24}", json={}, timeout=120, trust_env=False)
    assert (unknown.status_code, unknown.json()["message"]) == (404, f"Webhook not found: {'x' * 24}")
    (trigger,) = console.call("GET", f"/apps/{there.app_id}/triggers")["data"]
    assert (trigger["trigger_type"], trigger["node_id"], trigger["status"]) == ("trigger-webhook", "hook", "enabled")
    body = {"trigger_id": trigger["id"], "enable_trigger": False}
    assert console.call("POST", f"/apps/{there.app_id}/trigger-enable", body)["status"] == "disabled"
    off = there.call(json={})
    assert off.status_code == 404
    assert "disabled" in off.json()["message"]
    console.call("POST", f"/apps/{there.app_id}/trigger-enable", {**body, "enable_trigger": True})
    assert there.call(json={}).json() == {"status": "success", "message": "Webhook processed successfully"}
    there.outputs()
    # A version without the node takes its address away.
    draft = console.call("GET", f"/apps/{there.app_id}/workflows/draft")
    graph = dsl.chain(dsl.start("q"), dsl.end(out=["start", "q"]))
    saved: dsl.JsonObject = {"graph": graph, "features": draft["features"], "hash": draft["hash"], "environment_variables": [],
             "conversation_variables": []}  # fmt: skip
    console.call("POST", f"/apps/{there.app_id}/workflows/draft", saved)
    assert there.call(json={}).status_code == 200
    console.call("POST", f"/apps/{there.app_id}/workflows/publish", {"marked_name": "", "marked_comment": ""})
    assert there.call(json={}).status_code == 404
    assert console.call("GET", f"/apps/{there.app_id}/triggers")["data"] == []


def test_forms_files_and_plain_bodies(server: OrreryServer, console: Console) -> None:
    form = Hooked(server, console, dsl.chain(
        webhook(content_type="multipart/form-data", body=[field("title"), field("doc", "file", required=True)]),
        ending(title=["hook", "title"], doc=["hook", "doc"]),
    ))  # fmt: skip
    missing = form.call(data={"title": "t"}, files={"other": ("o.txt", b"o")})
    assert missing.json()["message"] == "Required body parameter missing: doc"
    assert form.call(data={"title": "t"}, files={"doc": ("a.txt", b"hello", "text/plain")}).status_code == 200
    (outputs,) = form.outputs()
    assert (outputs["title"], outputs["doc"]["filename"], outputs["doc"]["size"]) == ("t", "a.txt", 5)
    fetched = httpx.get(outputs["doc"]["url"] if outputs["doc"]["url"].startswith("http")
                        else server.url + outputs["doc"]["url"], timeout=120, trust_env=False)  # fmt: skip
    assert fetched.content == b"hello"
    plain = Hooked(server, console, dsl.chain(
        webhook(content_type="text/plain", body=[field("text")], response_body="thank you"),
        ending(text=["hook", "text"]),
    ))  # fmt: skip
    answer = plain.call(content="Grüße".encode(), headers={"Content-Type": "text/plain; charset=utf-8"})
    assert answer.json() == {"message": "thank you"}
    assert plain.outputs()[0]["text"] == "Grüße"
    binary = Hooked(server, console, dsl.chain(
        webhook(content_type="application/octet-stream", body=[field("blob", "file")]),
        ending(blob=["hook", "blob"]),
    ))  # fmt: skip
    assert binary.call(content=b"\x00\x01", headers={"Content-Type": "application/octet-stream"}).status_code == 200
    assert binary.outputs()[0]["blob"]["size"] == 2


def test_too_much_is_refused_before_it_is_read(hook: Hooked) -> None:
    answer = hook.call(content=b"x" * 11_000_000, headers={"Content-Type": "application/json", "X-Kind": "a"})
    assert answer.status_code == 413
    assert set(answer.json()) == {"error", "message"}


def test_the_debugger_runs_the_draft_with_what_came(hook: Hooked) -> None:
    path = f"/apps/{hook.app_id}/workflows/draft/trigger/run"
    assert hook.console.call("POST", path, {"node_id": "hook"}) == {"status": "waiting", "retry_in": 2000}
    before = len(hook.runs())
    sent: dict[str, Any] = {"headers": {"X-Kind": "debug"}, "json": {"name": "tried"}}
    assert hook.call(debug=True, **sent).status_code == 202
    answer = hook.console.http.post(path, json={"node_id": "hook"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    frames = list(read_frames([answer.content]))
    assert frames[-1].event == "workflow_finished"
    assert frames[-1].data["data"]["outputs"]["name"] == "tried"
    assert len(hook.runs()) == before
    assert hook.console.call("POST", path, {"node_id": "hook"})["status"] == "waiting"
    # One node alone, and all triggers at once.
    node = f"/apps/{hook.app_id}/workflows/draft/nodes/hook/trigger/run"
    assert hook.console.call("POST", node)["status"] == "waiting"
    hook.call(debug=True, **sent)
    alone = hook.console.call("POST", node)
    assert (alone["status"], alone["outputs"]["name"], alone["node_type"]) == ("succeeded", "tried", "trigger-webhook")
    everything = f"/apps/{hook.app_id}/workflows/draft/trigger/run-all"
    assert hook.console.call("POST", everything, {"node_ids": ["hook"]})["status"] == "waiting"
    refused = hook.console.http.post(everything, json={"node_ids": ["nobody"]})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_param")


def test_what_can_not_be_published_says_why(console: Console) -> None:
    many = dsl.graph([webhook(f"hook{n}") for n in range(6)], [])
    text = dsl.workflow("many", many)
    answer = console.http.post("/apps/imports", json={"mode": "yaml-content", "yaml_content": json.dumps(text)})
    assert answer.status_code == 400
    assert "at most 5 trigger-webhook nodes" in answer.text
    draft = dsl.workflow("odd", dsl.chain(schedule(mode="cron", cron_expression="61 * * * *"), ending()))
    made = console.call("POST", "/apps/imports", {"mode": "yaml-content", "yaml_content": json.dumps(draft)})
    refused = console.http.post(f"/apps/{made['app_id']}/workflows/publish", json={})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_param")
    assert "clock" in refused.json()["message"]


def test_schedules_follow_what_is_published(server: OrreryServer, console: Console) -> None:
    drawn = dsl.chain(schedule(mode="visual", frequency="daily", visual_config={"time": "2:30 PM"},
                               timezone="Europe/Berlin"), ending())  # fmt: skip
    app_id, _ = console.add_app(dsl.workflow("daily", drawn))
    with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True, timeout=10)) as db:
        query = (
            "SELECT cron_expression, timezone, next_run_at IS NOT NULL FROM workflow_schedule_plans WHERE app_id = ?"
        )
        assert db.execute(query, (app_id,)).fetchall() == [("30 14 * * *", "Europe/Berlin", 1)]
        (trigger,) = console.call("GET", f"/apps/{app_id}/triggers")["data"]
        assert trigger["trigger_type"] == "trigger-schedule"
        console.call("DELETE", f"/apps/{app_id}")
        assert db.execute(query, (app_id,)).fetchall() == []


@pytest.mark.parametrize(
    "body",
    [
        b"[1, 2]", b"null", b'"text"', b"{}{}", b'{"name": "\\u0000"}', b'{"name": "\\ud800"}', b'{"name": 1e999}',
        b'{"name": "x", "deep": ' + b"[" * 400 + b"]" * 400 + b"}", b"[" * 100_000, b"\xff\xfe", b"",
        b'{"name": "x", "many": ' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_odd_bodies_are_runs_or_refusals(hook: Hooked, body: bytes) -> None:
    answer = hook.call(content=body, headers={"Content-Type": "application/json", "X-Kind": "odd"})
    assert answer.status_code in {202, 400}, answer.text
    settled(lambda: all(run["status"] == "succeeded" for run in hook.runs()), hook.runs)


def test_bodies_that_are_too_deep_say_so(hook: Hooked) -> None:
    body = b'{"name": "x", "deep": ' + b"[" * 400 + b"]" * 400 + b"}"
    answer = hook.call(content=body, headers={"Content-Type": "application/json", "X-Kind": "deep"})
    assert (answer.status_code, answer.json()["message"]) == (
        400, "Invalid JSON body: its values are nested too deeply.",
    )  # fmt: skip


def test_triggers_of_plugins_are_kept_and_start_nothing(server: OrreryServer, console: Console) -> None:
    node = dsl.node("event", "trigger-plugin", plugin_id="langgenius/github_trigger", event_name="star",
                    provider_id="langgenius/github_trigger/github", subscription_id="s")  # fmt: skip
    app_id, _ = console.add_app(dsl.workflow("plugged", dsl.chain(node, dsl.end(at=["event", "sys.timestamp"]))))
    (trigger,) = console.call("GET", f"/apps/{app_id}/triggers")["data"]
    assert (trigger["trigger_type"], trigger["status"]) == ("trigger-plugin", "unauthorized")
    assert trigger["provider_name"] == "langgenius/github_trigger/github"
    for path, body in (
        ("trigger-enable", {"trigger_id": trigger["id"], "enable_trigger": True}),
        ("workflows/draft/trigger/run", {"node_id": "event"}),
    ):
        refused = console.http.post(f"/apps/{app_id}/{path}", json=body)
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_param")
        assert "plugin" in refused.json()["message"]
    unknown = httpx.post(
        f"{server.url}/triggers/plugin/0b9bd3c2-6e5a-4c0e-8d6a-000000000000", timeout=120, trust_env=False
    )
    assert (unknown.status_code, unknown.json()) == (404, {"error": "Endpoint not found"})
    cards = console.call("GET", "/apps?limit=100")["data"]
    assert [card["has_draft_trigger"] for card in cards if card["id"] == app_id] == [True]


def test_only_those_who_may_see_and_switch(console: Console, hook: Hooked, server: OrreryServer) -> None:
    with httpx.Client(base_url=f"{server.url}/console/api", timeout=120, trust_env=False) as nobody:
        assert nobody.get(f"/apps/{hook.app_id}/triggers").status_code == 401
    (trigger,) = console.call("GET", f"/apps/{hook.app_id}/triggers")["data"]
    other = console.add_app(dsl.workflow("other", dsl.chain(dsl.start("q"), dsl.end(out=["start", "q"]))))[0]
    body = {"trigger_id": trigger["id"], "enable_trigger": False}
    assert console.http.post(f"/apps/{other}/trigger-enable", json=body).status_code == 404
    missing = console.http.get(f"/apps/{other}/workflows/triggers/webhook?node_id=hook")
    assert (missing.status_code, missing.json()["message"]) == (404, "Webhook trigger not found")
