from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import update
from tests.http.console_runs.graphs import chatflow, frames, workflow
from tests.http.console_runs.world import World

from orrery.apps.runs.tables import WorkflowRun
from orrery.database.ids import new_id

RUN_FIELDS = [
    "id",
    "version",
    "status",
    "elapsed_time",
    "total_tokens",
    "total_steps",
    "created_by_account",
    "created_at",
    "finished_at",
    "exceptions_count",
    "retry_index",
]


async def debug(client: httpx.AsyncClient, app_id: str, name: str = "Ada") -> str:
    told = frames(await client.post(f"/apps/{app_id}/workflows/draft/run", json={"inputs": {"name": name}}))
    return str(told[0]["workflow_run_id"])


async def get(client: httpx.AsyncClient, path: str, **params: Any) -> Any:
    answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_debug_runs_are_listed_newest_first(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    runs = [await debug(owner, app_id) for _ in range(3)]
    path = f"/apps/{app_id}/workflow-runs"
    first = await get(owner, path, limit=2, triggered_from="debugging")
    assert [r["id"] for r in first["data"]] == [runs[2], runs[1]]
    assert (first["has_more"], first["limit"]) == (True, 2)
    rest = await get(owner, path, limit=2, last_id=runs[1])
    assert ([r["id"] for r in rest["data"]], rest["has_more"]) == ([runs[0]], False)
    row = rest["data"][0]
    assert list(row) == RUN_FIELDS
    assert (row["version"], row["status"], row["total_steps"]) == ("draft", "succeeded", 3)
    assert row["created_by_account"]["name"] == "Ada"


async def test_published_runs_are_listed_apart(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    debugged = await debug(owner, app_id)
    live = await world.run_published(owner, app_id, inputs={"name": "Bob"})
    path = f"/apps/{app_id}/workflow-runs"
    assert [r["id"] for r in (await get(owner, path))["data"]] == [debugged]
    (row,) = (await get(owner, path, triggered_from="app-run", status="succeeded"))["data"]
    assert (row["id"], row["created_by_account"]) == (live.spec.run_id, None)
    assert (await get(owner, path, triggered_from="app-run", status="failed"))["data"] == []


async def test_counts_say_how_runs_ended(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    await debug(owner, app_id)
    await debug(owner, app_id)
    zero = {"running": 0, "failed": 0, "stopped": 0, "partial_succeeded": 0}
    path = f"/apps/{app_id}/workflow-runs/count"
    assert await get(owner, path) == {"total": 2, "succeeded": 2, **zero}
    assert await get(owner, path, time_range="1h", triggered_from="debugging") == {"total": 2, "succeeded": 2, **zero}
    assert await get(owner, path, status="failed") == {"total": 0, "succeeded": 0, **zero}
    assert await get(owner, path, triggered_from="app-run") == {"total": 0, "succeeded": 0, **zero}
    refused = await owner.get(path, params={"time_range": "soon"})
    assert (refused.status_code, refused.json()["params"]) == (400, "time_range")


@pytest.mark.parametrize("published", [True, False])
async def test_a_run_shows_what_it_ran(world: World, published: bool) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    if published:
        run_id = (await world.run_published(owner, app_id, inputs={"name": "Ada"})).spec.run_id
    else:
        run_id = await debug(owner, app_id)
    run = await get(owner, f"/apps/{app_id}/workflow-runs/{run_id}")
    assert set(run) == {
        *RUN_FIELDS, "graph", "inputs", "outputs", "error", "created_by_role", "created_by_end_user"
    }  # fmt: skip
    assert run["graph"] == workflow()
    assert (run["inputs"]["name"], run["inputs"]["sys.app_id"]) == ("Ada", app_id)
    assert (run["outputs"], run["error"]) == ({"text": "Hello Ada"}, None)
    if published:
        assert run["created_by_role"] == "end_user"
        assert run["created_by_end_user"]["session_id"] == "ann"
        assert run["created_by_account"] is None
    else:
        assert (run["created_by_role"], run["created_by_end_user"]) == ("account", None)


async def test_node_executions_tell_the_steps(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    run_id = await debug(owner, app_id)
    nodes = (await get(owner, f"/apps/{app_id}/workflow-runs/{run_id}/node-executions"))["data"]
    assert [(n["index"], n["node_id"], n["node_type"], n["status"]) for n in nodes] == [
        (1, "start", "start", "succeeded"),
        (2, "greet", "template-transform", "succeeded"),
        (3, "end", "end", "succeeded"),
    ]
    greet = nodes[1]
    assert (greet["inputs"], greet["outputs"]) == ({"name": "Ada"}, {"output": "Hello Ada"})
    assert (greet["inputs_truncated"], greet["outputs_truncated"], greet["process_data_truncated"]) == (False,) * 3
    assert (greet["created_by_role"], greet["created_by_account"]["email"]) == ("account", "ada@example.com")


async def test_large_values_are_cut_and_marked(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow("{{ name * 20000 }}"))
    run_id = await debug(owner, app_id, "abcdef")
    nodes = (await get(owner, f"/apps/{app_id}/workflow-runs/{run_id}/node-executions"))["data"]
    greet = nodes[1]
    assert (greet["inputs_truncated"], greet["outputs_truncated"]) == (False, True)
    assert len(greet["outputs"]["output"]) == 100_003
    run = await get(owner, f"/apps/{app_id}/workflow-runs/{run_id}")
    assert len(run["outputs"]["text"]) == 120_000


async def test_chatflow_runs_name_their_messages(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "advanced-chat", chatflow())
    path = f"/apps/{app_id}/advanced-chat/workflows/draft/run"
    told = frames(await owner.post(path, json={"query": "Who?"}))
    (row,) = (await get(owner, f"/apps/{app_id}/advanced-chat/workflow-runs"))["data"]
    assert list(row) == [*RUN_FIELDS, "conversation_id", "message_id"]
    assert (row["conversation_id"], row["message_id"]) == (told[-1]["conversation_id"], told[-1]["message_id"])
    assert row["total_tokens"] == 15
    assert (await get(owner, f"/apps/{app_id}/advanced-chat/workflow-runs/count"))["total"] == 1


async def test_other_workspaces_see_nothing(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    run_id = await debug(owner, app_id)
    other = await world.people.second_workspace(owner)
    own = await world.new_app(other, "workflow", workflow())
    for rest in ("", "/count", f"/{run_id}", f"/{run_id}/node-executions"):
        answer = await other.get(f"/apps/{app_id}/workflow-runs{rest}")
        assert (answer.status_code, answer.json()["code"]) == (404, "app_not_found"), rest
    for rest in (f"/{run_id}", f"/{run_id}/node-executions", f"/{new_id()}", "/not-an-id"):
        answer = await other.get(f"/apps/{own}/workflow-runs{rest}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), rest
    assert (await get(other, f"/apps/{own}/workflow-runs", last_id=run_id))["data"] == []


async def test_history_is_for_those_who_see_logs(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    member = await world.people.invited(owner, "bob@example.com", "normal")
    answer = await member.get(f"/apps/{app_id}/workflow-runs")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_run_that_is_over_is_exported_by_a_link(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    run_id = await debug(owner, app_id)
    exported = await get(owner, f"/apps/{app_id}/workflow-runs/{run_id}/export")
    assert list(exported) == ["status", "presigned_url", "presigned_url_expires_at"]
    assert exported["status"] == "success"
    until = datetime.fromisoformat(exported["presigned_url_expires_at"])
    assert timedelta() < until - datetime.now(UTC) <= timedelta(minutes=10)
    link = urlsplit(exported["presigned_url"])
    assert link.path == f"/files/workflow-runs/{app_id}/{run_id}/archive"
    stranger = httpx.AsyncClient(transport=httpx.ASGITransport(world.people.app), base_url="http://files.test")
    async with stranger:
        fetched = await stranger.get(f"{link.path}?{link.query}")
        assert (fetched.status_code, fetched.headers["content-type"]) == (200, "application/zip")
        assert fetched.headers["content-disposition"] == f'attachment; filename="workflow_run_{run_id}.zip"'
        wrong = await stranger.get(f"{link.path}?{link.query[:-4]}AAAA")
        other = await stranger.get(f"{link.path.replace(run_id, new_id())}?{link.query}")
        assert (wrong.status_code, other.status_code) == (404, 404)
    with zipfile.ZipFile(io.BytesIO(fetched.content)) as archive:
        run = json.loads(archive.read("workflow_run.json"))
        nodes = [json.loads(line) for line in archive.read("node_executions.jsonl").splitlines()]
    assert (run["id"], run["status"], run["outputs"]) == (run_id, "succeeded", {"text": "Hello Ada"})
    assert len(run["graph"]["nodes"]) == 3
    assert [(node["node_type"], node["status"]) for node in nodes] == [
        ("start", "succeeded"), ("template-transform", "succeeded"), ("end", "succeeded"),
    ]  # fmt: skip
    assert nodes[1]["outputs"] == {"output": "Hello Ada"}


async def test_what_is_not_over_or_not_there_is_not_exported(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    run_id = await debug(owner, app_id)
    async with world.database.write() as session:
        await session.execute(update(WorkflowRun).values(finished_at=None))
    refused = await owner.get(f"/apps/{app_id}/workflow-runs/{run_id}/export")
    assert (refused.status_code, refused.json()["code"]) == (404, "archive_log_not_found")
    assert (await owner.get(f"/apps/{app_id}/workflow-runs/{new_id()}/export")).status_code == 404
    other = await world.new_app(owner, "workflow", workflow())
    assert (await owner.get(f"/apps/{other}/workflow-runs/{run_id}/export")).status_code == 404
