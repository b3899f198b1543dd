"""Values of parameters: from forms, graphs and models to the types that a tool expects (plugins.md 1.6)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final, cast

from orrery.tools.entity import ToolEntity, ToolParameter
from orrery.tools.errors import ToolParameterValidationError

FILE_TYPES: Final = frozenset({"file", "files", "system-files"})
_TEXT_TYPES: Final = frozenset({"string", "secret-input", "select", "dynamic-select", "checkbox", "date", "date-range"})
_TRUE: Final = frozenset({"true", "yes", "y", "1"})
_FALSE: Final = frozenset({"false", "no", "n", "0", ""})
_SCHEMA_TYPES: Final[Mapping[str, str]] = {
    "number": "number",
    "boolean": "boolean",
    "array": "array",
    "object": "object",
    "app-selector": "object",
    "model-selector": "object",
}


def typed(entity: ToolEntity, values: Mapping[str, object]) -> dict[str, object]:
    """The values with the types that the tool's parameters have; unknown names are passed on as they are.

    Raises `ToolParameterValidationError`.
    """
    result = dict(values)
    for parameter in entity.parameters:
        if parameter.name in result:
            result[parameter.name] = cast_value(parameter, result[parameter.name])
    return result


def configured(parameter: ToolParameter, value: object) -> object:
    """What a form holds for a parameter, or its default. Raises `ToolParameterValidationError`."""
    if not value and (value is None or isinstance(value, (str, list, dict))):
        value = parameter.default
        if not value and value != 0 and parameter.required:
            raise ToolParameterValidationError(f"tool parameter {parameter.name} not found in tool config")
    if value is None:
        return None
    if parameter.type == "select" and not parameter.multiple:
        options = [option.value for option in parameter.options]
        if options and value not in options:
            raise ToolParameterValidationError(
                f"tool parameter {parameter.name} value {value} not in options {options}"
            )
    return cast_value(parameter, value)


def cast_value(parameter: ToolParameter, value: object) -> object:
    """The value as one of the parameter's type. Raises `ToolParameterValidationError`."""
    try:
        return _cast(parameter, value)
    except (ValueError, TypeError, OverflowError) as error:
        raise ToolParameterValidationError(
            f"The tool parameter value {value!r} is not in correct type of {parameter.type}."
        ) from error


def _cast(parameter: ToolParameter, value: object) -> object:
    kind = parameter.type
    if kind in _TEXT_TYPES and not parameter.multiple:
        return "" if value is None else value if isinstance(value, str) else _text(value)
    if kind == "boolean":
        return _boolean(value)
    if kind == "number":
        return _number(value)
    if kind in {"files", "system-files"}:
        return cast("list[object]", value) if isinstance(value, list) else [value]
    if kind == "file":
        return _one_file(value)
    if kind == "array" or parameter.multiple:
        return _array(value)
    if kind == "object":
        return _object(value)
    if kind in {"app-selector", "model-selector"} and not isinstance(value, dict):
        raise ValueError("The selector must be a dictionary.")
    return cast("object", value)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)


def _boolean(value: object) -> bool:
    if isinstance(value, str):
        word = value.strip().lower()
        return word in _TRUE or (word not in _FALSE and bool(word))
    return bool(value)


def _number(value: object) -> object:
    if isinstance(value, str) and value.strip():
        text = value.strip()
        try:
            return int(text)
        except ValueError:
            return float(text)
    if value is None or value == "" or isinstance(value, (int, float)):
        return None if value == "" else value
    raise ValueError("not a number")


def _one_file(value: object) -> object:
    if not isinstance(value, list):
        return value
    files = cast("list[object]", value)
    if len(files) != 1:
        raise ToolParameterValidationError(
            "This parameter only accepts one file but got multiple files while invoking."
        )
    return files[0]


def _array(value: object) -> object:
    if isinstance(value, str):
        try:
            found: object = json.loads(value)
        except ValueError:
            return [value]
        return cast("list[object]", found) if isinstance(found, list) else [value]
    if value is None:
        return []
    return list(cast("Sequence[object]", value)) if isinstance(value, (list, tuple)) else [value]


def _object(value: object) -> object:
    if isinstance(value, str):
        found: object = json.loads(value) if value.strip() else {}
        return cast("dict[str, object]", found) if isinstance(found, dict) else {}
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def argument_schema(entity: ToolEntity, *, hidden: frozenset[str] = frozenset()) -> dict[str, object]:
    """JSON Schema of the arguments that a model gives; names in ``hidden`` are filled in by somebody else."""
    properties: dict[str, object] = {}
    required: list[str] = []
    for parameter in entity.parameters:
        if parameter.form != "llm" or parameter.name in hidden or parameter.type in FILE_TYPES:
            continue
        properties[parameter.name] = _property(parameter)
        if parameter.required:
            required.append(parameter.name)
    return {"type": "object", "properties": properties, "required": required}


def _property(parameter: ToolParameter) -> Mapping[str, object]:
    if parameter.input_schema is not None:
        return parameter.input_schema
    schema: dict[str, object] = {}
    if parameter.type != "any":
        schema["type"] = _SCHEMA_TYPES.get(parameter.type, "string")
    if parameter.type == "array":
        schema["items"] = {}
    schema["description"] = parameter.llm_description or parameter.human_description.get("en_US", "")
    if parameter.options:
        schema["enum"] = [option.value for option in parameter.options]
    return schema
