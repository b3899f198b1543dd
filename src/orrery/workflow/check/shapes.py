"""Types of variables as far as they are known before a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from orrery.workflow.fields import as_mapping, as_text
from orrery.workflow.segments import ARRAY_TYPES, FILE_ATTRIBUTES, NUMBER_TYPES, element_type


class Shape(msgspec.Struct, frozen=True):
    """A type, and the fields of an object where they are known; ``any`` is what nobody knows."""

    type: str = "any"
    fields: Mapping[str, Shape] | None = None

    def element(self) -> Shape:
        """What an array holds; unknown for everything else."""
        return shape(element_type(self.type))


ANY: Final = Shape()
TEXT: Final = Shape("string")
NUMBER: Final = Shape("number")
BOOLEAN: Final = Shape("boolean")
OBJECT: Final = Shape("object")
FILE: Final = Shape("file")
FILES: Final = Shape("array[file]")
_KNOWN: Final = ARRAY_TYPES | {"string", "number", "boolean", "object", "file", "none"}
_FILE_FIELDS: Final = {name: NUMBER if name == "size" else TEXT for name in FILE_ATTRIBUTES}


def shape(declared: object) -> Shape:
    """The shape of a type's name as files spell it; unknown names are ``any``."""
    name = as_text(declared).lower()
    if name in NUMBER_TYPES:
        return NUMBER
    if name in {"secret", "select", "bool"}:
        return BOOLEAN if name == "bool" else TEXT
    return Shape(name) if name in _KNOWN else ANY


def of_schema(schema: Mapping[str, object]) -> Shape:
    """The shape of a JSON schema. An object's fields count as known when the schema allows no others."""
    kind = schema.get("type")
    if kind == "array":
        item = of_schema(as_mapping(schema.get("items"))).type
        return Shape(f"array[{item}]") if f"array[{item}]" in ARRAY_TYPES else Shape("array[any]")
    if kind != "object":
        return shape(kind)
    properties = as_mapping(schema.get("properties"))
    if not properties or schema.get("additionalProperties") not in (None, False):
        return OBJECT
    return Shape("object", {name: of_schema(as_mapping(item)) for name, item in properties.items()})


def walk(found: Shape, rest: tuple[str, ...]) -> Shape | None:
    """The shape at a path inside a value, None when such a value has no such place."""
    for name in rest:
        if found.type == "any":
            return ANY
        fields = _FILE_FIELDS if found.type == "file" else found.fields
        if found.type not in {"object", "file"}:
            return None
        if fields is None:
            return ANY
        inner = fields.get(name)
        if inner is None:
            return None
        found = inner
    return found
