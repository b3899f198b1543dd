"""Icons: files of ``_assets`` under ids made from their content, and declarations that name those ids (1.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import cast

from orrery.plugins.package.archive import Archive
from orrery.plugins.package.faults import PackageFault

FOLDER = "_assets/"
_MODEL_ICONS = ("icon_small", "icon_large", "icon_small_dark", "icon_large_dark")
_WITH_IDENTITY = ("tool", "agent_strategy", "datasource", "trigger")


def assets_of(archive: Archive) -> dict[str, bytes]:
    """The files of ``_assets`` by their names there."""
    return {path.removeprefix(FOLDER): content for path, content in archive.files.items() if path.startswith(FOLDER)}


def asset_id(name: str, content: bytes) -> str:
    """SHA-256, hex, of content and name, with the name's extension."""
    return hashlib.sha256(content + name.encode()).hexdigest() + _extension(name)


def _extension(name: str) -> str:
    """Of letters and digits alone: it becomes part of a key and of an address."""
    suffix = PurePosixPath(name).suffix
    return suffix if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) <= 16 else ""


def with_asset_ids(declaration: dict[str, object], ids: Mapping[str, str]) -> dict[str, object]:
    """The declaration with ids in the place of the icons' file names. Raises `PackageFault` for a missing file."""
    changed = declaration | {
        name: _id_of(declaration.get(name), ids, name) for name in ("icon", "icon_dark") if declaration.get(name)
    }
    for kind in _WITH_IDENTITY:
        if kind in changed:
            changed[kind] = _provider(_object(changed[kind]), ids, kind)
    if "model" in changed:
        model = _object(changed["model"])
        icons = {
            name: {language: _id_of(file, ids, f"model.{name}") for language, file in _object(model[name]).items()}
            for name in _MODEL_ICONS
            if model.get(name)
        }
        changed["model"] = model | icons
    return changed


def _provider(provider: dict[str, object], ids: Mapping[str, str], kind: str) -> dict[str, object]:
    changed = provider | {"identity": _identity(_object(provider["identity"]), ids, kind)}
    if kind == "datasource":
        items = cast("list[dict[str, object]]", provider["datasources"])
        changed["datasources"] = [
            item | {"identity": _identity(_object(item["identity"]), ids, "datasource.datasources")} for item in items
        ]
    return changed


def _identity(identity: dict[str, object], ids: Mapping[str, str], field: str) -> dict[str, object]:
    return identity | {
        name: _id_of(identity[name], ids, f"{field}.identity.{name}")
        for name in ("icon", "icon_dark")
        if identity.get(name)
    }


def _id_of(file: object, ids: Mapping[str, str], field: str) -> str:
    found = ids.get(str(file))
    if found is None:
        raise PackageFault(f"the icon {str(file)[:80]!r} is not in {FOLDER.rstrip('/')}", field=field)
    return found


def _object(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value)
