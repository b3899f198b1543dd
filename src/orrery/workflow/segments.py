"""Values of variables: their types, the text they have in prompts and answers, and files (workflow.md 2.6).

Values are plain Python (JSON shapes); a type is inferred only where somebody asks. Values are never changed in
place: whoever changes one makes a new one, so pools may share them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias, cast
from urllib.parse import quote, quote_plus

ValueType: TypeAlias = str
FileUrl: TypeAlias = Callable[[Mapping[str, object]], str]

FILE_IDENTITY: Final = "__dify__file__"
ARRAY_TYPES: Final = frozenset(
    {"array[any]", "array[string]", "array[number]", "array[object]", "array[file]", "array[boolean]"}
)
NUMBER_TYPES: Final = frozenset({"number", "integer", "float"})
FILE_ATTRIBUTES: Final = frozenset(
    {"type", "size", "name", "mime_type", "transfer_method", "url", "extension", "related_id"}
)
_ELEMENT_ARRAYS: Final = {
    "string": "array[string]",
    "integer": "array[number]",
    "float": "array[number]",
    "object": "array[object]",
    "file": "array[file]",
    "boolean": "array[boolean]",
}
_ZEROS: Final[Mapping[str, object]] = {
    "object": {},
    "string": "",
    "secret": "",
    "integer": 0,
    "number": 0,
    "float": 0.0,
    "boolean": False,
}


class TypeMismatch(ValueError):
    """A value that is not of its declared type; the text is the contract's."""


def is_file(value: object) -> bool:
    """Whether a value is a file value: an object that says so of itself."""
    return isinstance(value, dict) and cast("dict[str, object]", value).get("dify_model_identity") == FILE_IDENTITY


def infer_type(value: object) -> ValueType:
    """The type of a raw value; ``object`` for anything that JSON does not know."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "float"
    if isinstance(value, str):
        return "string"
    if isinstance(value, (list, tuple)):
        return _array_type(cast("Sequence[object]", value))
    return "file" if is_file(value) else "object"


def _array_type(items: Sequence[object]) -> ValueType:
    found = ""
    for item in items:
        array = _ELEMENT_ARRAYS.get(infer_type(item))
        if array is None or (found and array != found):
            return "array[any]"
        found = array
    return found or "array[any]"


def fits(declared: ValueType, value: object) -> bool:
    """Whether a value may stand in a variable of the declared type."""
    inferred = infer_type(value)
    if inferred == declared or declared in {"any", ""}:
        return True
    if declared == "number":
        return inferred in NUMBER_TYPES
    if declared == "secret":
        return inferred == "string"
    return declared in ARRAY_TYPES and (value == [] or declared == "array[any]") and inferred in ARRAY_TYPES


def build(declared: ValueType, value: object) -> object:
    """The value, checked against its declared type. Raises `TypeMismatch`."""
    if value is None and declared != "none":
        raise TypeMismatch(f"Type mismatch: expected {declared}, but got None")
    if value == [] and isinstance(value, list):
        if declared not in ARRAY_TYPES:
            raise TypeMismatch(f"Type mismatch: expected {declared}, but got empty list")
        return cast("list[object]", value)
    inferred = infer_type(value)
    if inferred == declared or (declared == "number" and inferred in NUMBER_TYPES):
        return value
    raise TypeMismatch(f"Type mismatch: expected {declared}, but got {inferred}, value={value}")


def zero_of(declared: ValueType) -> object:
    """What a cleared variable of this type holds."""
    if declared in ARRAY_TYPES:
        return []
    zero = _ZEROS.get(declared)
    return {} if isinstance(zero, dict) else zero


def element_type(array: ValueType) -> ValueType:
    """``string`` of ``array[string]``; ``any`` for what is no array."""
    return array[6:-1] if array in ARRAY_TYPES else "any"


def shown_type(value_type: ValueType) -> ValueType:
    """The type as people see it: whole and broken numbers are both ``number``."""
    return "number" if value_type in NUMBER_TYPES else value_type


def text_of(value: object) -> str:
    """The value's text in prompts and templates."""
    if isinstance(value, str):
        return value
    if value is None or is_file(value):
        return ""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, (list, tuple)):
        items = cast("Sequence[object]", value)
        if not items or all(is_file(item) for item in items):
            return ""
        if all(isinstance(item, str) for item in items):
            return json.dumps(list(items), ensure_ascii=False)
        return str(list(items))
    return str(value)


def markdown_of(value: object, file_url: FileUrl | None = None) -> str:
    """The value's text in answers."""
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        if is_file(fields):
            return _file_markdown(fields, file_url or plain_url)
        return json.dumps(fields, ensure_ascii=False, indent=2, default=str)
    if isinstance(value, (list, tuple)):
        items = cast("Sequence[object]", value)
        if items and all(is_file(item) for item in items):
            return "\n".join(markdown_of(item, file_url) for item in items)
        return "\n".join(f"- {item}" for item in items)
    return text_of(value)


def plain_url(file: Mapping[str, object]) -> str:
    """The URL that a file value already carries, for pools without a signer."""
    return str(file.get("url") or file.get("remote_url") or "")


def _file_markdown(file: Mapping[str, object], file_url: FileUrl) -> str:
    url = file_url(file)
    name = str(file.get("filename") or "")
    return f"![{name}]({url})" if file.get("type") == "image" else f"[{name or url}]({url})"


def file_attribute(file: Mapping[str, object], name: str, file_url: FileUrl | None = None) -> object | None:
    """One of `FILE_ATTRIBUTES` of a file value; None for other names."""
    if name not in FILE_ATTRIBUTES:
        return None
    if name == "name":
        return file.get("filename")
    if name == "url":
        return (file_url or plain_url)(file)
    return file.get(name)


def files_in(value: object) -> list[Mapping[str, object]]:
    """The file values that a value is or lists."""
    if is_file(value):
        return [cast("Mapping[str, object]", value)]
    if isinstance(value, (list, tuple)):
        return [cast("Mapping[str, object]", item) for item in cast("Sequence[object]", value) if is_file(item)]
    return []


def spellings_of(secret: str) -> list[tuple[str, str]]:
    """How a secret is written in plain text, inside JSON, in addresses and in forms; each with what is shown for it."""
    shown = mask(secret)
    written = (secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    addressed = (quote(secret), quote(secret, safe=""), quote_plus(secret))
    return [(spelling, shown) for spelling in dict.fromkeys((*written, *addressed))]


def mask(secret: str) -> str:
    """A secret as logs may show it: 20 characters, of long ones the first 6 and the last 2 are real."""
    return "*" * 20 if len(secret) <= 8 else f"{secret[:6]}{'*' * 12}{secret[-2:]}"
