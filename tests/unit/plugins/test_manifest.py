"""``manifest.yaml`` field by field (plugins.md 1.2)."""

from __future__ import annotations

import pytest
from tests.support.plugin_packages import in_yaml, manifest, texts, tool_files, zipped

from orrery.plugins.package.archive import Archive
from orrery.plugins.package.decoding import Policy, decode_package
from orrery.plugins.package.faults import PackageFault
from orrery.plugins.package.manifest import Manifest, StoragePermission, read_manifest
from orrery.plugins.package.reading import Reader

META = manifest()["meta"]
assert isinstance(META, dict)


def read(**changes: object) -> Manifest:
    return read_manifest(Reader(Archive({"manifest.yaml": in_yaml(manifest(**changes))}, b"")))


@pytest.mark.parametrize(
    "field",
    ["version", "type", "author", "name", "label", "description", "icon", "created_at", "resource", "plugins", "meta"],
)
def test_what_is_required_is_missed_by_name(field: str) -> None:
    with pytest.raises(PackageFault, match=f"^manifest.yaml: Object missing required field `{field}`$"):
        read(**{field: None})


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"version": "1.0"}, "version"),
        ({"version": "1.0.0.0"}, "version"),
        ({"version": "1.0.99999"}, "version"),
        ({"version": "1.0.0-" + "x" * 17}, "version"),
        ({"version": 1.0}, "version"),
        ({"type": "skill"}, "type"),
        ({"author": "Ada"}, "author"),
        ({"author": "a" * 65}, "author"),
        ({"author": "a/b"}, "author"),
        ({"name": "Weather!"}, "name"),
        ({"name": "w" * 129}, "name"),
        ({"name": ""}, "name"),
        ({"label": {"zh_Hans": "x"}}, "label"),
        ({"label": texts("x" * 1024)}, "label.en_US"),
        ({"label": "Weather"}, "label"),
        ({"description": texts("")}, "description.en_US"),
        ({"icon": "i" * 129}, "icon"),
        ({"resource": {}}, "resource"),
        ({"resource": {"memory": 0}}, "resource.memory"),
        ({"resource": {"memory": "1MB"}}, "resource.memory"),
        ({"resource": {"memory": 1, "permission": {"storage": {"size": 1023}}}}, "resource.permission.storage.size"),
        ({"resource": {"memory": 1, "permission": {"storage": {"size": 2**30 + 1}}}}, "resource.permission.storage.size"),
        ({"resource": {"memory": 1, "permission": {"tool": {"enabled": "yes"}}}}, "resource.permission.tool.enabled"),
        ({"plugins": {"tools": ["x" * 129]}}, r"plugins.tools\[0\]"),
        ({"plugins": {"tools": "provider/a.yaml"}}, "plugins.tools"),
        ({"meta": META | {"version": "1"}}, "meta.version"),
        ({"meta": META | {"arch": []}}, "meta.arch"),
        ({"meta": META | {"arch": ["sparc"]}}, r"meta.arch\[0\]"),
        ({"meta": META | {"runner": {"language": "go", "version": "1", "entrypoint": "main"}}}, "meta.runner.language"),
        ({"meta": META | {"runner": {"language": "python", "version": "3.12"}}}, "meta.runner"),
        ({"meta": META | {"runner": {"language": "python", "version": 3.12, "entrypoint": "m"}}}, "meta.runner.version"),
        ({"tags": ["magic"]}, r"tags\[0\]"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_place(changes: dict[str, object], place: str) -> None:
    with pytest.raises(PackageFault, match=f"^manifest.yaml: {place}: "):
        read(**changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"author": "0b9bd3c2-6e5a-4c0e-8d6a-000000000000"}, "`author` is a UUID"),
        ({"created_at": "yesterday"}, "`created_at` is no time"),
        ({"created_at": "2026-01-31"}, "`created_at` is no time"),
        ({"created_at": "2026-13-31T00:00:00Z"}, "`created_at` is no time"),
        ({"created_at": "2026-01-31T12:00:00"}, "`created_at` is no time"),
        ({"repo": "github"}, "`repo` is no address"),
        ({"icon": "../icon.svg"}, "without a folder"),
        ({"type": "bundle"}, "type: this is a bundle of plugins"),
    ],
)
def test_what_no_type_says_is_checked_too(changes: dict[str, object], words: str) -> None:
    with pytest.raises(PackageFault, match=words):
        read(**changes)


def test_the_widest_manifest_is_read() -> None:
    found = read(
        version="1234.0.9999-beta_1", icon_dark="dark.svg", privacy="PRIVACY.md", repo="https://example.org/x",
        created_at="2026-01-31T12:00:00+02:00", meta=META | {"minimum_dify_version": "1.12.0"}, unknown={"is": "fine"},
        resource={"memory": 1, "permission": {"storage": {"enabled": True}}},
    )  # fmt: skip
    assert found.resource.permission is not None
    assert found.resource.permission.storage == StoragePermission(enabled=True, size=1048576)
    assert found.meta.minimum_dify_version == "1.12.0"


def test_a_package_without_a_manifest_is_none() -> None:
    with pytest.raises(PackageFault, match=r"^manifest.yaml: the file is not in the package$"):
        decode_package(zipped({"a": b""}), Policy(most_bytes=1 << 20, signed_only=False))


def test_a_missing_file_is_named() -> None:
    files = tool_files()
    del files["tools/today.yaml"]
    with pytest.raises(PackageFault, match=r"^tools/today.yaml: the file is not in the package$"):
        decode_package(zipped(files), Policy(most_bytes=1 << 20, signed_only=False))
