"""The whole product in process, allowed to reach this machine, with an owner who brings apps and runs them."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select
from tests.support import dsl
from tests.support.app import browser
from tests.support.clock import MovableClock
from tests.support.people import People

from orrery.apps.runs.tables import WorkflowRun
from orrery.cache.memory import MemoryCache
from orrery.database.migrate import migrate
from orrery.schema import schema
from orrery.settings.load import load_settings
from orrery.wiring.process import Process

BASE = "/workspaces/current/tool-provider"
JsonObject = dict[str, Any]


class World:
    """``owner`` is the owner's signed-in browser."""

    def __init__(self, process: Process, people: People, owner: httpx.AsyncClient) -> None:
        self.process, self.people, self.owner = process, people, owner

    async def app(self, document: dsl.JsonObject) -> str:
        """Imports an app; gives its id."""
        text = json.dumps(document)
        made = await done(self.owner.post("/apps/imports", json={"mode": "yaml-content", "yaml_content": text}))
        return made["app_id"]

    async def publish(self, app_id: str) -> None:
        body = {"marked_name": "", "marked_comment": ""}
        await done(self.owner.post(f"/apps/{app_id}/workflows/publish", json=body))

    async def draw(self, app_id: str, drawn: dsl.JsonObject) -> None:
        """Replaces the draft's graph."""
        draft = await done(self.owner.get(f"/apps/{app_id}/workflows/draft"))
        body: JsonObject = {
            "graph": drawn,
            "features": draft["features"],
            "hash": draft["hash"],
            "environment_variables": [],
            "conversation_variables": [],
        }
        await done(self.owner.post(f"/apps/{app_id}/workflows/draft", json=body))

    async def key(self, app_id: str) -> str:
        return (await done(self.owner.post(f"/apps/{app_id}/api-keys", json={})))["token"]

    async def run(self, app_id: str, **inputs: object) -> JsonObject:
        """Runs the published version by the Service API; gives its ``data``."""
        async with browser(self.process.app, headers={"Authorization": f"Bearer {await self.key(app_id)}"}) as service:
            body = {"inputs": inputs, "user": "ann", "response_mode": "blocking"}
            answer = await service.post("/v1/workflows/run", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def stream(self, app_id: str, **inputs: object) -> list[JsonObject]:
        """Runs the published version by the Service API; gives the frames of its stream."""
        async with browser(self.process.app, headers={"Authorization": f"Bearer {await self.key(app_id)}"}) as service:
            body = {"inputs": inputs, "user": "ann", "response_mode": "streaming"}
            answer = await service.post("/v1/workflows/run", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        lines = [line.removeprefix("data: ") for line in answer.text.split("\n") if line.startswith("data: ")]
        return [json.loads(line) for line in lines]

    async def run_tool(self, tool: dsl.JsonObject, **inputs: object) -> JsonObject:
        """Publishes and runs a workflow whose only step is the tool; gives the run's ``data``."""
        drawn = dsl.chain(dsl.start(*inputs), tool, dsl.end(text=["tool", "text"], json=["tool", "json"]))
        app_id = await self.app(dsl.workflow("Uses a tool", drawn))
        await self.publish(app_id)
        return await self.run(app_id, **inputs)

    async def runs_of(self, app_id: str) -> list[WorkflowRun]:
        """The app's runs, oldest first."""
        async with self.process.database.read() as session:
            return list(
                await session.scalars(select(WorkflowRun).where(WorkflowRun.app_id == app_id).order_by(WorkflowRun.id))
            )

    async def findings(self, app_id: str) -> list[JsonObject]:
        """What the dry run says."""
        return (await done(self.owner.get(f"/apps/{app_id}/findings")))["data"]


def tool(
    kind: str,
    provider_id: str,
    name: str,
    parameters: Mapping[str, object] | None = None,
    configurations: Mapping[str, object] | None = None,
    **more: object,
) -> dsl.JsonObject:
    """A tool node named ``tool``; texts of parameters may refer to variables."""
    return dsl.node(
        "tool",
        "tool",
        provider_type=kind,
        provider_id=provider_id,
        tool_name=name,
        tool_label=name,
        tool_parameters={key: {"type": "mixed", "value": value} for key, value in (parameters or {}).items()},
        tool_configurations=dict(configurations or {}),
        tool_node_version="2",
        **{"provider_name": provider_id, **more},
    )


async def done(call: Any) -> Any:
    """The body of an answer that must be a good one."""
    answer: httpx.Response = await call
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json()


async def refused(call: Any, words: str, status: int = 400) -> None:
    """The answer must be a refusal that says so."""
    answer: httpx.Response = await call
    assert answer.status_code == status, answer.text
    assert words in answer.json()["message"]


@asynccontextmanager
async def open_world(home: Path) -> AsyncGenerator[World]:
    """Addresses of this machine may be called, so that servers of tests can stand there."""
    environ = {"SSRF_PROXY_ALLOW_PRIVATE_IPS": "127.0.0.0/8"}
    process = Process(load_settings(environ, home=home))
    try:
        await migrate(process.database, schema())
        clock = MovableClock()
        memory = MemoryCache(clock=clock.monotonic)
        people = People(process.app, process.database, process.product.workspaces, clock, memory)
        await people.set_up()
        yield World(process, people, await people.signed_in())
        await people.close()
    finally:
        await process.close()
