"""Bundles (plugins.md 1.1, 3.4): several plugins in one zip, or where to get them."""

from __future__ import annotations

import pytest
from tests.support.plugin_daemon import DaemonClient, data_of, fault_of
from tests.support.plugin_packages import Files, in_yaml, model_files, signed, texts, tool_files, zipped

from orrery.plugins.package.bundle import Github, Inside, Marketplace, read_bundle
from orrery.plugins.package.faults import PackageFault
from orrery.plugins.package.identity import checksum

ROOM = 1 << 20


def bundle(*dependencies: tuple[str, dict[str, str]], files: Files | None = None, **changes: object) -> bytes:
    manifest = {
        "type": "bundle", "name": "several", "version": "0.0.1", "author": "ada", "labels": texts("Several"),
        "description": texts("Several plugins."), "icon": "icon.svg", "tags": [],
        "dependencies": [{"type": kind, "value": value} for kind, value in dependencies],
    }  # fmt: skip
    return zipped({"manifest.yaml": in_yaml(manifest | changes), **(files or {})})


WHOLE = bundle(
    ("package", {"path": "weather.difypkg"}),
    ("github", {"repo_pattern": "ada/tides:v1.0/tides.difypkg"}),
    ("marketplace", {"marketplace_pattern": "ada/moon:1.2.3"}),
    files={"weather.difypkg": zipped(tool_files())},
)


def test_each_kind_is_read() -> None:
    inside, github, marketplace = read_bundle(WHOLE, most_bytes=ROOM)
    assert inside == Inside("weather.difypkg", zipped(tool_files()))
    assert github == Github("https://github.com/ada/tides", "ada/tides", "v1.0", "tides.difypkg")
    assert marketplace == Marketplace("ada", "moon", "1.2.3")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (zipped(tool_files()), "manifest.yaml: type: Invalid enum value 'plugin'"),
        (bundle(("package", {"path": "none"})), r"dependencies\[0\].value.path: there is no file 'none'"),
        (bundle(("github", {"repo_pattern": "ada"})), r"dependencies\[0\].value.repo_pattern: org/repo:release/asset"),
        (bundle(("marketplace", {"marketplace_pattern": "x"})), "marketplace_pattern: org/plugin:version"),
        (bundle(("other", {})), r"dependencies\[0\].type"),
        (bundle(version="x"), "manifest.yaml: version"),
        (b"no zip", "not a readable zip"),
    ],
)
def test_faults_name_their_place(content: bytes, words: str) -> None:
    with pytest.raises(PackageFault, match=words):
        read_bundle(content, most_bytes=ROOM)


async def test_a_bundle_brings_its_packages_and_names_the_rest(daemon: DaemonClient) -> None:
    path = daemon.base + "install/upload/bundle"
    package, github, marketplace = data_of(await daemon.http.post(path, files={"dify_bundle": ("a", WHOLE)}))
    assert package["type"] == "package"
    assert package["value"]["manifest"]["name"] == "weather"
    identifier = package["value"]["unique_identifier"]
    assert await daemon.get("fetch/identifier", plugin_unique_identifier=identifier) is True
    assert github["value"] == {
        "repo_address": "https://github.com/ada/tides", "repo": "ada/tides", "release": "v1.0",
        "packages": "tides.difypkg",
    }  # fmt: skip
    assert marketplace["value"] == {"organization": "ada", "plugin": "moon", "version": "1.2.3"}


async def test_of_a_bundle_with_a_fault_nothing_is_kept(daemon: DaemonClient) -> None:
    good, vendors = tool_files(), model_files()
    vendors["manifest.yaml"] = vendors["manifest.yaml"].replace(b"author: ada", b"author: langgenius")
    content = bundle(
        ("package", {"path": "a.difypkg"}), ("package", {"path": "b.difypkg"}),
        files={"a.difypkg": zipped(good), "b.difypkg": signed(vendors)},
    )  # fmt: skip
    path = daemon.base + "install/upload/bundle"
    status, code, _, message = fault_of(await daemon.http.post(path, files={"dify_bundle": ("a", content)}))
    assert (status, code) == (200, -400)
    assert message.startswith("b.difypkg: plugin verification has been enabled")
    kept = f"ada/weather:0.1.2@{checksum(good)}"
    assert await daemon.get("fetch/identifier", plugin_unique_identifier=kept) is False
