"""The daemon's API by the contract's own tables (plugins.md 3.1, 3.3, 3.4): each path is there, and asks for the key."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from tests.support.app import new_database
from tests.support.plugin_daemon import WORKSPACE, DaemonClient, fault_of, mark_current, plugin_daemon

from orrery.plugins.errors import (
    CodeNotRun,
    InvalidIdentifier,
    KeyRefused,
    NothingFound,
    PluginBadRequest,
    PluginError,
    PluginNotFound,
)

MANAGEMENT = """
POST install/upload/package
POST install/upload/bundle
POST install/identifiers
POST install/upgrade
GET install/tasks
GET install/tasks/{id}
POST install/tasks/delete_all
POST install/tasks/{id}/delete
POST install/tasks/{id}/delete/{identifier}
GET decode/from_identifier
GET install/decode/from_identifier
GET fetch/manifest
GET fetch/identifier
GET fetch/readme
POST uninstall
GET list
GET installation/ids
GET tool/list
POST installation/fetch/batch
POST installation/missing
GET models
GET tools
GET datasources
GET triggers
GET agent_strategies
GET tool
GET datasource
GET trigger
GET agent_strategy
POST tools/check_existence
"""
OTHERS = """
POST debugging/key
GET asset/{id}
GET extract-asset/
POST endpoint/setup
POST endpoint/update
POST endpoint/remove
POST endpoint/enable
POST endpoint/disable
GET endpoint/list
GET endpoint/list/plugin
"""
DISPATCH = """
llm/invoke llm/num_tokens text_embedding/invoke text_embedding/num_tokens multimodal_embedding/invoke rerank/invoke
multimodal_rerank/invoke tts/invoke tts/model/voices speech2text/invoke moderation/invoke
model/validate_provider_credentials model/validate_model_credentials model/schema model/polling/start
model/polling/check tool/invoke tool/validate_credentials tool/get_runtime_parameters agent_strategy/invoke
oauth/get_authorization_url oauth/get_credentials oauth/refresh_credentials dynamic_select/fetch_parameter_options
datasource/validate_credentials datasource/get_website_crawl datasource/get_online_document_pages
datasource/get_online_document_page_content datasource/online_drive_browse_files
datasource/online_drive_download_file trigger/invoke_event trigger/dispatch_event trigger/validate_credentials
trigger/subscribe trigger/unsubscribe trigger/refresh
"""


def paths() -> list[tuple[str, str]]:
    """Method and path of every row."""
    found = [
        (line.split()[0], f"/plugin/{WORKSPACE}/management/{line.split()[1]}") for line in MANAGEMENT.split("\n")[1:-1]
    ]
    found += [(line.split()[0], f"/plugin/{WORKSPACE}/{line.split()[1]}") for line in OTHERS.split("\n")[1:-1]]
    found += [("POST", f"/plugin/{WORKSPACE}/dispatch/{path}") for path in DISPATCH.split()]
    found += [("POST", f"/v2/invoke/dispatch/{path}") for path in DISPATCH.split()]
    return [*found, ("GET", "/v2/invoke/extract")]


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncGenerator[DaemonClient]:
    async with new_database(tmp_path) as database:
        await mark_current(database)
        async with plugin_daemon(str(database.url), tmp_path) as client:
            yield client


async def test_each_path_is_there_and_asks_for_the_key(daemon: DaemonClient) -> None:
    assert len(paths()) == 30 + 10 + 2 * 36 + 1
    for method, path in paths():
        refused = await daemon.http.request(method, path, headers={"X-Api-Key": "another"})
        assert fault_of(refused)[:3] == (401, -401, "PluginDaemonUnauthorizedError"), path
        answer = await daemon.http.request(method, path)
        # Without what it needs each says so in the envelope, or does what it does for nothing.
        assert "404 page not found" not in answer.text, path
        assert set(answer.json()) == {"code", "message", "data"}, path
        assert answer.status_code in {200, 400, 404}, path


async def test_each_path_has_one_method(daemon: DaemonClient) -> None:
    for method, path in paths():
        other = "POST" if method == "GET" else "GET"
        if path.endswith(("install/tasks/delete_all",)):
            continue  # as a GET it is a task of this name
        answer = await daemon.http.request(other, path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


async def test_calls_need_the_plugins_id(daemon: DaemonClient) -> None:
    for path in DISPATCH.split():
        where = f"/plugin/{WORKSPACE}/dispatch/{path}"
        assert fault_of(await daemon.http.post(where, json={}))[0:2] == (400, -400)
        unknown = await daemon.http.post(where, json={}, headers={"X-Plugin-ID": "a/b"})
        assert fault_of(unknown)[:3] == (404, -404, "PluginNotFoundError")


@pytest.mark.parametrize(
    ("kind", "name", "code"),
    [
        (PluginError, "PluginDaemonInternalServerError", -500),
        (PluginBadRequest, "PluginDaemonBadRequestError", -400),
        (NothingFound, "PluginDaemonNotFoundError", -404),
        (KeyRefused, "PluginDaemonUnauthorizedError", -401),
        (InvalidIdentifier, "PluginUniqueIdentifierError", -400),
        (PluginNotFound, "PluginNotFoundError", -404),
        (CodeNotRun, "PluginDaemonInternalServerError", -500),
    ],
)
def test_errors_have_the_names_and_numbers_that_clients_know(kind: type[PluginError], name: str, code: int) -> None:
    assert (kind.error_type, kind.wire_code) == (name, code)
