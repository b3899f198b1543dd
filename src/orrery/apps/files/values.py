"""Mappings that callers send become file values, if the files are theirs (workflow.md 5.6)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TypeGuard, cast

import msgspec

from orrery.apps.files import store
from orrery.apps.files.file_value import remote_value, tool_value, upload_value
from orrery.apps.files.kinds import KINDS, kind_of
from orrery.apps.files.links import FileLinks
from orrery.apps.files.protocol import FileOwner, FileValue, FormVersion
from orrery.apps.files.remote import RemoteFiles
from orrery.apps.files.rules import FileRules, rules_of_feature, rules_of_field
from orrery.apps.files.tables import ToolFile, UploadFile
from orrery.database.engine import Database
from orrery.database.ids import is_id

MOST_FILES = 100
METHODS = frozenset({"remote_url", "local_file", "tool_file", "datasource_file"})
_FIELD_TYPES = frozenset({"file", "file-list"})
_NOTHING: tuple[object, ...] = (None, "", [])
_DISGUISED = "Detected file type does not match the specified type. Please verify the file."


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One mapping, read. ``said_kind`` is "" when the sender did not say it."""

    method: str
    said_kind: str
    upload_id: str = ""
    tool_id: str = ""
    url: str = ""
    value_id: str | None = None


class _Found(msgspec.Struct, frozen=True):
    uploads: Mapping[str, UploadFile]
    tools: Mapping[str, ToolFile]


class MappedFiles:
    """Implements `FileValues`. All files of a request are looked up with one query for each table."""

    def __init__(self, database: Database, links: FileLinks, remote: RemoteFiles) -> None:
        self._database = database
        self._links = links
        self._remote = remote

    async def resolved(
        self,
        workspace_id: str,
        owner: FileOwner,
        version: FormVersion,
        inputs: Mapping[str, object],
        files: Sequence[object],
        *,
        strict: bool = False,
    ) -> tuple[dict[str, object], list[FileValue]]:
        """See `FileValues.resolved`."""
        fields = [
            field
            for field in version.form
            if field.get("type") in _FIELD_TYPES and inputs.get(str(field.get("variable"))) not in _NOTHING
        ]
        rules = rules_of_feature(version.features) if files else None
        if not fields and rules is None:
            return dict(inputs), []
        given = {str(field["variable"]): _read_field(field, inputs) for field in fields}
        sent = _read_list(files) if rules is not None else []
        found = await self._find(workspace_id, owner, [w for wanted in given.values() for w in wanted] + sent)
        checked = dict(inputs)
        for field in fields:
            name = str(field["variable"])
            values = await self._values(workspace_id, given[name], found, rules_of_field(field), strict=strict)
            checked[name] = values if field.get("type") == "file-list" else values[0]
        if rules is None:
            return checked, []
        _check_counts(sent, rules)
        return checked, await self._values(workspace_id, sent, found, rules, strict=strict)

    async def made_of(self, workspace_id: str, owner: FileOwner, value: object) -> object:
        """See `FileValues.made_of`."""
        is_list = isinstance(value, list)
        items: list[object] = list(cast("list[object]", value)) if is_list else [value]
        wanted = {place: read_mapping(item) for place, item in enumerate(items) if _is_mapping(item)}
        if not wanted:
            return items if is_list else items[0]
        if len(wanted) > MOST_FILES:
            raise ValueError(f"Number of files exceeds the maximum limit {MOST_FILES}")
        found = await self._find(workspace_id, owner, list(wanted.values()))
        made = await self._values(workspace_id, list(wanted.values()), found, FileRules(), strict=False)
        values = dict(zip(wanted, made, strict=True))
        filled: list[object] = [values.get(place, item) for place, item in enumerate(items)]
        return filled if is_list else filled[0]

    async def _find(self, workspace_id: str, owner: FileOwner, wanted: Sequence[Wanted]) -> _Found:
        upload_ids = {w.upload_id for w in wanted if w.upload_id}
        tool_ids = {w.tool_id for w in wanted if w.tool_id}
        if not upload_ids and not tool_ids:
            return _Found({}, {})
        async with self._database.read() as session:
            return _Found(
                await store.uploads_by_id(session, workspace_id, upload_ids, owner),
                await store.tool_files_by_id(session, workspace_id, tool_ids, owner),
            )

    async def _values(
        self, workspace_id: str, wanted: Sequence[Wanted], found: _Found, rules: FileRules, *, strict: bool
    ) -> list[FileValue]:
        values = await asyncio.gather(*(self._value(workspace_id, one, found) for one in wanted))
        for one, value in zip(wanted, values, strict=True):
            extension = str(value["extension"])
            if strict and one.said_kind != "custom":
                detected = kind_of(extension, str(value["mime_type"]))
                if one.said_kind and detected != one.said_kind:
                    raise ValueError(_DISGUISED)
            said = one.said_kind or str(value["type"])
            if not rules.allow(said_kind=said, extension=extension, method=one.method):
                raise ValueError(f"File validation failed for file: {value['filename']}")
        return values

    async def _value(self, workspace_id: str, one: Wanted, found: _Found) -> FileValue:
        kind = one.said_kind if one.said_kind not in {"", "custom"} else None
        if one.tool_id:
            tool = found.tools.get(one.tool_id)
            if tool is None:
                raise ValueError(f"ToolFile {one.tool_id} not found")
            return tool_value(tool, self._links, kind=kind, value_id=one.value_id)
        if one.upload_id:
            upload = found.uploads.get(one.upload_id)
            if upload is None:
                raise ValueError("Invalid upload file")
            return upload_value(
                upload,
                self._links,
                kind=kind,
                value_id=one.value_id,
                transfer_method=one.method,
                remote_url=one.url if one.method == "remote_url" else "",
            )
        info = await self._remote.probe(one.url)
        return remote_value(workspace_id, one.url, info, kind=kind, value_id=one.value_id)


def _read_field(field: Mapping[str, object], inputs: Mapping[str, object]) -> list[Wanted]:
    value = inputs[str(field["variable"])]
    if field.get("type") == "file-list":
        return _read_list(cast("Sequence[object]", value))
    return [read_mapping(cast("Mapping[str, object]", value))]


def _read_list(values: Sequence[object]) -> list[Wanted]:
    """The mappings of a list; those that can't be files at all are left out, as the contract does.

    Raises ValueError for more than `MOST_FILES`, whatever the form allows: each remote one is a request of ours.
    """
    if len(values) > MOST_FILES:
        raise ValueError(f"Number of files exceeds the maximum limit {MOST_FILES}")
    mappings = [cast("Mapping[str, object]", value) for value in values if isinstance(value, Mapping)]
    return [
        read_mapping(mapping)
        for mapping in mappings
        if mapping.get("transfer_method") and (mapping["transfer_method"] != "remote_url" or _address(mapping))
    ]


def read_mapping(mapping: Mapping[str, object]) -> Wanted:
    """One mapping. Raises ValueError with the contract's texts."""
    method = mapping.get("transfer_method")
    if not method:
        raise ValueError("transfer_method is required in file mapping")
    if not isinstance(method, str) or method not in METHODS:
        raise ValueError(f"No matching enum found for value '{method}'")
    kind = mapping.get("type") or ""
    if not isinstance(kind, str) or (kind and kind not in KINDS):
        raise ValueError(f"No matching enum found for value '{kind}'")
    value_id = mapping.get("id")
    own_id = value_id if is_id(value_id) else None
    wanted = Wanted(method=method, said_kind=kind, value_id=cast("str | None", own_id), url=_address(mapping))
    if method == "tool_file":
        return msgspec.structs.replace(wanted, tool_id=_id(mapping, "tool_file_id", "ToolFile None not found"))
    if method == "datasource_file":
        return msgspec.structs.replace(
            wanted, upload_id=_id(mapping, "datasource_file_id", "DatasourceFile None not found")
        )
    if method == "local_file":
        return msgspec.structs.replace(wanted, upload_id=_id(mapping, "upload_file_id", "Invalid upload file id"))
    if mapping.get("upload_file_id") or mapping.get("related_id"):
        return msgspec.structs.replace(wanted, upload_id=_id(mapping, "upload_file_id", "Invalid upload file id"))
    if not wanted.url:
        raise ValueError("Invalid file url")
    return wanted


def _address(mapping: Mapping[str, object]) -> str:
    url = mapping.get("url") or mapping.get("remote_url")
    return url if isinstance(url, str) else ""


def _id(mapping: Mapping[str, object], name: str, missing: str) -> str:
    # ``related_id`` is how file values, which come back when a turn is done again, name their file.
    value = mapping.get(name) or mapping.get("related_id")
    if not value:
        raise ValueError(missing)
    if not isinstance(value, str) or not is_id(value):
        raise ValueError("Invalid upload file id format")
    return value.lower()


def _check_counts(wanted: Sequence[Wanted], rules: FileRules) -> None:
    if not rules.most:
        return
    if sum(one.said_kind == "image" for one in wanted) > rules.most:
        raise ValueError(f"Number of image files exceeds the maximum limit {rules.most}")
    if len(wanted) > rules.most:
        raise ValueError(f"Number of files exceeds the maximum limit {rules.most}")


def _is_mapping(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether a value is meant as a file, by what it says of itself."""
    return isinstance(value, dict) and {"type", "transfer_method"} <= cast("Mapping[str, object]", value).keys()
