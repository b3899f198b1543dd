"""Typed looks into decoded JSON of unknown shape."""

from __future__ import annotations

from typing import TypeAlias, TypeGuard

JsonObject: TypeAlias = dict[str, object]


def is_object(value: object) -> TypeGuard[JsonObject]:
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)


def objects_in(value: object) -> list[JsonObject]:
    """The objects of an array; empty for anything else."""
    return [item for item in value if is_object(item)] if is_array(value) else []
