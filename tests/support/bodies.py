"""Bodies and queries made from the structs that routes declare: valid ones, and ones with a single wrong field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import msgspec
from msgspec import inspect

Value = object

# Each is wrong for most types; where one fits, the route may take it.
WRONG_VALUES: tuple[Value, ...] = (
    None,
    True,
    -1,
    10**30,
    1.5,
    "",
    "text\x00with\x00nul",
    "x" * 70_000,
    list[Value](),
    [list[Value]()],
    dict[str, Value](),
    {"$ne": None},
)


def valid(kind: type[msgspec.Struct], known: Mapping[str, Value]) -> dict[str, Value]:
    """A body with every required field, and every field that ``known`` has a value for."""
    return _struct(cast("inspect.StructType", inspect.type_info(kind)), known)


def _struct(info: inspect.StructType, known: Mapping[str, Value]) -> dict[str, Value]:
    made: dict[str, Value] = {}
    for field in info.fields:
        if field.encode_name in known:
            made[field.encode_name] = known[field.encode_name]
        elif field.required:
            made[field.encode_name] = _value(field.type, known)
    return made


def _value(info: inspect.Type, known: Mapping[str, Value]) -> Value:
    match info:
        case inspect.StrType():
            return "x" * max(info.min_length or 0, 4)
        case inspect.IntType():
            return max(int(info.ge or 0), 1)
        case inspect.FloatType():
            return 1.0
        case inspect.BoolType():
            return True
        case inspect.ListType():
            return [_value(info.item_type, known)]
        case inspect.LiteralType():
            return info.values[0]
        case inspect.EnumType():
            return next(iter(info.cls)).value
        case inspect.UnionType():
            return _value(info.types[0], known)
        case inspect.StructType():
            return _struct(info, known)
        case inspect.NoneType():
            return None
        case _:
            return {}


def wrong(kind: type[msgspec.Struct], known: Mapping[str, Value]) -> Iterator[tuple[str, dict[str, Value]]]:
    """For each field and wrong value: what was done, and the body; and a body without each required field."""
    good = valid(kind, known)
    for field in msgspec.structs.fields(kind):
        name = field.encode_name
        for value in WRONG_VALUES:
            yield f"{name} = {str(value)[:20]!r}", {**good, name: value}
        if field.required:
            yield f"no {name}", {key: value for key, value in good.items() if key != name}
