"""Compose's ``${NAME:-default}`` expressions: which names they read, and what they become for given values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class MissingValue(Exception):
    """``${NAME:?text}`` and the variable has no value."""


class BrokenExpression(Exception):
    """A ``$`` that starts no expression."""


class _Reference(msgspec.Struct, frozen=True):
    name: str
    operator: str
    operand: str


def interpolate(text: str, values: Mapping[str, str]) -> str:
    """``text`` with its expressions replaced; ``$$`` is a dollar. Raises `MissingValue`, `BrokenExpression`."""
    return "".join(part if isinstance(part, str) else _value(part, values) for part in _parts(text))


def names_in(text: str) -> set[str]:
    """The variables that ``text`` reads, those of its defaults too. Raises `BrokenExpression`."""
    found: set[str] = set()
    for part in _parts(text):
        if isinstance(part, _Reference):
            found.add(part.name)
            if part.operator in {":-", "-"}:
                found |= names_in(part.operand)
    return found


def _value(reference: _Reference, values: Mapping[str, str]) -> str:
    value = values.get(reference.name)
    absent = value is None or (not value and reference.operator.startswith(":"))
    if not absent:
        return value or ""
    if reference.operator.endswith("?"):
        raise MissingValue(f"{reference.name}: {reference.operand}")
    return interpolate(reference.operand, values)


def _parts(text: str) -> Iterator[str | _Reference]:
    position = 0
    while position < len(text):
        dollar = text.find("$", position)
        if dollar < 0:
            yield text[position:]
            return
        yield text[position:dollar]
        if text.startswith("$$", dollar):
            yield "$"
            position = dollar + 2
        elif text.startswith("${", dollar):
            end = _closing(text, dollar + 2)
            yield _reference(text[dollar + 2 : end])
            position = end + 1
        else:
            match = _NAME.match(text, dollar + 1)
            if match is None:
                raise BrokenExpression(f"{text!r} has a $ that starts nothing at {dollar}")
            yield _Reference(match[0], "", "")
            position = match.end()


def _closing(text: str, start: int) -> int:
    depth = 1
    for index in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return index
    raise BrokenExpression(f"{text!r} lacks a closing brace")


def _reference(inside: str) -> _Reference:
    match = _NAME.match(inside)
    if match is None:
        raise BrokenExpression(f"${{{inside}}} names no variable")
    rest = inside[match.end() :]
    for operator in (":-", ":?", "-", "?"):
        if rest.startswith(operator):
            return _Reference(match[0], operator, rest[len(operator) :])
    if rest:
        raise BrokenExpression(f"${{{inside}}} has an unknown operator")
    return _Reference(match[0], "", "")
