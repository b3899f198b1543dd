"""The whole product in process with two workspaces; the first can call a scripted model vendor, and jobs are done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from starlette.requests import Request
from tests.support.app import ORIGIN, browser
from tests.support.model_server import ModelServer

from orrery.apps.catalog.service import Actor
from orrery.http.app import HttpFace, OrreryApp
from orrery.http.call import ConsoleCaller
from orrery.http.cors import CorsPolicy
from orrery.http.files.routes import file_authenticators
from orrery.http.router import Router
from orrery.http.service.knowledge.routes import knowledge_authenticators
from orrery.wiring import settings_of
from orrery.wiring.faces import route_table
from orrery.wiring.process import Process
from orrery.workspaces.accounts.tables import Account
from orrery.workspaces.audit.service import Actor as Auditor
from orrery.workspaces.members.tables import Membership, Workspace

PROVIDER = "langgenius/openai/openai"
MODEL = "text-embedding-3-small"


class Somebody:
    """A member of a workspace, in the console."""

    def __init__(self, workspace_id: str, account_id: str, role: str) -> None:
        self.workspace_id = workspace_id
        self.account_id = account_id
        self.role = role


class Place:
    """``home`` and ``other`` are owners of workspaces; who calls the console is whoever the test says."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.product = process.product
        self.app = OrreryApp(
            Router(route_table(process.settings, process.product, process.operators())),
            {
                "console": self._caller,
                **knowledge_authenticators(self.product.knowledge.keys),
                **file_authenticators(self.product.files),
            },
            CorsPolicy([ORIGIN], ["*"]),
            HttpFace(version="0.0.0", environment="TESTING"),
        )
        self.home: Somebody
        self.other: Somebody
        self._people: dict[str, Somebody] = {}
        self._keys: dict[str, str] = {}
        self._open: list[httpx.AsyncClient] = []

    async def settle(self, models: str) -> None:
        """Makes the workspaces, and gives the first one a vendor of models."""
        self.home = await self._workspace("Ada")
        self.other = await self._workspace("Eve")
        await self.product.workspaces.provider_credentials.add(
            Auditor(workspace_id=self.home.workspace_id, account_id=self.home.account_id),
            PROVIDER,
            {"openai_api_key": "a key of the scripted vendor", "openai_api_base": models},
            None,
        )

    async def _workspace(self, owner: str) -> Somebody:
        async with self.process.database.write() as session:
            workspace = Workspace(name=f"{owner}'s")
            session.add(workspace)
        return await self.member(workspace.id, owner, "owner")

    async def member(self, workspace_id: str, name: str, role: str) -> Somebody:
        """Somebody new."""
        async with self.process.database.write() as session:
            account = Account(name=name, email=f"{name.lower()}@example.com")
            session.add(account)
            await session.flush()
            session.add(Membership(tenant_id=workspace_id, account_id=account.id, role=role))
        found = self._people[account.id] = Somebody(workspace_id, account.id, role)
        return found

    async def _caller(self, request: Request, endpoint: Any, path: Any) -> ConsoleCaller:
        who = self._people[request.headers["x-test-account"]]
        return ConsoleCaller(
            account_id=who.account_id, account_name="", email="", workspace_id=who.workspace_id, role=who.role
        )

    async def service(self, who: Somebody | None = None) -> httpx.AsyncClient:
        """A program with a knowledge key of the workspace."""
        owner = who or self.home
        if owner.workspace_id not in self._keys:
            key = await self.product.knowledge.keys.add(Actor(owner.workspace_id, owner.account_id))
            self._keys[owner.workspace_id] = key.token
        return self._client("/v1", Authorization=f"Bearer {self._keys[owner.workspace_id]}")

    def console(self, who: Somebody | None = None) -> httpx.AsyncClient:
        """A member's browser."""
        return self._client("/console/api", **{"x-test-account": (who or self.home).account_id})

    def _client(self, path: str, **headers: str) -> httpx.AsyncClient:
        client = browser(self.app, headers=headers)
        client.base_url = httpx.URL(str(client.base_url) + path)
        self._open.append(client)
        return client

    async def close(self) -> None:
        for client in self._open:
            await client.aclose()


@asynccontextmanager
async def open_place(home: Path) -> AsyncGenerator[Place]:
    """The product, started: documents are indexed in the background."""
    process = Process(settings_of({}, home=home))
    async with ModelServer() as models:
        try:
            await process.start()
            place = Place(process)
            await place.settle(models.url + "/v1")
            try:
                yield place
            finally:
                await place.close()
        finally:
            await process.close()


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, code and message of a refusal."""
    body = answer.json()
    assert body["status"] == answer.status_code, body
    return answer.status_code, body["code"], body["message"]


async def made(client: httpx.AsyncClient, name: str, **more: Any) -> dict[str, Any]:
    """A new dataset."""
    answer = await client.post("/datasets", json={"name": name, **more})
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


async def added(client: httpx.AsyncClient, dataset_id: str, name: str, text: str, **more: Any) -> dict[str, Any]:
    """A document of a text, indexed."""
    body = {"name": name, "text": text, **more}
    answer = await client.post(f"/datasets/{dataset_id}/document/create-by-text", json=body)
    assert answer.status_code == 200, answer.text
    return await finished(client, dataset_id, answer.json()["batch"])


async def finished(client: httpx.AsyncClient, dataset_id: str, batch: str, status: str = "completed") -> dict[str, Any]:
    """The progress of the batch's one document, once it has come to its end."""
    async with asyncio.timeout(60):
        while True:
            answer = await client.get(f"/datasets/{dataset_id}/documents/{batch}/indexing-status")
            assert answer.status_code == 200, answer.text
            (progress,) = answer.json()["data"]
            if progress["indexing_status"] in {"completed", "error"}:
                assert progress["indexing_status"] == status, progress
                return progress
            await asyncio.sleep(0.02)
