"""Local references (``#/components/...``) of an API description, followed with bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, cast

from orrery.tools.errors import ToolApiSchemaError

JsonObject: TypeAlias = Mapping[str, object]

_MAX_HOPS: Final = 32
_MAX_DEPTH: Final = 12
_MAX_PARTS: Final = 2_000
_MAX_PARTS_IN_ALL: Final = 300_000
_DATA_KEYS: Final = frozenset({"default", "enum", "example", "examples", "const"})


def as_object(value: object) -> JsonObject:
    """The value if it is an object, else an empty one."""
    return cast("JsonObject", value) if isinstance(value, Mapping) else {}


def as_array(value: object) -> Sequence[object]:
    """The value if it is a list, else an empty one."""
    return cast("Sequence[object]", value) if isinstance(value, list) else ()


def as_string(value: object) -> str:
    """The value if it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


class References:
    """Looks references up in one description."""

    def __init__(self, root: JsonObject) -> None:
        self._root = root
        self._left = _MAX_PARTS_IN_ALL

    def follow(self, value: object) -> JsonObject:
        """The object itself, or what its ``$ref`` leads to. Raises `ToolApiSchemaError`."""
        found = as_object(value)
        for _ in range(_MAX_HOPS):
            target = found.get("$ref")
            if not isinstance(target, str):
                return found
            found = self._at(target)
        raise ToolApiSchemaError("A reference of the description goes in circles.")

    def _at(self, target: str) -> JsonObject:
        if not target.startswith("#/"):
            raise ToolApiSchemaError(
                f"The reference {target!r} leads out of the description; only local ones are read."
            )
        found: object = self._root
        for part in target[2:].split("/"):
            found = as_object(found).get(part.replace("~1", "/").replace("~0", "~"))
        if not isinstance(found, Mapping):
            raise ToolApiSchemaError(f"The reference {target!r} leads nowhere.")
        return cast("JsonObject", found)

    def whole(self, schema: object) -> JsonObject:
        """A schema with all references filled in; what is nested too deep or grows too large is cut off.

        Raises `ToolApiSchemaError` when all schemas together are too much: many small operations may share a huge one.
        """
        budget = [_MAX_PARTS]
        found = as_object(self._filled(schema, _MAX_DEPTH, budget))
        self._left -= _MAX_PARTS - budget[0]
        if self._left < 0:
            raise ToolApiSchemaError("The schemas of the description are too large together.")
        return found

    def _filled(self, value: object, depth: int, budget: list[int]) -> object:
        budget[0] -= 1
        if depth <= 0 or budget[0] <= 0:
            return {} if isinstance(value, (Mapping, list)) else value
        if isinstance(value, Mapping):
            return {
                key: item if key in _DATA_KEYS else self._filled(item, depth - 1, budget)
                for key, item in self.follow(cast("JsonObject", value)).items()
            }
        if isinstance(value, list):
            return [self._filled(item, depth - 1, budget) for item in cast("list[object]", value)]
        return value
