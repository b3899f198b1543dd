"""``manifest.yaml``: what a plugin is, needs and brings (1.2)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from orrery.plugins.package.faults import PackageFault
from orrery.plugins.package.reading import Reader, as_struct
from orrery.plugins.package.words import Tag, Texts

MANIFEST = "manifest.yaml"

_VERSION = r"^[0-9]{1,4}(\.[0-9]{1,4}){2}(-[a-zA-Z0-9_]{1,16})?$"
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}")

Version: TypeAlias = Annotated[str, Meta(pattern=_VERSION)]
Paths: TypeAlias = list[Annotated[str, Meta(min_length=1, max_length=128)]]


class Enabled(msgspec.Struct, frozen=True):
    """One thing that a plugin may do."""

    enabled: bool = False


class ModelPermission(msgspec.Struct, frozen=True):
    """Which kinds of models a plugin may call."""

    enabled: bool = False
    llm: bool = False
    text_embedding: bool = False
    rerank: bool = False
    tts: bool = False
    speech2text: bool = False
    moderation: bool = False


class StoragePermission(msgspec.Struct, frozen=True):
    """Whether a plugin may keep values, and how many bytes of them."""

    enabled: bool = False
    size: Annotated[int, Meta(ge=1024, le=1073741824)] = 1048576


class Permission(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a plugin may ask of the product."""

    tool: Enabled | None = None
    model: ModelPermission | None = None
    node: Enabled | None = None
    endpoint: Enabled | None = None
    app: Enabled | None = None
    storage: StoragePermission | None = None


class Resource(msgspec.Struct, frozen=True, omit_defaults=True):
    """``memory`` in bytes."""

    memory: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    permission: Permission | None = None


class Extensions(msgspec.Struct, frozen=True):
    """Paths of provider files, by kind."""

    tools: Paths = []
    models: Paths = []
    endpoints: Paths = []
    agent_strategies: Paths = []
    datasources: Paths = []
    triggers: Paths = []


class Runner(msgspec.Struct, frozen=True):
    """What the plugin runs on."""

    language: Literal["python"]
    version: Annotated[str, Meta(min_length=1, max_length=128)]
    entrypoint: Annotated[str, Meta(min_length=1, max_length=256)]


class ManifestMeta(msgspec.Struct, frozen=True):
    """``version`` is that of the manifest's own format."""

    version: Version
    arch: Annotated[list[Literal["amd64", "arm64"]], Meta(min_length=1)]
    runner: Runner
    minimum_dify_version: str | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The file as it is written; ``verified`` is never read from it."""

    version: Version
    type: Literal["plugin"]
    author: Annotated[str, Meta(pattern="^[a-z0-9_-]{1,64}$")]
    name: Annotated[str, Meta(pattern="^[a-z0-9_-]{1,128}$")]
    label: Texts
    description: Texts
    icon: Annotated[str, Meta(min_length=1, max_length=128)]
    icon_dark: Annotated[str, Meta(max_length=128)] = ""
    resource: Resource
    plugins: Extensions
    meta: ManifestMeta
    tags: list[Tag] = []
    created_at: str
    privacy: str | msgspec.UnsetType = msgspec.UNSET
    repo: str | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        if _UUID.fullmatch(self.author):
            raise ValueError("`author` is a UUID: such authors are those of plugins that are being debugged")
        if not _is_moment(self.created_at):
            raise ValueError("`created_at` is no time such as 2026-01-31T12:00:00Z")
        if isinstance(self.repo, str) and self.repo and not _is_address(self.repo):
            raise ValueError("`repo` is no address such as https://github.com/author/name")
        for path in (self.icon, self.icon_dark):
            if "/" in path or "\\" in path:
                raise ValueError("`icon` and `icon_dark` are names of files in _assets, without a folder")


def read_manifest(reader: Reader) -> Manifest:
    """Raises `PackageFault`."""
    written = reader.mapping(MANIFEST)
    if written.get("type") == "bundle":
        raise PackageFault("this is a bundle of plugins, not a plugin", file=MANIFEST, field="type")
    return as_struct(MANIFEST, written, Manifest)


def _is_moment(text: str) -> bool:
    match = _MOMENT.fullmatch(text)
    if match is None:
        return False
    try:
        datetime.fromisoformat(match[1] + match[3])
    except ValueError:
        return False
    return True


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc)
