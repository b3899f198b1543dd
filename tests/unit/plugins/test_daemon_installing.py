"""Installing, upgrading, uninstalling over HTTP, and the lists of what a workspace has (plugins.md 3.4)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.app import new_database
from tests.support.plugin_daemon import (
    OTHER,
    WORKSPACE,
    DaemonClient,
    data_of,
    fault_of,
)
from tests.support.plugin_packages import model_files, strategy_files, tool_files, zipped

from orrery.plugins.errors import NOT_RUN, NothingFound
from orrery.plugins.library.installing import Installations, Wish
from orrery.plugins.library.library import identifier_of
from orrery.plugins.library.shown import Declarations
from orrery.plugins.library.tasks import TaskPlugin, values_of

BAD_REQUEST = "PluginDaemonBadRequestError"
NOT_HERE = "x/y:1.0.0@" + "a" * 64
NEWER = zipped(tool_files({"version": "0.2.0"}))


async def test_an_installation_is_a_task_that_says_what_it_did(daemon: DaemonClient) -> None:
    identifier = await daemon.upload()
    started = await daemon.install(identifier)
    assert started["all_installed"] is False
    task = await daemon.get(f"install/tasks/{started['task_id']}")
    assert set(task) == {
        "id", "created_at", "updated_at", "tenant_id", "status", "total_plugins", "completed_plugins", "plugins"
    }  # fmt: skip
    assert (task["status"], task["total_plugins"], task["completed_plugins"]) == ("success", 1, 1)
    [plugin] = task["plugins"]
    assert set(plugin) == {
        "plugin_unique_identifier", "plugin_id", "labels", "icon", "icon_dark", "status", "message", "source"
    }  # fmt: skip
    assert (plugin["status"], plugin["labels"], plugin["source"]) == ("success", {"en_US": "Weather"}, "package")
    assert plugin["message"] == f"Installed. {NOT_RUN}"
    assert await daemon.get("install/tasks", page=1, page_size=10) == [task]


async def test_an_installed_plugin_is_listed_whole(daemon: DaemonClient) -> None:
    identifier = await daemon.upload()
    await daemon.install(identifier, source="github")
    one = (await daemon.installed())["ada/weather"]
    assert set(one) == {
        "id", "name", "plugin_id", "tenant_id", "plugin_unique_identifier", "endpoints_active", "endpoints_setups",
        "installation_id", "declaration", "runtime_type", "version", "created_at", "updated_at", "source", "checksum",
        "meta",
    }  # fmt: skip
    assert (one["name"], one["version"], one["source"], one["runtime_type"]) == ("weather", "0.1.2", "github", "local")
    assert identifier == f"ada/weather:0.1.2@{one['checksum']}"
    assert one["tenant_id"] == WORKSPACE
    assert one["declaration"]["tool"]["tools"][0]["identity"]["name"] == "today"
    assert datetime.fromisoformat(one["created_at"]).tzinfo is not None


async def test_installing_again_has_nothing_to_do(daemon: DaemonClient) -> None:
    identifier = await daemon.upload()
    await daemon.install(identifier)
    assert await daemon.install(identifier) == {"all_installed": True, "task_id": ""}


async def test_what_can_not_be_installed_fails_alone(daemon: DaemonClient) -> None:
    identifier = await daemon.upload()
    started = await daemon.install(NOT_HERE, identifier)
    task = await daemon.get(f"install/tasks/{started['task_id']}")
    assert (task["status"], task["completed_plugins"], task["total_plugins"]) == ("failed", 1, 2)
    assert [plugin["status"] for plugin in task["plugins"]] == ["failed", "success"]
    assert task["plugins"][0]["message"] == f"the package {NOT_HERE} is not here: upload it first"
    assert set(await daemon.installed()) == {"ada/weather"}


async def test_another_version_is_an_upgrade(daemon: DaemonClient) -> None:
    old, new = await daemon.upload(), await daemon.upload(NEWER)
    await daemon.install(old)
    started = await daemon.install(new)
    task = await daemon.get(f"install/tasks/{started['task_id']}")
    assert task["status"] == "failed"
    assert task["plugins"][0]["message"] == f"{old} is installed already: upgrade it to 0.2.0 instead"
    body = {
        "original_plugin_unique_identifier": old, "new_plugin_unique_identifier": new, "source": "marketplace",
        "meta": {"plugin_unique_identifier": new},
    }  # fmt: skip
    before = (await daemon.installed())["ada/weather"]
    upgraded = await daemon.post("install/upgrade", body)
    assert (await daemon.get(f"install/tasks/{upgraded['task_id']}"))["status"] == "success"
    after = (await daemon.installed())["ada/weather"]
    assert (after["id"], after["version"], after["source"]) == (before["id"], "0.2.0", "marketplace")
    assert after["meta"] == {"plugin_unique_identifier": new}
    assert await daemon.post("install/upgrade", body) == {"all_installed": True, "task_id": ""}


async def test_upgrades_that_are_none(daemon: DaemonClient) -> None:
    old, new, other = await daemon.upload(), await daemon.upload(NEWER), await daemon.upload(zipped(model_files()))

    async def upgrade(first: str, second: str) -> tuple[int, int, str, str]:
        body = {"original_plugin_unique_identifier": first, "new_plugin_unique_identifier": second, "source": "package"}
        return fault_of(await daemon.http.post(daemon.base + "install/upgrade", json=body))

    assert (await upgrade(old, old))[1:3] == (-400, BAD_REQUEST)
    assert (await upgrade(old, other))[3] == "original and new plugin id are different"
    assert (await upgrade(old, new))[2:] == ("PluginNotFoundError", f"{old} is not installed")
    await daemon.install(old)
    gone = new.replace("0.2.0", "0.3.0")
    assert (await upgrade(old, gone))[2] == "PluginNotFoundError"
    assert (await daemon.installed())["ada/weather"]["version"] == "0.1.2"


async def test_uninstalling_is_done_once_or_twice(daemon: DaemonClient) -> None:
    identifier = await daemon.upload()
    await daemon.install(identifier)
    installation = (await daemon.installed())["ada/weather"]["installation_id"]
    for _ in range(2):
        assert await daemon.post("uninstall", {"plugin_installation_id": installation}) is True
        assert await daemon.installed() == {}
    assert await daemon.get("fetch/identifier", plugin_unique_identifier=identifier) is True


async def test_workspaces_do_not_see_one_another(daemon: DaemonClient) -> None:
    identifier = await daemon.upload()
    started = await daemon.install(identifier)
    other = DaemonClient(daemon.http, OTHER)
    assert await other.installed() == {}
    assert await other.get("install/tasks", page=1, page_size=10) == []
    assert fault_of(await other.http.get(other.base + f"install/tasks/{started['task_id']}"))[1] == -404
    for path in (f"install/tasks/{started['task_id']}/delete", "install/tasks/delete_all"):
        await other.post(path, {})
    installation = (await daemon.installed())["ada/weather"]["id"]
    await other.post("uninstall", {"plugin_installation_id": installation})
    assert len(await daemon.installed()) == 1
    assert len(await daemon.get("install/tasks", page=1, page_size=10)) == 1
    assert await other.get("tools", page=1, page_size=10) == []
    missing = await other.post("installation/missing", {"plugin_unique_identifiers": [identifier]})
    assert missing == [{"plugin_unique_identifier": identifier, "current_identifier": ""}]


async def test_many_at_once_install_it_once(daemon: DaemonClient) -> None:
    identifier = await daemon.upload()
    answers = await asyncio.gather(*(daemon.install(identifier) for _ in range(8)))
    assert len(await daemon.installed()) == 1
    assert any(not answer["all_installed"] for answer in answers)


async def test_tasks_are_deleted_whole_or_by_plugin(daemon: DaemonClient) -> None:
    identifier = await daemon.upload()
    first = (await daemon.install(identifier, NOT_HERE))["task_id"]
    assert await daemon.post(f"install/tasks/{first}/delete/{NOT_HERE}", {}) is True
    task = await daemon.get(f"install/tasks/{first}")
    assert (task["status"], task["total_plugins"]) == ("success", 1)
    assert await daemon.post(f"install/tasks/{first}/delete/{identifier}", {}) is True
    assert fault_of(await daemon.http.get(daemon.base + f"install/tasks/{first}"))[1] == -404
    for _ in range(2):
        await daemon.install(NOT_HERE)
    assert len(await daemon.get("install/tasks", page=1, page_size=10)) == 2
    newest = (await daemon.get("install/tasks", page=1, page_size=1))[0]["id"]
    assert await daemon.post(f"install/tasks/{newest}/delete", {}) is True
    assert await daemon.post("install/tasks/delete_all", {}) is True
    assert await daemon.get("install/tasks", page=1, page_size=10) == []


BODIES: list[tuple[str, object]] = [
    ("install/identifiers", {"plugin_unique_identifiers": ["a"], "source": "package"}),
    ("install/identifiers", {"plugin_unique_identifiers": [], "source": "package", "metas": []}),
    ("install/identifiers", {"plugin_unique_identifiers": [NOT_HERE] * 2, "source": "package", "metas": [{}, {}]}),
    ("install/identifiers", {"source": "package", "metas": []}),
    ("install/identifiers", {"plugin_unique_identifiers": [NOT_HERE] * 65, "source": "p", "metas": [{}] * 65}),
    ("install/identifiers", {"plugin_unique_identifiers": ["../x"], "source": "package", "metas": [{}]}),
    ("install/identifiers", {"plugin_unique_identifiers": [NOT_HERE], "source": "", "metas": [{}]}),
    ("install/upgrade", {}),
    ("uninstall", {}),
    ("uninstall", {"plugin_installation_id": ""}),
    ("installation/fetch/batch", {"plugin_ids": ["x"] * 257}),
    ("installation/missing", {"plugin_unique_identifiers": ["x"]}),
    ("tools/check_existence", {"provider_ids": [{"plugin_id": "x"}]}),
    ("install/tasks/x/delete/none", {}),
    ("uninstall", []),
]


async def test_bodies_that_do_not_fit_are_told(daemon: DaemonClient) -> None:
    for path, body in BODIES:
        status, code, _, message = fault_of(await daemon.http.post(daemon.base + path, json=body))
        assert (status, code) in {(400, -400), (200, -400)}, path
        assert message


async def test_pages_have_a_number_and_a_size(daemon: DaemonClient) -> None:
    wrong = ("", "page=1", "page=0&page_size=1", "page=1&page_size=257", "page=x&page_size=1", "page=1&page_size=-1")
    for path in ("list", "tools", "install/tasks", "tool/list"):
        for query in (*wrong, "page=99999999999999999999&page_size=1"):
            answer = await daemon.http.get(f"{daemon.base}{path}?{query}")
            assert fault_of(answer)[:3] == (400, -400, BAD_REQUEST), (path, query)


async def test_providers_are_listed_by_kind(daemon: DaemonClient) -> None:
    for files in (tool_files(), model_files(), strategy_files()):
        await daemon.install(await daemon.upload(zipped(files)))
    expected = {
        "tools": ("ada/weather", "weather"), "models": ("ada/thinker", "thinker"),
        "agent_strategies": ("ada/thoughts", "weather"),
    }  # fmt: skip
    for path, (plugin, provider) in expected.items():
        [one] = await daemon.get(path, page=1, page_size=256)
        keys = {
            "id", "created_at", "updated_at", "provider", "tenant_id", "plugin_unique_identifier", "plugin_id",
            "declaration",
        }  # fmt: skip
        assert set(one) == keys | ({"meta"} if path == "agent_strategies" else set())
        assert (one["plugin_id"], one["provider"], one["tenant_id"]) == (plugin, provider, WORKSPACE)
        assert await daemon.get(path, page=2, page_size=256) == []
    assert await daemon.get("datasources", page=1, page_size=256) == []
    assert await daemon.get("triggers", page=1, page_size=256) == []
    tool = await daemon.get("tool", plugin_id="ada/weather", provider="weather")
    assert tool["declaration"]["identity"]["name"] == "weather"
    strategy = await daemon.get("agent_strategy", plugin_id="ada/thoughts", provider="weather")
    assert strategy["meta"]["runner"]["entrypoint"] == "main"


async def test_a_provider_that_is_not_there(daemon: DaemonClient) -> None:
    await daemon.install(await daemon.upload())
    for kind in ("tool", "agent_strategy", "datasource", "trigger"):
        answer = await daemon.http.get(daemon.base + kind, params={"plugin_id": "ada/weather", "provider": "none"})
        assert fault_of(answer)[:3] == (200, -404, "PluginNotFoundError")
        assert fault_of(await daemon.http.get(daemon.base + kind))[0] == 400


async def test_what_is_asked_of_many_at_once(daemon: DaemonClient) -> None:
    old, new = await daemon.upload(), await daemon.upload(NEWER)
    await daemon.install(old)
    batch = await daemon.post("installation/fetch/batch", {"plugin_ids": ["ada/weather", "x/y"]})
    assert [one["plugin_id"] for one in batch] == ["ada/weather"]
    missing = await daemon.post("installation/missing", {"plugin_unique_identifiers": [old, new, NOT_HERE]})
    assert missing == [
        {"plugin_unique_identifier": new, "current_identifier": old},
        {"plugin_unique_identifier": NOT_HERE, "current_identifier": ""},
    ]
    pairs = [("ada/weather", "weather"), ("ada/weather", "x"), ("x/y", "weather")]
    body = {"provider_ids": [{"plugin_id": plugin, "provider_name": name} for plugin, name in pairs]}
    assert await daemon.post("tools/check_existence", body) == [True, False, False]
    assert await daemon.post("installation/missing", {"plugin_unique_identifiers": []}) == []


async def test_categories_words_and_tags(daemon: DaemonClient) -> None:
    for files in (tool_files(), tool_files({"name": "tides", "label": {"en_US": "Tides"}, "tags": ["travel"]}),
                  model_files()):  # fmt: skip
        await daemon.install(await daemon.upload(zipped(files)))

    async def found(category: str = "tool", **query: object) -> list[str]:
        page = await daemon.get(f"{category}/list", **{"page": 1, "page_size": 10, **query})
        return sorted(one["name"] for one in page["list"])

    assert await found() == ["tides", "weather"]
    assert await found("model") == ["thinker"]
    assert await found("trigger") == []
    assert await found(query="TIDES") == ["tides"]
    assert await found(tags="travel,image") == ["tides"]
    first = await daemon.get("tool/list", page=1, page_size=1)
    assert (len(first["list"]), first["has_more"]) == (1, True)
    assert (await daemon.get("tool/list", page=2, page_size=1))["has_more"] is False
    assert (await daemon.get("installation/ids", category="model"))["plugin_ids"] == ["ada/thinker"]
    assert len((await daemon.get("installation/ids"))["plugin_ids"]) == 3
    assert fault_of(await daemon.http.get(daemon.base + "magic/list?page=1&page_size=1"))[0] == 400


async def test_calls_find_the_plugin_and_are_refused_honestly(daemon: DaemonClient) -> None:
    identifier = await daemon.upload()
    await daemon.install(identifier)
    path = f"/plugin/{WORKSPACE}/dispatch/tool/invoke"
    body = {"user_id": "u", "data": {"provider": "weather", "tool": "today"}}
    answer = await daemon.http.post(path, json=body, headers={"X-Plugin-ID": "ada/weather"})
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.text.startswith("data: {")
    assert answer.text.endswith("}\n\n")
    assert fault_of(answer) == (200, -500, "PluginDaemonInternalServerError", NOT_RUN)
    assert fault_of(await daemon.http.post(path, json=body))[:3] == (400, -400, BAD_REQUEST)
    gone = await daemon.http.post(path, json=body, headers={"X-Plugin-ID": "x/y"})
    assert fault_of(gone)[:3] == (404, -404, "PluginNotFoundError")
    broken = await daemon.http.post(path, content=b"{", headers={"X-Plugin-ID": "ada/weather"})
    assert fault_of(broken)[:3] == (400, -400, BAD_REQUEST)
    other = f"/plugin/{OTHER}/dispatch/tool/invoke"
    assert fault_of(await daemon.http.post(other, json=body, headers={"X-Plugin-ID": "ada/weather"}))[0] == 404


async def test_polling_is_answered_without_a_stream(daemon: DaemonClient) -> None:
    await daemon.install(await daemon.upload())
    path = f"/plugin/{WORKSPACE}/dispatch/model/polling/start"
    answer = await daemon.http.post(path, json={}, headers={"X-Plugin-ID": "ada/weather"})
    assert answer.headers["content-type"].startswith("application/json")
    assert fault_of(answer) == (200, -500, "PluginDaemonInternalServerError", NOT_RUN)


async def test_calls_of_a_package_whoever_has_it(daemon: DaemonClient) -> None:
    identifier = await daemon.upload()
    path = "/v2/invoke/dispatch/tool/invoke"
    named = {"X-Plugin-Unique-Identifier": identifier}
    assert fault_of(await daemon.http.post(path, json={}, headers=named))[3] == NOT_RUN
    assert fault_of(await daemon.http.post(path, json={}))[0] == 400
    for header, status in (("x", 400), (NOT_HERE, 404)):
        answer = await daemon.http.post(path, json={}, headers={"X-Plugin-Unique-Identifier": header})
        assert fault_of(answer)[0] == status


async def test_endpoints_and_debugging_are_refused_honestly(daemon: DaemonClient) -> None:
    for path in ("endpoint/setup", "endpoint/update", "endpoint/enable", "endpoint/disable", "debugging/key"):
        answer = await daemon.http.post(f"/plugin/{WORKSPACE}/{path}", json={})
        assert fault_of(answer) == (200, -500, "PluginDaemonInternalServerError", NOT_RUN)
    assert data_of(await daemon.http.post(f"/plugin/{WORKSPACE}/endpoint/remove", json={})) is True
    for path in ("endpoint/list", "endpoint/list/plugin"):
        assert data_of(await daemon.http.get(f"/plugin/{WORKSPACE}/{path}?page=1&page_size=100")) == []


async def test_tasks_that_went_well_are_shown_for_a_while(tmp_path: Path) -> None:
    moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
    async with new_database(tmp_path) as database:
        clock = [moment]
        doing = Installations(database, Declarations(database), now=lambda: clock[0])
        wish = Wish(identifier=identifier_of(NOT_HERE), source="package")
        failed = (await doing.install(WORKSPACE, [wish])).task_id
        clock[0] = moment + timedelta(days=1)
        assert [task.id for task in await doing.tasks(WORKSPACE, 1, 10)] == [failed]
        assert (await doing.task(WORKSPACE, failed)).status == "failed"
        await doing.forget_task(WORKSPACE, failed)
        with pytest.raises(NothingFound):
            await doing.task(WORKSPACE, failed)


def test_one_is_shown_for_a_minute_and_several_for_two() -> None:
    moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
    done = TaskPlugin(plugin_unique_identifier="i", plugin_id="p", status="success")
    broken = TaskPlugin(plugin_unique_identifier="i", plugin_id="p", status="failed")
    assert values_of(WORKSPACE, [done], moment)["expires_at"] == moment + timedelta(seconds=60)
    assert values_of(WORKSPACE, [done, done], moment)["expires_at"] == moment + timedelta(seconds=120)
    assert values_of(WORKSPACE, [done, broken], moment)["expires_at"] is None
