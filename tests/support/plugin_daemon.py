"""The plugin daemon's service in this process, on a real database and a real folder, called over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from sqlalchemy import text
from tests.support.plugin_packages import tool_files, zipped

from orrery.database import Database
from orrery.database.migrate import HEAD
from orrery.plugins.daemon.opening import DatabaseOpening
from orrery.plugins.daemon.service import DaemonService, Unready
from orrery.plugins.library.objects import PluginObjects
from orrery.plugins.package.decoding import Policy
from orrery.plugins.package.signature import Key
from orrery.storage.local import LocalStorage

KEY = "the-daemons-own-key-of-32-letters"
WORKSPACE = "0b9bd3c2-6e5a-4c0e-8d6a-000000000001"
OTHER = "0b9bd3c2-6e5a-4c0e-8d6a-000000000002"
MOST_BYTES = 1 << 20


class DaemonClient:
    """Speaks to the daemon as the product does, for one workspace."""

    def __init__(self, http: httpx.AsyncClient, workspace: str = WORKSPACE) -> None:
        self.http, self.workspace = http, workspace
        self.base = f"/plugin/{workspace}/management/"

    async def get(self, path: str, **query: object) -> Any:
        """The ``data`` of a success."""
        return data_of(await self.http.get(self.base + path, params={k: str(v) for k, v in query.items()}))

    async def post(self, path: str, body: object) -> Any:
        """The ``data`` of a success."""
        return data_of(await self.http.post(self.base + path, json=body))

    async def send(self, content: bytes, **fields: str) -> httpx.Response:
        """Uploads a package."""
        return await self.http.post(
            self.base + "install/upload/package", files={"dify_pkg": ("a.difypkg", content)}, data=fields
        )

    async def upload(self, content: bytes | None = None) -> str:
        """Uploads a package that is fine, by default that of a tool; its identifier."""
        sent = await self.send(zipped(tool_files()) if content is None else content)
        identifier: str = data_of(sent)["unique_identifier"]
        return identifier

    async def install(self, *identifiers: str, source: str = "package") -> dict[str, Any]:
        """Installs packages that are there; what the daemon answers."""
        body = {"plugin_unique_identifiers": identifiers, "source": source, "metas": [{} for _ in identifiers]}
        started: dict[str, Any] = await self.post("install/identifiers", body)
        return started

    async def installed(self) -> dict[str, dict[str, Any]]:
        """The workspace's plugins by id."""
        found = await self.get("list", page=1, page_size=256)
        assert found["total"] == len(found["list"])
        return {one["plugin_id"]: one for one in found["list"]}


def data_of(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["code"], body["message"]) == (0, "success"), body
    assert body["data"] is not None
    return body["data"]


def fault_of(answer: httpx.Response) -> tuple[int, int, str, str]:
    """HTTP status, code, type and message of an error."""
    body = msgspec.json.decode(answer.text.removeprefix("data: "))
    assert set(body) == {"code", "message", "data"}
    assert body["data"] is None
    inner = msgspec.json.decode(body["message"])
    assert set(inner) == {"message", "error_type", "args"}
    return answer.status_code, body["code"], inner["error_type"], inner["message"]


async def mark_current(database: Database) -> None:
    """Says of a database that was made from the tables that it has this version's schema, as a migration does."""
    async with database.connection() as connection:
        await connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        await connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


@asynccontextmanager
async def plugin_daemon(
    url: str, folder: Path, *, signed_only: bool = False, keys: Sequence[Key] = ()
) -> AsyncGenerator[DaemonClient]:
    """The service on the database of ``url``, which has its schema; ready when the block begins."""
    policy = Policy(most_bytes=MOST_BYTES, signed_only=signed_only, keys=keys)
    objects = PluginObjects(LocalStorage(folder / "plugins"), packages="plugin_packages", assets="assets")
    opening = DatabaseOpening(lambda: Database(url), objects, policy, pause=0.01)
    service = DaemonService(opening, key=KEY, version="1.2.3")
    opening.start()
    try:
        async with asyncio.timeout(60):
            while not is_ready(opening):
                await asyncio.sleep(0.01)
        transport = httpx.ASGITransport(service, raise_app_exceptions=True)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://daemon", headers={"X-Api-Key": KEY}
        ) as client:
            yield DaemonClient(client)
    finally:
        await opening.close()


def is_ready(opening: DatabaseOpening) -> bool:
    try:
        opening.inner()
    except Unready:
        return False
    return True
