"""The console with apps that really run: models are scripted, everything else is the real thing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import delete, select
from tests.support.app import asgi_app
from tests.support.people import PREFIX, SECRET_KEY, Choices, People

from orrery.apps.catalog.access import AppAccess, AppRecord
from orrery.apps.catalog.service import Actor, AppDraft, AppService
from orrery.apps.catalog.tables import App
from orrery.apps.conversations.default_model import DefaultModel
from orrery.apps.conversations.end_users import EndUsers
from orrery.apps.conversations.suggestions import Suggestions
from orrery.apps.conversations.tables import Message
from orrery.apps.files.parts import FileNeeds, Files
from orrery.apps.files.uploads import NewFile
from orrery.apps.inspector.parts import Inspector
from orrery.apps.runs import statements
from orrery.apps.runs.idempotency import Idempotency
from orrery.apps.runs.limits import RunPolicy
from orrery.apps.runs.live import LiveRun
from orrery.apps.runs.outside import Outside
from orrery.apps.runs.published import PublishedVersions
from orrery.apps.runs.records import RunRecords
from orrery.apps.runs.rerun import Reruns
from orrery.apps.runs.service import AppRef, RunRequest, RunService
from orrery.apps.runs.single_step import SingleSteps
from orrery.apps.runs.spec import InvokeFrom, RunUser
from orrery.apps.runs.tables import NodeExecution
from orrery.apps.runs.truncation import DisplayLimits
from orrery.apps.runs.turns import TurnRequest, stored_variables
from orrery.apps.runs.versions import VersionCache
from orrery.apps.workflows.conversion import Conversion
from orrery.apps.workflows.service import GraphContent, WorkflowService
from orrery.apps.workflows.variables import Keeping
from orrery.database.group_commit import GroupCommit
from orrery.egress import GuardedHttpClient, operator_policy
from orrery.http.console.conversion import ConversionRoutes
from orrery.http.console.people import PeopleSettings, people_authenticators, people_routes
from orrery.http.console.run_routes import RunParts, run_routes
from orrery.http.files.routes import file_authenticators, file_routes
from orrery.http.watching import RunWatching
from orrery.inference.types import LLMCall, LLMDelta
from orrery.security.encryption import Vault
from orrery.settings.groups.mail import Mail
from orrery.settings.groups.plugins import Plugins
from orrery.settings.groups.upload import Upload
from orrery.storage.local import LocalStorage
from orrery.workflow.registry import BUILT_IN, NodeRegistry
from orrery.workflow.testing import ScriptedCode, ScriptedModels
from orrery.workspaces.members.names import AccountNames

OUTSIDE_KINDS = {"llm": {"1": "orrery.workflow.nodes.llm:LlmNode"}}


async def _no_model(workspace_id: str) -> None:
    """A workspace without a default model."""


class NoNetwork:
    """No node of these tests goes out."""

    async def request(self, *args: object, **named: object) -> Any:
        raise AssertionError("a test went out")


class HeldModels(ScriptedModels):
    """Scripted models that wait while they are held. ``asked`` is set by the first call."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self._free = asyncio.Event()
        self._free.set()

    def hold(self) -> None:
        self._free.clear()

    def let_go(self) -> None:
        self._free.set()

    async def stream(self, call: LLMCall) -> AsyncIterator[LLMDelta]:
        self.asked.set()
        await self._free.wait()
        async for delta in super().stream(call):
            yield delta


class Snippets(ScriptedCode):
    """Snippets give what ``main`` makes of their source and inputs."""

    def __init__(self) -> None:
        super().__init__(self._call)
        self.main: Callable[[str, Mapping[str, Any]], dict[str, object]] = lambda _source, _inputs: {}

    def _call(self, source: str, inputs: Mapping[str, object]) -> dict[str, object]:
        return self.main(source, inputs)


class World:
    """The running console, with what makes apps and published runs."""

    def __init__(self, people: People, folder: Path, display: DisplayLimits | None = None) -> None:
        display = display or DisplayLimits()
        self.people = people
        database = people.database
        self.database = database
        vault = Vault(secret_key=SECRET_KEY)
        storage = LocalStorage(folder)
        files = Files.build(
            FileNeeds(
                database=database,
                storage=storage,
                http=GuardedHttpClient(operator_policy(allow_private=False)),
                upload=Upload(),
                secret_key=SECRET_KEY,
                base="http://files.test",
                storage_type="local",
            )
        )
        self.uploads = files.uploads
        versions = VersionCache(NodeRegistry(BUILT_IN).extended(OUTSIDE_KINDS), vault)
        self.models = HeldModels()
        self.code = Snippets()
        self.group = GroupCommit(database, statements.ORDER)
        outside = Outside(
            database=database,
            models=lambda _workspace: self.models,
            code=self.code,
            http=NoNetwork(),
            files=files.for_run,
        )
        inspector = Inspector.build(database, storage, files.values, display, storage_type="local")
        self.runs = RunService(
            database=database,
            group=self.group,
            outside=outside,
            files=files.values,
            policy=RunPolicy(display=display),
            cache=people.cache,
            owner="here",
            memory=inspector.keeper,
        )
        access = AppAccess(database)
        self.apps = AppService(database, access)
        self.workflows = WorkflowService(database, vault, access)
        self.published = PublishedVersions(database, versions)
        self.end_users = EndUsers(database)
        records = RunRecords(database)
        parts = RunParts(
            database=database,
            apps=self.apps,
            published=self.published,
            runs=self.runs,
            records=records,
            watching=RunWatching(self.runs, records, Idempotency(database, self.runs)),
            names=AccountNames(database),
            links=files.links,
            steps=SingleSteps(database, versions, outside, files.values, RunPolicy(), inspector.keeper),
            drafts=inspector.drafts,
            reruns=Reruns(database, versions),
            workflows=self.workflows,
            display=display,
            suggestions=Suggestions(database, DefaultModel(outside.models, _no_model)),
        )
        choices = Choices()
        settings = PeopleSettings(
            accounts=choices.accounts,
            security=choices.security,
            urls=choices.urls,
            mail=Mail(),
            plugins=Plugins(),
            version="1.2.3",
        )
        conversion = ConversionRoutes(Conversion(database, Keeping(vault)))
        groups = [*people_routes(people.workspaces, settings), *run_routes(parts), conversion]
        people.app = asgi_app(
            [*((PREFIX, group) for group in groups), *(("/files", group) for group in file_routes(files, records))],
            {**people_authenticators(people.workspaces, settings), **file_authenticators(files)},
        )

    async def actor(self, client: httpx.AsyncClient) -> Actor:
        """Who a browser is signed in as."""
        profile = (await client.get("/account/profile")).json()
        workspace = (await client.post("/workspaces/current")).json()
        return Actor(workspace["id"], profile["id"])

    async def new_app(
        self,
        client: httpx.AsyncClient,
        mode: str,
        graph: Mapping[str, object] | None = None,
        *,
        conversation_variables: Sequence[dict[str, Any]] = (),
        features: Mapping[str, object] | None = None,
    ) -> str:
        """An app of the browser's workspace; with ``graph`` as its draft and its published version."""
        who = await self.actor(client)
        app_id = (await self.apps.create(who, AppDraft(name=f"A {mode}", mode=mode))).app.id
        if graph is not None:
            content = GraphContent(
                graph=graph,
                features=features or {},
                environment_variables=[],
                conversation_variables=list(conversation_variables),
            )
            await self.workflows.save_draft(who, app_id, content, None)
            await self.workflows.publish(who, app_id, name="", comment="")
        return app_id

    async def save_draft(
        self,
        client: httpx.AsyncClient,
        app_id: str,
        graph: Mapping[str, object],
        *,
        environment_variables: Sequence[dict[str, Any]] | None = None,
        conversation_variables: Sequence[dict[str, Any]] | None = None,
    ) -> None:
        """Changes the draft only."""
        content = GraphContent(
            graph=graph,
            features={},
            environment_variables=environment_variables,
            conversation_variables=conversation_variables,
        )
        await self.workflows.save_draft(await self.actor(client), app_id, content, None)

    async def forget_executions(self, app_id: str) -> None:
        """Takes away what is known of the app's node executions, as retention does."""
        async with self.database.write() as session:
            await session.execute(delete(NodeExecution).where(NodeExecution.app_id == app_id))

    async def save_config(self, client: httpx.AsyncClient, app_id: str, configs: Mapping[str, object]) -> None:
        """Saves and publishes a basic app's configuration."""
        await self.apps.save_config(await self.actor(client), app_id, configs)

    async def upload(self, client: httpx.AsyncClient, name: str, content: bytes) -> str:
        """A file of the browser's account: its id."""
        who = await self.actor(client)

        async def pieces() -> AsyncIterator[bytes]:
            yield content

        owner = RunUser("account", who.account_id, who.account_id)
        new = NewFile(filename=name, mime_type="image/png")
        return (await self.uploads.add(who.workspace_id, owner, new, pieces())).id

    async def messages(self, app_id: str) -> list[Message]:
        """The app's messages, oldest first."""
        async with self.database.read() as session:
            return list(await session.scalars(select(Message).where(Message.app_id == app_id).order_by(Message.id)))

    async def run_published(
        self,
        client: httpx.AsyncClient,
        app_id: str,
        *,
        user: str = "ann",
        inputs: Mapping[str, object] | None = None,
        query: str | None = None,
        invoke_from: InvokeFrom = "service-api",
        conversation_id: str | None = None,
    ) -> LiveRun:
        """A finished run of the published version, for an end user."""
        who = await self.actor(client)
        app = (await self.apps.get(who.workspace_id, app_id)).app
        found = await self.end_users.resolve(who.workspace_id, app_id, user, "service-api")
        turn = None
        if query is not None:
            turn = TurnRequest(query=query, conversation_id=conversation_id, auto_generate_name=False)
        request = RunRequest(
            app=AppRef(workspace_id=who.workspace_id, app_id=app_id, mode=app.mode),
            version=await self.published.of(record_of(app)),
            user=RunUser("end_user", found.id, found.session_id),
            invoke_from=invoke_from,
            inputs=inputs or {},
            streaming=False,
            turn=turn,
        )
        live = await self.runs.start(request)
        await live.outcome
        return live

    async def start_debug_run(self, client: httpx.AsyncClient, app_id: str, **inputs: object) -> LiveRun:
        """A debug run of a workflow's draft, under way."""
        who = await self.actor(client)
        request = RunRequest(
            app=AppRef(workspace_id=who.workspace_id, app_id=app_id, mode="workflow"),
            version=await self.published.draft(who.workspace_id, app_id),
            user=RunUser("account", who.account_id, who.account_id),
            invoke_from="debugger",
            inputs=inputs,
        )
        return await self.runs.start(request)

    async def conversation_values(self, conversation_id: str) -> dict[str, object]:
        """The conversation's variables by name."""
        async with self.database.read() as session:
            held = await stored_variables(session, conversation_id)
        return {str(item["name"]): item["value"] for item in held.values()}

    async def close(self) -> None:
        await self.runs.close(1.0)
        await self.group.close()


def record_of(app: App) -> AppRecord:
    """The app as callers of its published version hold it."""
    return AppRecord(
        app_id=app.id,
        workspace_id=app.tenant_id,
        name=app.name,
        description=app.description,
        mode=app.mode,
        status=app.status,
        enable_api=True,
        enable_site=True,
        workflow_id=app.workflow_id,
        config_id=app.app_model_config_id,
        max_active_requests=None,
        created_by=app.created_by,
        workspace_status="normal",
    )
