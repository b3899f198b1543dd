"""What an assigner may do to a variable of which type (workflow.md 3.6)."""

from __future__ import annotations

import json
from typing import Final, cast

from orrery.whole_text import whole_values
from orrery.workflow.conversation_writes import ARITHMETIC, ON_ARRAYS, ConversationWrite, Operation, built_on
from orrery.workflow.node import NodeFailure
from orrery.workflow.segments import ARRAY_TYPES, NUMBER_TYPES, element_type, fits, infer_type, shown_type, zero_of

_SETTABLE: Final = frozenset({"string", "object", "boolean"}) | NUMBER_TYPES
_ELEMENT_CHECKS: Final = {"any": ("string", "number", "object")}
NEEDS_NO_VALUE: Final = frozenset({"clear", "remove-first", "remove-last"})


def check_operation(operation: str, value_type: str, input_type: str) -> None:
    """Raises `NodeFailure` when the operation does not go with the target's type or the kind of input."""
    known = operation in {"over-write", "clear"}
    known = known or (operation == "set" and value_type in _SETTABLE)
    known = known or (operation in ARITHMETIC and value_type in NUMBER_TYPES)
    known = known or (operation in ON_ARRAYS and value_type in ARRAY_TYPES)
    if not known:
        raise NodeFailure(f"Operation {operation} is not supported for type {value_type}")
    if input_type == "variable":
        refused = operation == "set" or operation in ARITHMETIC
    else:
        refused = value_type in ARRAY_TYPES or (operation == "over-write" and value_type not in _SETTABLE)
    if refused:
        raise NodeFailure(f"Input type {input_type} is not supported for operation {operation}")


def checked_value(operation: str, value_type: str, value: object) -> object:
    """The value as the operation takes it. Raises `NodeFailure` (`Invalid input value ...`)."""
    if operation in NEEDS_NO_VALUE:
        return None
    if operation == "set" and value_type == "object" and isinstance(value, str):
        try:
            value = whole_values(json.loads(value))
        except ValueError:
            raise NodeFailure(f"Invalid input value {value}") from None
    if not _is_valid(operation, value_type, value):
        raise NodeFailure(f"Invalid input value {value}")
    return value


def _is_valid(operation: str, value_type: str, value: object) -> bool:
    if operation in ARITHMETIC:
        return fits("number", value) and (operation != "/=" or value != 0)
    if operation == "append":
        return _is_element(value_type, value)
    if operation == "extend" or (operation == "over-write" and value_type in ARRAY_TYPES):
        return isinstance(value, list) and all(_is_element(value_type, item) for item in cast("list[object]", value))
    return fits(shown_type(value_type), value)


def _is_element(array: str, value: object) -> bool:
    wanted = element_type(array)
    return any(fits(kind, value) for kind in _ELEMENT_CHECKS.get(wanted, (wanted,)))


def apply(operation: str, value_type: str, old: object, value: object) -> object:
    """The variable's new value; the old one is left as it is."""
    if operation in {"over-write", "set"}:
        return value
    if operation == "clear":
        return zero_of(value_type if value_type in ARRAY_TYPES | _SETTABLE else infer_type(old))
    return built_on(operation, old, value)


def write_of(name: str, operation: str, value: object, new: object) -> ConversationWrite:
    """The operation as it is to be stored; ``new`` is what `apply` gave."""
    if operation in ARITHMETIC | ON_ARRAYS:
        return ConversationWrite(name, new, cast("Operation", operation), value)
    return ConversationWrite(name, new)
