"""Bundles: several plugins, or where to get them, in one zip (1.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from orrery.plugins.package.archive import read_archive
from orrery.plugins.package.faults import PackageFault
from orrery.plugins.package.manifest import MANIFEST, Version
from orrery.plugins.package.reading import Reader, as_struct
from orrery.plugins.package.words import Texts

_GITHUB = re.compile(r"([^/:\s]+/[^/:\s]+):([^/:\s]+)/([^/:\s]+)")
_MARKETPLACE = re.compile(r"([a-z0-9_-]{1,64})/([a-z0-9_-]{1,128}):([^\s:/]{1,64})", re.ASCII)
_MOST_DEPENDENCIES = 256


class Github(msgspec.Struct, frozen=True):
    """A file of a release."""

    repo_address: str
    repo: str
    release: str
    packages: str


class Marketplace(msgspec.Struct, frozen=True):
    """A version that a marketplace has."""

    organization: str
    plugin: str
    version: str


class Inside(msgspec.Struct, frozen=True):
    """A package in the bundle itself."""

    path: str
    content: bytes


Dependency = Github | Marketplace | Inside


class _Value(msgspec.Struct, frozen=True):
    repo_pattern: str = ""
    marketplace_pattern: str = ""
    path: str = ""


class _Written(msgspec.Struct, frozen=True):
    type: Literal["github", "marketplace", "package"]
    value: _Value


class _Manifest(msgspec.Struct, frozen=True, kw_only=True):
    type: Literal["bundle"]
    name: Annotated[str, Meta(min_length=1, max_length=128)]
    version: Version
    labels: Texts
    description: Texts | None = None
    author: str = ""
    dependencies: Annotated[list[_Written], Meta(max_length=_MOST_DEPENDENCIES)] = []


def read_bundle(content: bytes, *, most_bytes: int) -> Sequence[Dependency]:
    """What the bundle brings, in its order. Raises `PackageFault`."""
    archive = read_archive(content, most_bytes=most_bytes)
    manifest = as_struct(MANIFEST, Reader(archive).plain(MANIFEST), _Manifest)
    return [_found(one, position, archive.files) for position, one in enumerate(manifest.dependencies)]


def _found(written: _Written, position: int, files: Mapping[str, bytes]) -> Dependency:
    place = f"dependencies[{position}].value"
    value = written.value
    if written.type == "github":
        match = _GITHUB.fullmatch(value.repo_pattern)
        if match is None:
            raise PackageFault("org/repo:release/asset is expected", file=MANIFEST, field=f"{place}.repo_pattern")
        return Github(f"https://github.com/{match[1]}", match[1], match[2], match[3])
    if written.type == "marketplace":
        match = _MARKETPLACE.fullmatch(value.marketplace_pattern)
        if match is None:
            raise PackageFault("org/plugin:version is expected", file=MANIFEST, field=f"{place}.marketplace_pattern")
        return Marketplace(match[1], match[2], match[3])
    if value.path not in files:
        raise PackageFault(f"there is no file {value.path[:80]!r} in the bundle", file=MANIFEST, field=f"{place}.path")
    return Inside(value.path, files[value.path])
