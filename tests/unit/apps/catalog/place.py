"""One workspace with the services of apps over a real database; time stands still until it is moved."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.support.app import new_database
from tests.support.clock import MovableClock

from orrery.apps.catalog.access import AppAccess
from orrery.apps.catalog.service import Actor, AppDraft, AppService
from orrery.apps.catalog.tags import TagService
from orrery.apps.dsl.service import DslService, ImportRequest, ImportResult
from orrery.apps.workflows.service import WorkflowService
from orrery.apps.workflows.variables import Keeping
from orrery.cache.memory import MemoryCache
from orrery.database import Database, new_id
from orrery.egress.protocol import HttpResponse
from orrery.inference.registry import ProviderRegistry
from orrery.security.encryption import Vault
from orrery.workspaces.members.tables import Workspace

SECRET_KEY = "a key for tests only, of no use anywhere else"
SMALL = 2000
"""Bytes that a variable's value may have here."""


class ScriptedHttp:
    """Answers by address; an exception is raised. ``asked`` are the addresses, in order."""

    def __init__(self) -> None:
        self.answers: dict[str, HttpResponse | Exception] = {}
        self.asked: list[str] = []

    def answer(self, url: str, content: bytes, status: int = 200) -> None:
        self.answers[url] = HttpResponse(status, [], content, url)

    async def request(self, method: str, url: str, **named: object) -> HttpResponse:
        assert method == "GET"
        assert named["follow_redirects"] is True
        self.asked.append(url)
        found = self.answers[url]
        if isinstance(found, Exception):
            raise found
        return found

    def stream(self, *args: object, **named: object) -> Any:
        raise AssertionError("nothing is streamed here")


class Place:
    """The services, and who uses them."""

    def __init__(self, database: Database, who: Actor) -> None:
        self.database = database
        self.who = who
        self.clock = MovableClock()
        self.cache = MemoryCache(clock=self.clock.monotonic)
        self.vault = Vault(secret_key=SECRET_KEY)
        self.http = ScriptedHttp()
        self.access = AppAccess(database, clock=self.clock.monotonic)
        self.apps = AppService(database, self.access)
        self.tags = TagService(database)
        self.workflows = WorkflowService(database, self.vault, self.access, max_variable_bytes=SMALL)
        self.dsl = DslService(
            database, Keeping(self.vault, SMALL), self.cache, self.http, is_built_in=ProviderRegistry().knows
        )

    async def elsewhere(self) -> Actor:
        """Somebody of another workspace."""
        return await add_workspace(self.database)

    async def new_app(self, mode: str = "workflow", who: Actor | None = None, **more: Any) -> str:
        draft = AppDraft(name=str(more.pop("name", "An app")), mode=mode, **more)
        return (await self.apps.create(who or self.who, draft)).app.id

    async def imported(self, text: str, **more: Any) -> ImportResult:
        return await self.dsl.import_app(self.who, ImportRequest(mode="yaml-content", yaml_content=text, **more))

    async def exported(self, app_id: str, **more: Any) -> str:
        known: dict[str, Any] = {"include_secret": False, **more}
        return await self.dsl.export(self.who, app_id, **known)


async def add_workspace(database: Database) -> Actor:
    workspace_id = new_id()
    async with database.write() as session:
        session.add(Workspace(id=workspace_id, name="A workspace", plan="basic"))
    return Actor(workspace_id, new_id())


@asynccontextmanager
async def place(folder: Path) -> AsyncGenerator[Place]:
    async with new_database(folder) as database:
        yield Place(database, await add_workspace(database))


def drawn(*nodes: Mapping[str, object], edges: Sequence[Mapping[str, object]] = ()) -> dict[str, Any]:
    return {"nodes": list(nodes), "edges": list(edges), "viewport": {"x": 0, "y": 0, "zoom": 1}}


def node(node_id: str, kind: str, **data: object) -> dict[str, Any]:
    return {"id": node_id, "type": "custom", "data": {"type": kind, "title": node_id, **data}}
