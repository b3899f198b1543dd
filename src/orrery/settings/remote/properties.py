"""Reads Java's ``.properties`` text, in which Nacos keeps settings."""

from __future__ import annotations

import re

_PAIR = re.compile(r"^((?:\\.|[^\\=:\s])+)(?:\s*[=:]\s*|\s+|$)(.*)$", re.DOTALL)
_CONTINUED = re.compile(r"(?<!\\)(?:\\\\)*\\$")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}


def read_properties(text: str) -> dict[str, str]:
    """Names and values; a later line replaces an earlier one. Source: java.util.Properties.load, its documentation."""
    values: dict[str, str] = {}
    for line in _logical_lines(text):
        pair = _PAIR.match(line)
        if pair is not None:
            values[_unescape(pair[1])] = _unescape(pair[2])
    return values


def _logical_lines(text: str) -> list[str]:
    """Lines without comments, joined where one ends with a backslash."""
    lines: list[str] = []
    begun = ""
    for natural in re.split(r"\r\n|\n|\r", text):
        stripped = natural.lstrip(" \t\f")
        if not begun and (not stripped or stripped[0] in "#!"):
            continue
        if _CONTINUED.search(stripped):
            begun += stripped[:-1]
            continue
        lines.append(begun + stripped)
        begun = ""
    return [*lines, begun] if begun else lines


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else _LETTERS.get(m[2], m[2]), text)
