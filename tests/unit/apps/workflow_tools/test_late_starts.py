"""A caller that is stopped while the run it calls is being started."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest
from tests.support import dsl
from tests.unit.apps.catalog.place import Place, place

from orrery.apps.runs.live import LiveRun
from orrery.apps.runs.service import RunRequest, RunService
from orrery.apps.runs.spec import RunSpec, RunUser
from orrery.apps.runs.versions import VersionCache
from orrery.apps.tools.workflow_calls import WorkflowCalls
from orrery.apps.tools.workflow_entity import ParameterChoice
from orrery.apps.tools.workflow_tools import WorkflowToolForm, WorkflowTools
from orrery.apps.workflows.service import GraphContent
from orrery.tools.messages import ToolMessage
from orrery.tools.protocol import ToolRef
from orrery.workflow.engine import USER_STOP
from orrery.workflow.registry import BUILT_IN, NodeRegistry
from orrery.workspaces.audit.service import Actor


class SlowRuns:
    """Starts a run when it is let; ``reasons`` are those that it was stopped for."""

    def __init__(self) -> None:
        self.asked, self.let, self.stopped = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.reasons: list[str] = []
        self.request: RunRequest | None = None

    async def start(self, request: RunRequest) -> LiveRun:
        self.request = request
        self.asked.set()
        await self.let.wait()
        return cast("LiveRun", self)

    def abort(self, reason: str) -> None:
        self.reasons.append(reason)
        self.stopped.set()


async def published(here: Place) -> str:
    app_id = await here.new_app()
    drawn = dsl.chain(dsl.start("who"), dsl.end(who=["start", "who"]))
    await here.workflows.save_draft(here.who, app_id, GraphContent(graph=drawn, features={}), None)
    await here.workflows.publish(here.who, app_id, name="", comment="")
    form = WorkflowToolForm(
        name="t", label="T", description="", icon={}, parameters=[ParameterChoice("who")], privacy_policy=""
    )
    who = Actor(workspace_id=here.who.workspace_id, account_id=here.who.account_id)
    return await WorkflowTools(here.database).publish(who, app_id, form)


def spec_of(here: Place, depth: int) -> RunSpec:
    return RunSpec(
        run_id="r", task_id="t", kind="workflow", workspace_id=here.who.workspace_id, app_id="a", app_mode="workflow",
        workflow_id="w", version="1", is_draft=False, invoke_from="service-api", inputs={}, created_at=0.0, watched=None,
        user=RunUser("end_user", "u", "ann"), call_depth=depth,
    )  # fmt: skip


async def test_what_was_being_started_is_stopped(tmp_path: Path) -> None:
    async with place(tmp_path) as here:
        runs = SlowRuns()
        calls = WorkflowCalls(
            here.database,
            VersionCache(NodeRegistry(BUILT_IN), here.vault),
            lambda: cast("RunService", runs),
            max_depth=5,
        )
        ref = ToolRef(provider_type="workflow", provider_id=await published(here), tool_name="t")
        found = await calls.provider(spec_of(here, 1), ref)
        assert found is not None

        async def call() -> list[ToolMessage]:
            return [message async for message in found.tools()[0].invoke({"who": "x"})]

        calling = asyncio.create_task(call())
        await runs.asked.wait()
        assert runs.request is not None
        assert runs.request.call_depth == 2
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        assert runs.reasons == []
        runs.let.set()
        async with asyncio.timeout(60):
            await runs.stopped.wait()
        assert runs.reasons == [USER_STOP]
