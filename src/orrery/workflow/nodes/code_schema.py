"""Checks what a snippet returned against the node's declared outputs (workflow.md 3.3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final, cast

import msgspec

from orrery.workflow.fields import as_mapping, as_text
from orrery.workflow.limits import CodeLimits
from orrery.workflow.node import NodeFailure

# Encoders of other languages write small and large numbers as text like 1e-5 or 1.2E+3.
_SCIENTIFIC: Final = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]\d+")


class OutputValidationError(NodeFailure):
    """The result does not fit the declared outputs."""


class DepthLimitError(NodeFailure):
    """The result is nested too deeply."""


class OutputSpec(msgspec.Struct, frozen=True):
    """One declared output; ``children`` are the fields of an object, None when any will do."""

    type: str
    children: Mapping[str, OutputSpec] | None = None


def parse_outputs(stored: object) -> dict[str, OutputSpec]:
    """The declared outputs by name."""
    return {
        name: OutputSpec(
            as_text(as_mapping(spec).get("type"), "string"),
            parse_outputs(children) if (children := as_mapping(spec).get("children")) else None,
        )
        for name, spec in as_mapping(stored).items()
    }


def numbers_from_text(value: object) -> object:
    """The value with every text that looks like a number in scientific notation made one, at every depth."""
    if isinstance(value, str):
        return float(value) if len(value) < 64 and _SCIENTIFIC.fullmatch(value) else value
    if isinstance(value, dict):
        return {key: numbers_from_text(item) for key, item in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [numbers_from_text(item) for item in cast("list[object]", value)]
    return value


class OutputCheck:
    """Checks results within limits. Raises `OutputValidationError` and `DepthLimitError`."""

    def __init__(self, limits: CodeLimits) -> None:
        self._limits = limits
        self._elements: Mapping[str, tuple[int | None, Callable[[object, str], object]]] = {
            "array[string]": (limits.max_string_array_length, self._string),
            "array[number]": (limits.max_number_array_length, self._number_element),
            "array[boolean]": (None, self._boolean),
            "array[object]": (limits.max_object_array_length, lambda value, path: self._object(value, path, None, 1)),
        }

    def check(self, result: Mapping[str, object], outputs: Mapping[str, OutputSpec]) -> dict[str, object]:
        """The result with texts and numbers made fit."""
        return self._fields(result, outputs, "", 1)

    def _fields(
        self, result: Mapping[str, object], outputs: Mapping[str, OutputSpec], prefix: str, depth: int
    ) -> dict[str, object]:
        self._check_depth(depth)
        checked: dict[str, object] = {}
        for name, spec in outputs.items():
            path = f"{prefix}.{name}" if prefix else name
            if name not in result:
                raise OutputValidationError(f"Output {path} is missing.")
            checked[name] = self._value(result[name], spec, path, depth)
        if len(checked) != len(result):
            raise OutputValidationError("Not all output parameters are validated.")
        return checked

    def _check_depth(self, depth: int) -> None:
        if depth > self._limits.max_depth:
            raise DepthLimitError(f"Depth limit {self._limits.max_depth} reached, object too deep.")

    def _value(self, value: object, spec: OutputSpec, path: str, depth: int) -> object:
        if spec.type == "object":
            return self._object(value, path, spec.children, depth)
        if spec.type == "number":
            return self._number(value, path)
        if spec.type == "string":
            return self._string(value, path)
        if spec.type == "boolean":
            return self._boolean(value, path)
        known = self._elements.get(spec.type)
        if known is None:
            raise OutputValidationError(f"Output {path} has the unknown type {spec.type}.")
        return self._array(value, path, *known)

    def _object(self, value: object, path: str, children: Mapping[str, OutputSpec] | None, depth: int) -> object:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise OutputValidationError(f"Output {path} is not an object, got {type(value)} instead.")
        fields = cast("dict[str, object]", value)
        if children is not None:
            return self._fields(fields, children, path, depth + 1)
        self._check_depth(depth + 1)
        return {key: self._free(item, f"{path}.{key}", depth + 1) for key, item in fields.items()}

    def _free(self, value: object, path: str, depth: int) -> object:
        """A value that nobody declared: only limits count."""
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, (int, float)):
            return self._number(value, path)
        if isinstance(value, str):
            return self._string(value, path)
        if isinstance(value, dict):
            return self._object(cast("dict[str, object]", value), path, None, depth)
        if isinstance(value, list):
            self._check_depth(depth + 1)
            items = cast("list[object]", value)
            return [self._free(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(items)]
        raise OutputValidationError(f"Output {path} is not a valid type.")

    def _array(
        self, value: object, path: str, longest: int | None, check: Callable[[object, str], object]
    ) -> Sequence[object] | None:
        if value is None:
            return None
        if not isinstance(value, list):
            raise OutputValidationError(f"Output {path} is not an array, got {type(value)} instead.")
        items = cast("list[object]", value)
        if longest is not None and len(items) > longest:
            raise OutputValidationError(f"The length of output variable `{path}` must be less than {longest} elements.")
        return [check(item, f"{path}[{index}]") for index, item in enumerate(items)]

    def _number_element(self, value: object, path: str) -> object:
        if value is None:
            raise OutputValidationError(f"Output {path} is not a number, got {type(value)} instead.")
        return self._number(value, path)

    def _number(self, value: object, path: str) -> object:
        if value is None:
            return None
        if not isinstance(value, (int, float)):
            raise OutputValidationError(f"Output {path} is not a number, got {type(value)} instead.")
        if isinstance(value, bool):
            return int(value)
        low, high = self._limits.min_number, self._limits.max_number
        if not low <= value <= high:
            raise OutputValidationError(f"Output {path} is out of range, it must be between {low} and {high}.")
        if isinstance(value, float) and _digits(value) > self._limits.max_precision:
            most = self._limits.max_precision
            raise OutputValidationError(f"Output {path} is too precise, it must have at most {most} fractional digits.")
        return value

    def _string(self, value: object, path: str) -> object:
        if value is None:
            return None
        if not isinstance(value, str):
            raise OutputValidationError(f"Output {path} must be a string, got {type(value)} instead")
        longest = self._limits.max_string_length
        if len(value) > longest:
            raise OutputValidationError(
                f"The length of output variable `{path}` must be less than {longest} characters"
            )
        return value.replace("\x00", "")

    def _boolean(self, value: object, path: str) -> object:
        if value is None or isinstance(value, bool):
            return value
        raise OutputValidationError(f"Output {path} is not a boolean, got {type(value)} instead.")


def _digits(value: float) -> int:
    exponent = Decimal(str(value)).as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0
