"""Which comparisons go with which types (workflow.md 3.2, 3.9)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ALWAYS: Final = frozenset({"empty", "not empty", "null", "not null", "exists", "not exists"})
_ORDER: Final = frozenset({">", "<", "≥", "≤"})
_EQUALITY: Final = frozenset({"=", "≠"})
_IDENTITY: Final = frozenset({"is", "is not"})
_CHOICE: Final = frozenset({"in", "not in"})
_PART: Final = frozenset({"contains", "not contains"})
_AFFIX: Final = frozenset({"start with", "end with"})

KNOWN: Final = _ALWAYS | _ORDER | _EQUALITY | _IDENTITY | _CHOICE | _PART | _AFFIX | {"all of"}
NUMERIC: Final = _ORDER | _EQUALITY
CHOICES: Final = _CHOICE | {"all of"}
NEEDS_NO_VALUE: Final = _ALWAYS
FILE_LISTS: Final = _PART | {"all of"}

_OF_TYPE: Final[Mapping[str, frozenset[str]]] = {
    "string": _ALWAYS | _PART | _AFFIX | _IDENTITY | _CHOICE | {"all of"},
    "number": _ALWAYS | NUMERIC | _CHOICE,
    "boolean": _ALWAYS | _IDENTITY | _EQUALITY | _CHOICE,
    "object": _ALWAYS,
    "file": _ALWAYS,
}
_OF_ARRAYS: Final = _ALWAYS | _PART | {"all of"}

_TEXT_ELEMENTS: Final = _PART | _AFFIX | _IDENTITY | _CHOICE | {"empty", "not empty"}
OF_ELEMENTS: Final[Mapping[str, frozenset[str]]] = {
    "array[string]": _TEXT_ELEMENTS,
    "array[number]": NUMERIC,
    "array[boolean]": _IDENTITY,
}
"""Comparisons of a list operator by the type of its list."""
_OF_FILE_KEYS: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(("name", "extension", "mime_type", "url", "related_id"), _TEXT_ELEMENTS),
    **dict.fromkeys(("type", "transfer_method"), _CHOICE),
    "size": NUMERIC,
}


def allowed(value_type: str) -> frozenset[str]:
    """Comparisons that a value of a type can stand; all of them when the type is not known."""
    return _OF_ARRAYS if value_type.startswith("array[") else _OF_TYPE.get(value_type, KNOWN)


def allowed_for_file(key: str) -> frozenset[str] | None:
    """Comparisons of one attribute of listed files; None when files have no such attribute."""
    return _OF_FILE_KEYS.get(key)


def is_number(text: str) -> bool:
    """Whether a constant can be compared with numbers."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def is_boolean(text: str) -> bool:
    """Whether a constant is JSON's true or false, or a whole number."""
    return text in {"true", "false"} or text.lstrip("-").isdecimal()
