"""File fields of an answer: mappings that somebody sent become file values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from orrery.apps.files.protocol import FileOwner, FileValues
from orrery.workflow.fields import as_list, as_mappings, as_text
from orrery.workflow.nodes.human_input_answer import InvalidFormAnswer

_KINDS = frozenset({"file", "file-list"})
_NOTHING: tuple[object, ...] = (None, "", [])


class _FileFields(msgspec.Struct, frozen=True):
    """The form as the files room reads it: its file fields are those of a start form."""

    form: Sequence[Mapping[str, object]]
    features: Mapping[str, object] = {}


async def with_files(
    files: FileValues,
    workspace_id: str,
    owner: FileOwner,
    fields: Sequence[Mapping[str, object]],
    given: Mapping[str, object],
) -> Mapping[str, object]:
    """What was given, with values in file fields. Raises ValueError with the contract's texts."""
    asked: list[Mapping[str, object]] = []
    for field in fields:
        name, kind = as_text(field.get("output_variable_name")), as_text(field.get("type"))
        value = given.get(name)
        if kind in _KINDS and value not in _NOTHING:
            _check_mappings(name, kind, value)
            asked.append({**field, "variable": name})
    if not asked:
        return given
    values, _ = await files.resolved(workspace_id, owner, _FileFields(asked), given, ())
    return values


def has_files(fields: Sequence[Mapping[str, object]]) -> bool:
    """Whether a form asks for files at all."""
    return any(field.get("type") in _KINDS for field in fields)


def _check_mappings(name: str, kind: str, value: object) -> None:
    if kind == "file":
        if not isinstance(value, dict):
            raise InvalidFormAnswer(f"{name} must be a file mapping")
    elif not as_list(value) or len(as_mappings(value)) != len(as_list(value)):
        raise InvalidFormAnswer(f"{name} must be a list of file mappings")
