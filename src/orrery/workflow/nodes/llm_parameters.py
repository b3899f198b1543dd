"""Parameters that a model extracts: their schema, the check of an answer, the values in the end (workflow.md 3.14)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, cast

import msgspec

ParameterType: TypeAlias = Literal[
    "string",
    "number",
    "boolean",
    "bool",
    "select",
    "array[string]",
    "array[number]",
    "array[object]",
    "array[boolean]",
]
RESERVED = frozenset({"__reason", "__is_success"})
_SCHEMA_TYPES = {"string": "string", "select": "string", "number": "number", "boolean": "boolean", "bool": "boolean"}


class Parameter(msgspec.Struct, frozen=True):
    """One value to find in a text. ``bool`` and ``select`` are older names of ``boolean`` and ``string``."""

    name: str
    type: ParameterType
    description: str | None = ""
    required: bool | None = False
    options: tuple[str, ...] | None = None

    @property
    def element(self) -> str | None:
        """Type of the elements; None for what is no list."""
        return self.type[6:-1] if self.type.startswith("array[") else None

    def schema(self) -> dict[str, object]:
        schema: dict[str, object] = {"description": self.description or ""}
        if self.element is not None:
            return schema | {"type": "array", "items": {"type": self.element}}
        schema["type"] = _SCHEMA_TYPES[self.type]
        if self.options:
            schema["enum"] = list(self.options)
        return schema

    def default(self) -> object:
        if self.element is not None:
            return []
        return {"string": "", "number": 0, "boolean": False}[_SCHEMA_TYPES[self.type]]


class ParameterProblem(ValueError):
    """The answer is not what was asked for; the text is shown in ``__reason``."""


def schema_of(parameters: Sequence[Parameter]) -> dict[str, object]:
    """JSON Schema of an object with all parameters."""
    return {
        "type": "object",
        "properties": {parameter.name: parameter.schema() for parameter in parameters},
        "required": [parameter.name for parameter in parameters if parameter.required],
    }


def check(parameters: Sequence[Parameter], answer: Mapping[str, object]) -> None:
    """Raises `ParameterProblem` for the first thing that is wrong."""
    if len(parameters) != len(answer):
        raise ParameterProblem("Invalid number of parameters")
    for parameter in parameters:
        if parameter.required and parameter.name not in answer:
            raise ParameterProblem(f"Parameter {parameter.name} is required")
        value = answer.get(parameter.name)
        if value is None and not parameter.required:
            continue
        if not _is_of(parameter, value):
            raise ParameterProblem(f"Invalid value for parameter {parameter.name}, expected type: {parameter.type}")
        if parameter.type == "select" and parameter.options and value not in parameter.options:
            raise ParameterProblem(f"Invalid `select` value for parameter {parameter.name}")


def _is_of(parameter: Parameter, value: object) -> bool:
    if parameter.element is None:
        return _is_scalar(_SCHEMA_TYPES[parameter.type], value)
    if not isinstance(value, list):
        return False
    return all(_is_scalar(parameter.element, item) for item in cast("list[object]", value))


def _is_scalar(kind: str, value: object) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case _:
            return isinstance(value, dict)


def coerced(parameters: Sequence[Parameter], answer: Mapping[str, object]) -> dict[str, object]:
    """A value of the right type for each parameter: the answer's where it can be read as one, else the default."""
    return {parameter.name: _coerced(parameter, answer.get(parameter.name)) for parameter in parameters}


def _coerced(parameter: Parameter, value: object) -> object:
    if parameter.element is None:
        found = _scalar(_SCHEMA_TYPES[parameter.type], value)
        return parameter.default() if found is None else found
    if not isinstance(value, list):
        return []
    items = (_scalar(parameter.element, item) for item in cast("list[object]", value))
    return [item for item in items if item is not None]


def _scalar(kind: str, value: object) -> object | None:
    """The value as one of the kind; None when it can't be read so."""
    match kind:
        case "string":
            return value if isinstance(value, str) else None
        case "number":
            return _number(value)
        case "boolean":
            return _boolean(value)
        case _:
            return cast("object", value) if isinstance(value, dict) else None


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        try:
            value = float(value) if "." in value or "e" in value.lower() else int(value)
        except ValueError:
            return None
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _boolean(value: object) -> bool | None:
    if isinstance(value, int | float):
        return bool(value)
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None
