"""Apps that really run behind the Service API, the pages and the links; models are scripted, the rest is real."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from sqlalchemy import select
from tests.support.app import asgi_app, browser, new_database
from tests.support.clock import MovableClock

from orrery.apps.catalog.access import AppAccess
from orrery.apps.catalog.service import Actor, AppDraft, AppService
from orrery.apps.conversations.end_users import EndUsers
from orrery.apps.conversations.parts import Talk, TalkNeeds
from orrery.apps.conversations.tables import Message
from orrery.apps.files.parts import FileNeeds, Files
from orrery.apps.files.text_preview import TextPreviews
from orrery.apps.moderation.choosing import Moderators
from orrery.apps.runs import statements
from orrery.apps.runs.idempotency import Idempotency
from orrery.apps.runs.limits import RunPolicy
from orrery.apps.runs.outside import Outside
from orrery.apps.runs.published import PublishedVersions
from orrery.apps.runs.records import RunRecords
from orrery.apps.runs.service import RunService
from orrery.apps.runs.spec import RunSpec
from orrery.apps.runs.versions import VersionCache
from orrery.apps.speech.voices import Voices
from orrery.apps.workflows.service import GraphContent, WorkflowService
from orrery.cache.memory import MemoryCache
from orrery.database import Database
from orrery.database.group_commit import GroupCommit
from orrery.egress import GuardedHttpClient, operator_policy
from orrery.http.app import Authenticator
from orrery.http.call import ConsoleCaller
from orrery.http.console.features import FeatureRoutes
from orrery.http.console.files import ConsoleFileRoutes
from orrery.http.files.routes import file_authenticators, file_routes
from orrery.http.service.routes import AppFaces, service_authenticators, service_routes
from orrery.http.watching import RunWatching
from orrery.http.web.routes import web_authenticators, web_routes
from orrery.inference.types import LLMCall, LLMDelta, ModelRef
from orrery.retrieval.extraction.in_thread import extract_in_thread
from orrery.security.encryption import Vault
from orrery.security.tokens import Tokens
from orrery.settings.groups.accounts import Accounts
from orrery.settings.groups.mail import Mail
from orrery.settings.groups.plugins import Plugins
from orrery.settings.groups.upload import Upload
from orrery.storage.local import LocalStorage
from orrery.workflow.registry import BUILT_IN, NodeRegistry
from orrery.workflow.testing import ScriptedCode, ScriptedModels
from orrery.workspaces.accounts.tables import Account
from orrery.workspaces.members.names import AccountNames
from orrery.workspaces.members.tables import Workspace

SECRET = "a key for tests only, of no use anywhere else"
MODEL = {"provider": "p", "name": "m", "mode": "chat", "completion_params": {}}


def node(node_id: str, kind: str, **data: Any) -> dict[str, Any]:
    return {"id": node_id, "type": "custom", "data": {"type": kind, "title": node_id, **data}}


def chain(*nodes: dict[str, Any]) -> dict[str, Any]:
    ids = [one["id"] for one in nodes]
    edges = [{"id": f"{a}-{b}", "source": a, "sourceHandle": "source", "target": b} for a, b in itertools.pairwise(ids)]
    return {"nodes": list(nodes), "edges": edges}


def workflow(*variables: dict[str, Any]) -> dict[str, Any]:
    """Gives back its first variable as ``out``."""
    fields = variables or ({"variable": "name", "label": "Name", "type": "text-input", "required": False},)
    outputs = [{"variable": "out", "value_selector": ["start", fields[0]["variable"]]}]
    return chain(node("start", "start", variables=list(fields)), node("end", "end", outputs=outputs))


def chatflow(text: str = "You said {{#sys.query#}}") -> dict[str, Any]:
    return chain(node("start", "start", variables=[]), node("answer", "answer", answer=text))


def config(**more: Any) -> dict[str, Any]:
    """The configuration of a chat or completion app."""
    return {"model": MODEL, "pre_prompt": "", "prompt_type": "simple", "user_input_form": [], **more}


class Helper(ScriptedModels):
    """Models of which the default one, which names and suggests, says ``says``, once ``meanwhile`` is done."""

    def __init__(self) -> None:
        super().__init__("This is an answer")
        self.says = "A fine title"
        self.fails: Exception | None = None
        self.meanwhile: Callable[[], Awaitable[object]] | None = None
        self.asked: list[LLMCall] = []

    async def stream(self, call: LLMCall) -> AsyncIterator[LLMDelta]:
        if call.model.name != "default":
            async for delta in super().stream(call):
                yield delta
            return
        self.asked.append(call)
        if self.fails is not None:
            raise self.fails
        if self.meanwhile is not None:
            await self.meanwhile()
        yield LLMDelta(text=self.says)


class Judge:
    """A moderation model that flags what holds ``bad``."""

    def __init__(self) -> None:
        self.bad = "awful"
        self.fails: Exception | None = None
        self.read: list[str] = []

    async def moderate(self, model: ModelRef, text: str) -> bool:
        self.read.append(text)
        if self.fails is not None:
            raise self.fails
        return self.bad in text


class Speaker:
    """A model that speaks."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.fails: Exception | None = None

    async def speak(self, model: ModelRef, text: str, *, voice: str) -> bytes:
        self.asked.append((model.name, voice, text))
        if self.fails is not None:
            raise self.fails
        return f"<{text}>".encode()


class Made(msgspec.Struct, frozen=True):
    """An app with what its callers hold."""

    id: str
    key: str
    code: str


def _as_written(source: str, _: Mapping[str, object]) -> dict[str, object]:
    """A snippet's source is its result, as JSON."""
    return json.loads(source) if source else {}


class World:
    """The running faces."""

    def __init__(self, database: Database, folder: Path, http: GuardedHttpClient) -> None:
        self.database = database
        self.clock = MovableClock()
        self.models = Helper()
        self.judge = Judge()
        self.speaker = Speaker()
        self.storage = LocalStorage(folder / "files")
        self.tokens = Tokens(SECRET, issuer="SELF_HOSTED", clock=self.clock.seconds)
        upload = Upload(document_mb=1)
        self.files = Files.build(
            FileNeeds(
                database=database,
                storage=self.storage,
                http=http,
                upload=upload,
                secret_key=SECRET,
                base="",
                storage_type="local",
                clock=self.clock.seconds,
            )
        )

        async def choose(workspace_id: str) -> ModelRef | None:
            return ModelRef("p", "default")

        async def choose_voice(workspace_id: str) -> ModelRef | None:
            return ModelRef("p", "voice", "tts")

        self.talk = Talk.build(
            TalkNeeds(database=database, links=self.files.links, models=lambda _: self.models, choose_model=choose)
        )
        vault = Vault(secret_key=SECRET)
        outside = Outside(
            database=database,
            models=lambda _: self.models,
            code=ScriptedCode(_as_written),
            http=http,
            files=self.files.for_run,
        )
        cache = MemoryCache()
        self.runs = RunService(
            database=database,
            group=GroupCommit(database, statements.ORDER),
            outside=outside,
            files=self.files.values,
            policy=RunPolicy(),
            cache=cache,
            owner="here",
            moderators=Moderators(lambda _: self.judge),
            voices=Voices(lambda _: self.speaker, choose_voice),
        )
        self.access = AppAccess(database)
        self.apps = AppService(database, self.access)
        self.workflows = WorkflowService(database, vault, self.access)
        self.end_users = EndUsers(database)
        self.records = RunRecords(database)
        parts = AppFaces(
            access=self.access,
            apps=self.apps,
            end_users=self.end_users,
            files=self.files,
            names=AccountNames(database),
            published=PublishedVersions(database, VersionCache(NodeRegistry(BUILT_IN), vault)),
            records=self.records,
            runs=self.runs,
            talk=self.talk,
            upload=upload,
            watching=RunWatching(self.runs, self.records, Idempotency(database, self.runs)),
        )
        features = FeatureRoutes(accounts=Accounts(), mail=Mail(), plugins=Plugins(), version="1.2.3")
        previews = TextPreviews(self.files.uploads, self.files.downloads, extract_in_thread)
        groups = [
            *(("/v1", group) for group in service_routes(parts)),
            *(("/api", group) for group in web_routes(parts, self.tokens, features)),
            *(("/files", group) for group in file_routes(self.files, self.records)),
            ("/console/api", ConsoleFileRoutes(self.files, previews, upload)),
        ]
        authenticators: dict[str, Authenticator] = {
            "public": _anybody,
            "console": self._account,
            **service_authenticators(self.access),
            **web_authenticators(self.access, self.end_users, self.tokens),
            **file_authenticators(self.files),
        }
        self.app = asgi_app(groups, authenticators)
        self.editor = ""
        self.home = ""
        self.other = ""
        self._open: list[httpx.AsyncClient] = []

    async def settle(self) -> None:
        """Makes an account and two workspaces."""
        async with self.database.write() as session:
            rows = [Workspace(name="home"), Workspace(name="other")]
            editor = Account(name="Ada", email="ada@example.com")
            session.add_all([*rows, editor])
        self.home, self.other = (row.id for row in rows)
        self.editor = editor.id

    async def _account(self, request: Any, endpoint: Any, path: Any) -> ConsoleCaller:
        workspace = request.headers.get("x-test-workspace", self.home)
        return ConsoleCaller(
            account_id=self.editor, account_name="Ada", email="ada@example.com", workspace_id=workspace, role="owner"
        )

    async def new_app(
        self,
        mode: str,
        graph: Mapping[str, object] | None = None,
        *,
        features: Mapping[str, object] | None = None,
        configs: Mapping[str, object] | None = None,
        variables: list[Any] | None = None,
        workspace: str = "",
    ) -> Made:
        """A published app with a key and a page."""
        who = Actor(workspace or self.home, self.editor)
        view = await self.apps.create(who, AppDraft(name=f"A {mode}", mode=mode, description="For tests"))
        if graph is not None:
            content = GraphContent(
                graph=graph,
                features=features or {},
                environment_variables=[],
                conversation_variables=variables or [],
            )
            await self.workflows.save_draft(who, view.app.id, content, None)
            await self.workflows.publish(who, view.app.id, name="", comment="")
        if configs is not None:
            await self.apps.save_config(who, view.app.id, configs)
        key = await self.apps.add_key(who, view.app.id)
        assert view.site is not None
        return Made(view.app.id, key.token, view.site.code)

    async def spec_of(self, app: Made, message_id: str) -> RunSpec:
        """The specification of the run that answered a message."""
        async with self.database.read() as session:
            run_id = await session.scalar(select(Message.run_id).where(Message.id == message_id))
        row = await self.records.find(app.id, run_id or "")
        assert row is not None
        return msgspec.convert(row.request, RunSpec)

    def client(self, path: str, **headers: str) -> httpx.AsyncClient:
        client = browser(self.app, headers=headers)
        client.base_url = httpx.URL(str(client.base_url) + path)
        self._open.append(client)
        return client

    def service(self, app: Made) -> httpx.AsyncClient:
        """A program with the app's key."""
        return self.client("/v1", Authorization=f"Bearer {app.key}")

    async def page(self, app: Made, user_id: str | None = None) -> httpx.AsyncClient:
        """A visitor of the app's page."""
        client = self.client("/api", **{"X-App-Code": app.code})
        answer = await client.get("/passport", params={"user_id": user_id} if user_id else {})
        assert answer.status_code == 200, answer.text
        client.headers["X-App-Passport"] = answer.json()["access_token"]
        return client

    def console(self, workspace: str = "") -> httpx.AsyncClient:
        """A signed-in editor."""
        return self.client("/console/api", **{"x-test-workspace": workspace or self.home})

    async def close(self) -> None:
        for client in self._open:
            await client.aclose()
        await self.talk.naming.close()
        await self.runs.close(1)


async def _anybody(request: Any, endpoint: Any, path: Any) -> None:
    return None


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    async with new_database(folder) as database, GuardedHttpClient(operator_policy(allow_private=True)) as http:
        made = World(database, folder, http)
        await made.settle()
        try:
            yield made
        finally:
            await made.close()


async def said(client: httpx.AsyncClient, query: str = "Hello", user: str = "ann", **more: Any) -> dict[str, Any]:
    """The answer to one blocking chat turn over the Service API."""
    answer = await client.post("/chat-messages", json={"inputs": {}, "query": query, "user": user, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def wrote(page: httpx.AsyncClient, query: str = "Hello", **more: Any) -> dict[str, Any]:
    """The same on a page."""
    answer = await page.post("/chat-messages", json={"inputs": {}, "query": query, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def frames(answer: httpx.Response) -> list[dict[str, Any]]:
    """The events of a streamed answer."""
    assert answer.status_code == 200, answer.text
    return [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal; its body has the contract's fields."""
    body = answer.json()
    assert body["status"] == answer.status_code and body["message"], body
    return answer.status_code, body["code"]
