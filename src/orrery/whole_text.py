"""Texts that can be stored and sent: without halves of characters.

JSON escapes, snippets and templates can spell half of a surrogate pair. Python carries it, but UTF-8 has no bytes for
it: no database, stream or answer could take the value.
"""

from __future__ import annotations

from typing import cast

import msgspec


def whole(text: str) -> str:
    """The text with two halves joined to their character and a lone half replaced by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def whole_values(value: object) -> object:
    """The same for every text of a JSON value, names of fields included; a value without halves is given back."""
    try:
        msgspec.json.encode(value)
    except UnicodeEncodeError:
        return _mended(value)
    return value


def _mended(value: object) -> object:
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, dict):
        return {whole(key): _mended(item) for key, item in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [_mended(item) for item in cast("list[object]", value)]
    return value
