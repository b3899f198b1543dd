"""Apps that really run, in as many processes as a test wants: each `Office` is one, all on one database."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from tests.http.console_runs.world import OUTSIDE_KINDS, HeldModels, NoNetwork, record_of
from tests.support.clock import MovableClock
from tests.support.dsl import JsonObject
from tests.unit.apps.catalog.place import SECRET_KEY, add_workspace

from orrery.apps.catalog.access import AppAccess
from orrery.apps.catalog.service import Actor, AppDraft, AppService
from orrery.apps.conversations.end_users import EndUsers
from orrery.apps.files.parts import FileNeeds, Files
from orrery.apps.forms.run_forms import FormOpening
from orrery.apps.forms.tokens import FormTokens
from orrery.apps.runs import statements
from orrery.apps.runs.aftermath import Aftermaths
from orrery.apps.runs.callbacks import ORDER as CALLBACK_ORDER
from orrery.apps.runs.idempotency import Idempotency
from orrery.apps.runs.limits import RunPolicy
from orrery.apps.runs.live import LiveRun
from orrery.apps.runs.outside import Outside
from orrery.apps.runs.published import PublishedVersions
from orrery.apps.runs.records import RunRecords
from orrery.apps.runs.recovery import Recovery
from orrery.apps.runs.service import AppRef, RunRequest, RunService
from orrery.apps.runs.spec import RunUser
from orrery.apps.runs.tables import WorkflowRun
from orrery.apps.runs.turns import TurnRequest
from orrery.apps.runs.versions import VersionCache
from orrery.apps.triggers.ending import ORDER as TRIGGER_ORDER
from orrery.apps.triggers.ending import TriggerLogEnding
from orrery.apps.workflows.service import GraphContent, WorkflowService
from orrery.cache.memory import MemoryCache
from orrery.database import Database, GroupCommit
from orrery.egress import GuardedHttpClient, operator_policy
from orrery.egress.protocol import HttpClient
from orrery.security.encryption import Vault
from orrery.settings.groups.upload import Upload
from orrery.storage.local import LocalStorage
from orrery.workflow.registry import BUILT_IN, NodeRegistry
from orrery.workflow.testing import ScriptedCode


class Office:
    """One process that runs apps."""

    def __init__(self, database: Database, folder: Path, owner: str, cache: MemoryCache, policy: RunPolicy) -> None:
        vault = Vault(secret_key=SECRET_KEY)
        files = Files.build(
            FileNeeds(
                database=database,
                storage=LocalStorage(folder),
                http=GuardedHttpClient(operator_policy(allow_private=False)),
                upload=Upload(),
                secret_key=SECRET_KEY,
                base="http://files.test",
                storage_type="local",
            )
        )
        self.models = HeldModels()
        self.files = files
        self.opening = FormOpening(database, FormTokens(SECRET_KEY), 604800.0)
        self.group = GroupCommit(database, (*statements.ORDER, *TRIGGER_ORDER, *CALLBACK_ORDER))
        versions = VersionCache(NodeRegistry(BUILT_IN).extended(OUTSIDE_KINDS), vault)
        outside = Outside(
            database=database,
            models=lambda _workspace: self.models,
            code=ScriptedCode(),
            http=cast("HttpClient", NoNetwork()),
            files=files.for_run,
            forms=self.opening.of_run,
        )
        self.runs = RunService(
            database=database,
            group=self.group,
            outside=outside,
            files=files.values,
            policy=policy,
            cache=cache,
            owner=owner,
            aftermaths=Aftermaths([TriggerLogEnding()]),
        )
        self.published = PublishedVersions(database, versions)
        self.clock = MovableClock()
        self.recovery = Recovery(database, self.runs, versions, cache, clock=self.clock.monotonic)
        self.idempotency = Idempotency(database, self.runs)

    async def take_over(self) -> int:
        """Goes on with runs that nobody renewed for as long as a lease lasts."""
        await self.recovery.take_over()
        self.clock.advance(seconds=30)
        return await self.recovery.take_over()

    async def close(self) -> None:
        await self.recovery.close()
        await self.runs.close(1.0)
        await self.group.close()


class House:
    """A workspace, its apps, and the processes that run them."""

    def __init__(self, database: Database, folder: Path, who: Actor) -> None:
        self.database = database
        self.who = who
        self.cache = MemoryCache()
        self.records = RunRecords(database)
        self._folder = folder
        access = AppAccess(database)
        self.apps = AppService(database, access)
        self.workflows = WorkflowService(database, Vault(secret_key=SECRET_KEY), access)
        self.end_users = EndUsers(database)
        self._offices: list[Office] = []
        self.office = self.open_office("first")

    def open_office(self, owner: str, policy: RunPolicy | None = None) -> Office:
        office = Office(self.database, self._folder, owner, self.cache, policy or RunPolicy())
        self._offices.append(office)
        return office

    async def new_app(
        self, mode: str, graph: JsonObject | None = None, *, config: JsonObject | None = None,
        conversation: Sequence[JsonObject] = (), environment: Sequence[JsonObject] = (),
    ) -> str:  # fmt: skip
        """A published app."""
        app_id = (await self.apps.create(self.who, AppDraft(name=mode, mode=mode))).app.id
        if graph is not None:
            content = GraphContent(
                graph=graph, features={}, environment_variables=environment, conversation_variables=conversation
            )
            await self.workflows.save_draft(self.who, app_id, content, None)
            await self.workflows.publish(self.who, app_id, name="", comment="")
        if config is not None:
            await self.apps.save_config(self.who, app_id, config)
        return app_id

    async def user(self, app_id: str, name: str = "ann") -> RunUser:
        found = await self.end_users.resolve(self.who.workspace_id, app_id, name, "service-api")
        return RunUser("end_user", found.id, found.session_id)

    async def request(
        self,
        app_id: str,
        inputs: Mapping[str, object] | None = None,
        *,
        query: str | None = None,
        conversation_id: str | None = None,
        user: str = "ann",
        **more: Any,
    ) -> RunRequest:
        app = (await self.apps.get(self.who.workspace_id, app_id)).app
        turn = None
        if query is not None:
            turn = TurnRequest(query=query, conversation_id=conversation_id, auto_generate_name=False)
        limit = more.pop("limit", None)
        given: dict[str, Any] = {"invoke_from": "service-api", **more}
        return RunRequest(
            app=AppRef(workspace_id=self.who.workspace_id, app_id=app_id, mode=app.mode, max_active_requests=limit),
            version=await self.office.published.of(record_of(app)),
            user=await self.user(app_id, user),
            inputs=inputs or {},
            turn=turn,
            **given,
        )

    async def run(self, app_id: str, inputs: Mapping[str, object] | None = None, **more: Any) -> LiveRun:
        """A run at its end."""
        live = await self.office.runs.start(await self.request(app_id, inputs, **more))
        await live.outcome
        return live

    async def row(self, app_id: str, run_id: str) -> WorkflowRun:
        found = await self.records.find(app_id, run_id)
        assert found is not None
        return found

    async def close(self) -> None:
        for office in self._offices:
            await office.close()


@asynccontextmanager
async def house(database: Database, folder: Path) -> AsyncGenerator[House]:
    made = House(database, folder, await add_workspace(database))
    try:
        yield made
    finally:
        await made.close()
