"""The library on every database: the same rows, the same answers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.support.databases import BACKENDS, url_of
from tests.support.plugin_daemon import OTHER, DaemonClient, plugin_daemon
from tests.support.plugin_packages import model_files, texts, tool_files, zipped

from orrery.database import Database
from orrery.database.migrate import migrate
from orrery.schema import schema


@pytest.mark.parametrize("backend", BACKENDS)
async def test_a_plugins_life(backend: str, tmp_path: Path) -> None:
    url = url_of(backend, tmp_path)
    database = Database(url)
    await migrate(database, schema())
    await database.close()
    async with plugin_daemon(url, tmp_path) as daemon:
        old = await daemon.upload()
        new = await daemon.upload(zipped(tool_files({"version": "0.2.0", "description": texts("☀ \x85 𝄞")})))
        model = await daemon.upload(zipped(model_files()))
        # Many at once, of one plugin and of two workspaces: each has it once.
        other = DaemonClient(daemon.http, OTHER)
        await asyncio.gather(*(who.install(old) for who in [daemon, other] * 5))
        await daemon.install(model)
        assert set(await daemon.installed()) == {"ada/weather", "ada/thinker"}
        assert set(await other.installed()) == {"ada/weather"}
        body = {"original_plugin_unique_identifier": old, "new_plugin_unique_identifier": new, "source": "package"}
        answers = await asyncio.gather(*(daemon.post("install/upgrade", body) for _ in range(4)))
        assert sorted(answer["all_installed"] for answer in answers) == [False, True, True, True]
        upgraded = (await daemon.installed())["ada/weather"]
        assert (upgraded["version"], upgraded["declaration"]["description"]) == ("0.2.0", texts("☀ \x85 𝄞"))
        assert (await other.installed())["ada/weather"]["version"] == "0.1.2"
        assert [one["provider"] for one in await daemon.get("models", page=1, page_size=256)] == ["thinker"]
        assert (await daemon.get("fetch/readme", plugin_unique_identifier=old))["content"] == "# Weather ☀"
        failed = (await daemon.install("x/y:1.0.0@" + "a" * 64))["task_id"]
        assert await daemon.post(f"install/tasks/{failed}/delete/x/y:1.0.0@{'a' * 64}", {}) is True
        assert failed not in {task["id"] for task in await daemon.get("install/tasks", page=1, page_size=256)}
        await daemon.post("uninstall", {"plugin_installation_id": upgraded["id"]})
        assert set(await daemon.installed()) == {"ada/thinker"}
        assert set(await other.installed()) == {"ada/weather"}
    # Another process finds what this one left.
    async with plugin_daemon(url, tmp_path) as daemon:
        assert set(await daemon.installed()) == {"ada/thinker"}
        assert await daemon.upload() == old
