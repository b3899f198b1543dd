"""Packages over HTTP (plugins.md 3.1, 3.4): uploads, what is known of them, and every error in the envelope."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.support.app import new_database
from tests.support.plugin_daemon import (
    KEY,
    MOST_BYTES,
    WORKSPACE,
    DaemonClient,
    data_of,
    fault_of,
    mark_current,
    plugin_daemon,
)
from tests.support.plugin_packages import ICON, model_files, public_pem, signed, tool_files, zipped

from orrery.plugins.package.identity import checksum
from orrery.plugins.package.signature import read_key

BAD_REQUEST = "PluginDaemonBadRequestError"
ICON_ID = hashlib.sha256(ICON + b"icon.svg").hexdigest() + ".svg"
IDENTIFIER = f"ada/weather:0.1.2@{checksum(tool_files())}"


async def test_an_upload_answers_with_identifier_and_declaration(daemon: DaemonClient) -> None:
    data = data_of(await daemon.send(zipped(tool_files()), verify_signature="false"))
    assert set(data) == {"unique_identifier", "manifest", "verification"}
    assert data["unique_identifier"] == IDENTIFIER
    assert data["manifest"]["tool"]["identity"]["name"] == "weather"
    assert data["manifest"]["icon"] == ICON_ID
    assert data["verification"] is None
    assert await daemon.installed() == {}


async def test_what_is_known_of_a_package(daemon: DaemonClient) -> None:
    identifier = await daemon.upload()
    query = {"plugin_unique_identifier": identifier}
    known = await daemon.get("decode/from_identifier", **query)
    assert known["unique_identifier"] == identifier
    assert known == await daemon.get("install/decode/from_identifier", **query)
    assert await daemon.get("fetch/manifest", **query) == known["manifest"]
    assert await daemon.get("fetch/identifier", **query) is True
    assert await daemon.get("fetch/identifier", plugin_unique_identifier="x/y:1.0.0@" + "a" * 64) is False
    extracted = await daemon.http.get("/v2/invoke/extract", headers={"X-Plugin-Unique-Identifier": identifier})
    assert data_of(extracted) == known["manifest"]


async def test_an_identifier_may_be_in_the_body_of_a_get(daemon: DaemonClient) -> None:
    identifier = await daemon.upload()
    path = daemon.base + "decode/from_identifier"
    answer = await daemon.http.request("GET", path, json={"plugin_unique_identifier": identifier})
    assert data_of(answer)["unique_identifier"] == identifier
    for content in (b"", b"[]", b"{}", b"{"):
        broken = await daemon.http.request("GET", path, content=content)
        assert fault_of(broken)[:3] == (400, -400, BAD_REQUEST)


async def test_readmes_fall_back_to_english(daemon: DaemonClient) -> None:
    identifier = await daemon.upload()
    english, chinese = ("# Weather ☀", "en_US"), ("# 天气", "zh_Hans")
    for language, expected in {"en_US": english, "zh_Hans": chinese, "ja_JP": english, "": english}.items():
        found = await daemon.get("fetch/readme", plugin_unique_identifier=identifier, language=language)
        assert (found["content"], found["language"]) == expected


async def test_a_package_without_a_readme_says_so(daemon: DaemonClient) -> None:
    identifier = await daemon.upload(zipped(model_files()))
    answer = await daemon.http.get(daemon.base + "fetch/readme", params={"plugin_unique_identifier": identifier})
    assert fault_of(answer)[:3] == (200, -404, "PluginDaemonNotFoundError")


async def test_icons_and_files_are_given_as_they_are(daemon: DaemonClient) -> None:
    identifier = await daemon.upload()
    icon = await daemon.http.get(f"/plugin/{WORKSPACE}/asset/{ICON_ID}")
    assert (icon.status_code, icon.content) == (200, ICON)
    assert icon.headers["content-type"] == "application/octet-stream"
    assert icon.headers["x-content-type-options"] == "nosniff"
    query = {"plugin_unique_identifier": identifier, "file_path": "_assets/icon.svg"}
    file = await daemon.http.get(f"/plugin/{WORKSPACE}/extract-asset/", params=query)
    assert (file.status_code, file.content) == (200, ICON)


NO_ICONS = ["x" * 64 + ".svg", "a" * 64, "..%2f..%2fsecret", "%2e%2e", ".env", ICON_ID + "/../x", "a" * 64 + ".s%2fx"]


async def test_nothing_else_can_be_had_as_an_icon(daemon: DaemonClient, tmp_path: Path) -> None:
    await daemon.upload()
    (tmp_path / "secret").write_text("for nobody")
    for name in NO_ICONS:
        answer = await daemon.http.get(f"/plugin/{WORKSPACE}/asset/{name}")
        assert answer.status_code == 404
        assert "for nobody" not in answer.text


async def test_only_files_of_the_package_can_be_had(daemon: DaemonClient) -> None:
    identifier = await daemon.upload()
    for path in ("../manifest.yaml", "/etc/passwd", "none", "_assets"):
        query = {"plugin_unique_identifier": identifier, "file_path": path}
        answer = await daemon.http.get(f"/plugin/{WORKSPACE}/extract-asset/", params=query)
        assert fault_of(answer)[:3] == (404, -404, "PluginDaemonNotFoundError")


async def test_faults_of_a_package_are_told_with_file_and_field(daemon: DaemonClient) -> None:
    status, code, kind, message = fault_of(await daemon.send(zipped(tool_files({"version": "one"}))))
    assert (status, code, kind) == (200, -400, BAD_REQUEST)
    assert message.startswith("manifest.yaml: version: ")


async def test_forms_that_are_none(daemon: DaemonClient) -> None:
    path = daemon.base + "install/upload/package"
    content = zipped(tool_files())
    answers = [
        await daemon.http.post(path, json={}),
        await daemon.http.post(path),
        await daemon.http.post(path, files={"package": ("a", content)}),
        await daemon.http.post(path, data={"dify_pkg": "text"}, files={}),
        await daemon.http.post(path, content=b"--x", headers={"content-type": "multipart/form-data"}),
        await daemon.http.post(path, files=[("dify_pkg", ("a", content)), ("dify_pkg", ("b", content))]),
        await daemon.http.post(path, files={"dify_pkg": ("a", b"x" * (MOST_BYTES + 1))}),
        await daemon.http.post(path, files={"dify_pkg": ("a", b"x" * (MOST_BYTES + 100_000))}),
        await daemon.http.post(path, files={"dify_pkg": ("a", b"")}),
    ]
    assert {fault_of(answer)[:3] for answer in answers} == {(200, -400, BAD_REQUEST)}
    assert "exceeds the maximum limit" in fault_of(answers[6])[3]
    assert "exceeds the maximum limit" in fault_of(answers[7])[3]


async def test_a_length_that_is_a_lie_is_no_way_round_the_limit(daemon: DaemonClient) -> None:
    boundary = b"--x\r\nContent-Disposition: form-data; name=dify_pkg; filename=a\r\n\r\n"

    async def endless():
        yield boundary
        for _ in range(40):
            yield b"x" * 65536

    answer = await daemon.http.post(
        daemon.base + "install/upload/package",
        content=endless(),
        headers={"content-type": "multipart/form-data; boundary=x"},
    )
    assert "exceeds the maximum limit" in fault_of(answer)[3]


async def test_signatures_are_asked_for_by_policy_or_by_the_form(daemon: DaemonClient, tmp_path: Path) -> None:
    words = "plugin verification has been enabled, and the plugin you want to install has a bad signature"
    asked = fault_of(await daemon.send(zipped(tool_files()), verify_signature="true"))
    assert asked[:3] == (200, -400, BAD_REQUEST)
    assert words in asked[3]
    folder = tmp_path / "strict"
    folder.mkdir()
    key = read_key("k", public_pem())
    async with new_database(folder) as database:
        await mark_current(database)
        async with plugin_daemon(str(database.url), folder, signed_only=True, keys=[key]) as strict:
            assert words in fault_of(await strict.send(zipped(tool_files())))[3]
            data = data_of(await strict.send(signed(tool_files(), category="partner")))
            assert data["verification"] == {"authorized_category": "partner"}
            assert data["manifest"]["verified"] is True


async def test_a_package_may_be_sent_again_with_a_signature(daemon: DaemonClient) -> None:
    identifier = await daemon.upload()
    assert await daemon.upload(zipped(tool_files(), b"a comment of no meaning")) == identifier
    assert (await daemon.get("decode/from_identifier", plugin_unique_identifier=identifier))["verification"] is None


async def test_without_the_key_nothing_is_told(daemon: DaemonClient) -> None:
    identifier = await daemon.upload()
    for headers in ({"X-Api-Key": ""}, {"X-Api-Key": KEY + "x"}, {"X-Api-Key": KEY.upper()}):
        for path in (daemon.base + "list?page=1&page_size=1", f"/plugin/{WORKSPACE}/asset/{ICON_ID}", "/nothing"):
            answer = await daemon.http.get(path, headers=headers)
            assert fault_of(answer)[:3] == (401, -401, "PluginDaemonUnauthorizedError")
            assert identifier not in answer.text


async def test_health_and_hooks_need_no_key(daemon: DaemonClient) -> None:
    without = {"X-Api-Key": ""}
    health = (await daemon.http.get("/health/check", headers=without)).json()
    assert (health["status"], health["version"], health["platform"]) == ("ok", "1.2.3", "local")
    assert {"pool_status", "build_time", "active_requests", "active_dispatch_requests"} <= set(health)
    assert (await daemon.http.head("/health/check", headers=without)).content == b""
    assert data_of(await daemon.http.get("/ready/check", headers=without)) == {"ready": True}
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"):
        assert (await daemon.http.request(method, "/e/hook/path", headers=without)).status_code == 404


NO_PATHS = [
    "/", "/plugin", f"/plugin/{WORKSPACE}", f"/plugin/{WORKSPACE}/management", f"/plugin/{WORKSPACE}/management/",
    f"/plugin/{WORKSPACE}/management/none", "/plugin//management/list", f"/plugin/{WORKSPACE}%2fmanagement/list",
    f"/plugin/{WORKSPACE}/management/list/..", f"//plugin/{WORKSPACE}/management/tools/x",
]  # fmt: skip


async def test_unknown_paths_are_404(daemon: DaemonClient) -> None:
    for path in NO_PATHS:
        answer = await daemon.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


async def test_a_workspace_with_a_long_name_is_refused(daemon: DaemonClient) -> None:
    answer = await daemon.http.get(f"/plugin/{'w' * 65}/management/list?page=1&page_size=1")
    assert fault_of(answer)[:3] == (400, -400, BAD_REQUEST)
