"""The daemon while its database is away: alive, not ready, and clear about it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
from tests.support.plugin_daemon import KEY, MOST_BYTES, WORKSPACE, fault_of
from tests.support.plugin_packages import tool_files, zipped
from tests.support.ports import free_port

from orrery.database import Database
from orrery.plugins.daemon.inner import ManagedPlugins
from orrery.plugins.daemon.opening import DatabaseOpening
from orrery.plugins.daemon.service import DaemonService
from orrery.plugins.errors import PluginError
from orrery.plugins.library.objects import PluginObjects
from orrery.plugins.package.decoding import Policy
from orrery.storage.local import LocalStorage

MANAGEMENT = f"/plugin/{WORKSPACE}/management/"
POLICY = Policy(most_bytes=MOST_BYTES, signed_only=False)
INTERNAL = "PluginDaemonInternalServerError"


def away() -> Database:
    """A server that nobody listens for."""
    return Database(f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/none")


def objects(folder: Path) -> PluginObjects:
    return PluginObjects(LocalStorage(folder), packages="packages", assets="assets")


def client(service: DaemonService) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(service), base_url="http://daemon", headers={"X-Api-Key": KEY}
    )


async def test_it_waits_for_a_database_that_is_not_there(tmp_path: Path) -> None:
    opening = DatabaseOpening(away, objects(tmp_path), POLICY, pause=0.01)
    service = DaemonService(opening, key=KEY, version="1")
    opening.start()
    try:
        async with client(service) as http, asyncio.timeout(60):
            while "Waiting for the database" not in (await http.get("/ready/check")).text:
                await asyncio.sleep(0.01)
            assert (await http.get("/health/check")).json()["status"] == "ok"
            assert fault_of(await http.get("/ready/check"))[:3] == (503, -500, INTERNAL)
            assert fault_of(await http.get(MANAGEMENT + "list?page=1&page_size=1"))[:3] == (200, -500, INTERNAL)
    finally:
        await opening.close()


class _Opened(DatabaseOpening):
    """One whose database was there, and went."""

    def __init__(self, database: Database, kept: PluginObjects) -> None:
        super().__init__(lambda: database, kept, POLICY)
        self._database = database
        self._inner = ManagedPlugins(database, kept, POLICY)


async def test_a_database_that_went_is_no_fault_of_the_request(tmp_path: Path) -> None:
    opening = _Opened(away(), objects(tmp_path))
    service = DaemonService(opening, key=KEY, version="1")
    try:
        async with client(service) as http:
            files = {"dify_pkg": ("a", zipped(tool_files()))}
            for answer in (
                await http.get(MANAGEMENT + "list?page=1&page_size=1"),
                await http.post(MANAGEMENT + "install/upload/package", files=files),
            ):
                assert fault_of(answer) == (200, -500, INTERNAL, "The database can't be used. Please try again later.")
            assert fault_of(await http.get("/ready/check"))[0] == 503
            assert (await http.get("/health/check")).status_code == 200
    finally:
        await opening.close()


class _Broken(DatabaseOpening):
    def explained(self, error: Exception) -> PluginError | None:
        return None


async def test_a_fault_of_our_own_is_a_500_without_its_words(tmp_path: Path) -> None:
    database = away()
    opening = _Broken(lambda: database, objects(tmp_path), POLICY)
    opening._database, opening._inner = database, ManagedPlugins(database, objects(tmp_path), POLICY)
    service = DaemonService(opening, key=KEY, version="1")
    try:
        async with client(service) as http:
            answer = await http.get(MANAGEMENT + "list?page=1&page_size=1")
            assert fault_of(answer) == (500, -500, INTERNAL, "The plugin daemon failed; its log says why.")
            assert "127.0.0.1" not in answer.text
    finally:
        await opening.close()
