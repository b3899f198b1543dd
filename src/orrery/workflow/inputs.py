"""Checks what a caller gave against an app's input form (workflow.md 1.6); used by every app mode, without the engine.

Raises ValueError with the contract's texts. Files stay the mappings that the caller sent; making file values of them
is the product's business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

from orrery.workflow.fields import as_count, as_list, as_text

_TEXT_TYPES: Final = frozenset({"text-input", "select", "paragraph"})
_OBJECT_TYPES: Final = frozenset({"file", "file-list", "json_object"})
_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "no", "off"})


def validate_inputs(form: Sequence[Mapping[str, object]], inputs: Mapping[str, object]) -> dict[str, object]:
    """The value of every field of the form; keys that the form does not know are dropped.

    ``form`` items are unwrapped: ``{variable, type, required, default, max_length, options, ...}``.
    """
    checked: dict[str, object] = {}
    kinds: dict[str, str] = {}
    for field in form:
        name = as_text(field.get("variable"))
        kinds[name] = as_text(field.get("type"))
        checked[name] = _without_nul(_field_value(field, name, kinds[name], inputs.get(name)))
    for wrong in (
        [name for name, value in checked.items() if isinstance(value, Mapping) and kinds[name] not in _OBJECT_TYPES],
        [name for name, value in checked.items() if _is_list_of_mappings(value) and kinds[name] not in _OBJECT_TYPES],
    ):
        if wrong:
            raise ValueError(f"Invalid input type for {wrong}")
    return checked


def _field_value(field: Mapping[str, object], name: str, kind: str, given: object) -> object:
    value = given
    if value is None:
        if field.get("required"):
            raise ValueError(f"{name} is required in input form")
        value = field.get("default")
        if value is None or (kind == "select" and value == ""):
            return value
    if kind in _TEXT_TYPES:
        return _checked_text(field, name, kind, value)
    if kind == "number":
        return _number(name, value, required=bool(field.get("required")))
    if kind == "checkbox":
        return _boolean(value)
    if kind in {"file", "file-list"}:
        if value == "" and not field.get("required"):
            return None
        return _checked_files(field, name, kind, value)
    if kind == "json_object":
        _check_object(name, value)
    return value


def _check_object(name: str, value: object) -> None:
    if value and not isinstance(value, Mapping):
        raise ValueError(f"{name} in input form must be a dict")


def _checked_text(field: Mapping[str, object], name: str, kind: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"(type '{kind}') {name} in input form must be a string")  # noqa: TRY004 - the contract's class
    if kind == "select":
        options = list(as_list(field.get("options")))
        if value not in options:
            raise ValueError(f"{name} in input form must be one of the following: {options}")
    elif (limit := as_count(field.get("max_length"), 0)) and len(value) > limit:
        raise ValueError(f"{name} in input form must be less than {limit} characters")
    return value


def _number(name: str, value: object, *, required: bool) -> object:
    if isinstance(value, str):
        if not value.strip() and not required:
            return None
        try:
            return float(value) if "." in value else int(value)
        except ValueError:
            raise ValueError(f"{name} in input form must be a valid number") from None
    if not isinstance(value, (int, float)):
        raise ValueError(f"expected value type int, float or str, got {type(value)}, value: {value}")  # noqa: TRY004
    return value


def _boolean(value: object) -> object:
    if isinstance(value, str):
        word = value.strip().lower()
        return True if word in _TRUE else False if word in _FALSE else value
    if isinstance(value, (int, float)) and value in {0, 1}:
        return bool(value)
    return value


def _checked_files(field: Mapping[str, object], name: str, kind: str, value: object) -> object:
    if kind == "file":
        if not isinstance(value, Mapping):
            raise ValueError(f"{name} in input form must be a file")
        return cast("Mapping[str, object]", value)
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in cast("list[object]", value)):
        raise ValueError(f"{name} in input form must be a list of files")
    files = cast("list[object]", value)
    if (limit := as_count(field.get("max_length"), 0)) and len(files) > limit:
        raise ValueError(f"{name} in input form must be less than {limit} files")
    return files


def _is_list_of_mappings(value: object) -> bool:
    items = as_list(value)
    return bool(items) and all(isinstance(item, Mapping) for item in items)


def _without_nul(value: object) -> object:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, Mapping):
        return {key: _without_nul(item) for key, item in cast("Mapping[str, object]", value).items()}
    if isinstance(value, list):
        return [_without_nul(item) for item in cast("list[object]", value)]
    return value
