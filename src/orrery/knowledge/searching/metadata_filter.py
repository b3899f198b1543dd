"""Conditions on documents' metadata as one SQL expression (knowledge.md 4.6)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias, cast

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, false, not_, or_, true

from orrery.errors import InvalidParam
from orrery.knowledge.searching.metadata_sql import (
    contains,
    ends_with,
    field_number,
    field_text,
    same_text,
    starts_with,
)
from orrery.workflow.nodes.knowledge_services import MetadataCondition

LogicalOperator: TypeAlias = Literal["and", "or"]
JsonColumn: TypeAlias = SQLColumnExpression[object]

OPERATORS = frozenset(
    {
        "contains", "not contains", "start with", "end with", "is", "is not", "empty", "not empty", "in", "not in",
        "=", "≠", ">", "<", "≥", "≤", ">=", "<=", "before", "after",
    }
)  # fmt: skip
_TEXT_TESTS: Mapping[str, Callable[[ColumnElement[str], str], ColumnElement[bool]]] = {
    "contains": contains,
    "start with": starts_with,
    "end with": ends_with,
}


def read_conditions(stored: object, where: str) -> tuple[LogicalOperator, tuple[MetadataCondition, ...]]:
    """``{logical_operator, conditions}`` as it came in a request; null has none. Raises `InvalidParam` with the place."""
    if stored is None:
        return "and", ()
    if not isinstance(stored, dict):
        raise InvalidParam(f"{where}: must be an object or null.", params=where)
    given = cast("dict[str, object]", stored)
    logic = given.get("logical_operator") or "and"
    if logic not in ("and", "or"):
        raise InvalidParam(f"{where}.logical_operator: must be 'and' or 'or'.", params=where)
    listed = given.get("conditions")
    if listed is None:
        return logic, ()
    if not isinstance(listed, list):
        raise InvalidParam(f"{where}.conditions: must be a list or null.", params=where)
    found = [_read(item, f"{where}.conditions.{place}") for place, item in enumerate(cast("list[object]", listed))]
    return logic, tuple(found)


def _read(item: object, where: str) -> MetadataCondition:
    given = cast("dict[str, object]", item) if isinstance(item, dict) else {}
    name, operator = given.get("name"), given.get("comparison_operator")
    if not isinstance(name, str) or not name:
        raise InvalidParam(f"{where}.name: is required.", params=where)
    if not isinstance(operator, str) or operator not in OPERATORS:
        known = ", ".join(sorted(OPERATORS))
        raise InvalidParam(f"{where}.comparison_operator: must be one of {known}.", params=where)
    return MetadataCondition(name, operator, given.get("value"))


def restriction(
    column: JsonColumn, conditions: Sequence[MetadataCondition], logic: LogicalOperator
) -> ColumnElement[bool] | None:
    """Which documents count by the metadata in ``column``; None when nothing restricts them.

    A condition without a value restricts nothing. Raises `InvalidParam` for an operator or a value that can't be.
    """
    found = [test for condition in conditions if (test := _test(column, condition)) is not None]
    if not found:
        return None
    return or_(*found) if logic == "or" else and_(*found)


def _test(column: JsonColumn, condition: MetadataCondition) -> ColumnElement[bool] | None:
    operator, value = condition.comparison_operator, condition.value
    if operator not in OPERATORS:
        raise InvalidParam(f"Metadata field {condition.name!r}: there is no comparison {operator!r}.")
    text = field_text(column, condition.name)
    if operator == "empty":
        return text.is_(None)
    if operator == "not empty":
        return text.is_not(None)
    if value is None:
        return None
    if operator in {"in", "not in"}:
        return _among(text, value, negated=operator == "not in")
    if operator in {"is", "="}:
        return _equal(column, condition, text)
    if operator in {"is not", "≠"}:
        return not_(_equal(column, condition, text))
    if operator == "not contains":
        return not_(contains(text, _as_text(value)))
    if operator in _TEXT_TESTS:
        return _TEXT_TESTS[operator](text, _as_text(value))
    return _ordered(column, condition)


def _equal(column: JsonColumn, condition: MetadataCondition, text: ColumnElement[str]) -> ColumnElement[bool]:
    """By text, and by number where the value is or spells one: 5 is stored as 5 or as 5.0."""
    number = as_number(condition.value)
    if number is None:
        return same_text(text, _as_text(condition.value))
    equal = field_number(column, condition.name) == number
    if isinstance(condition.value, str):
        # Where the field holds no number the comparison is unknown, which must not hide that the texts differ.
        return same_text(text, condition.value) | (equal & field_number(column, condition.name).is_not(None))
    return equal


def _among(text: ColumnElement[str], value: object, *, negated: bool) -> ColumnElement[bool]:
    if isinstance(value, list | tuple):
        wanted = [_as_text(item) for item in cast("Sequence[object]", value) if item is not None]
    else:
        wanted = [part.strip() for part in _as_text(value).split(",") if part.strip()]
    if not wanted:
        return true() if negated else false()
    found = or_(*[same_text(text, item) for item in wanted])
    return not_(found) if negated else found


def _ordered(column: JsonColumn, condition: MetadataCondition) -> ColumnElement[bool]:
    number = as_number(condition.value)
    if number is None:
        raise InvalidParam(
            f"Metadata field {condition.name!r}: {condition.comparison_operator!r} compares with a number "
            f"(times are seconds since 1970), not with {condition.value!r}."
        )
    field = field_number(column, condition.name)
    match condition.comparison_operator:
        case ">" | "after":
            return field > number
        case "<" | "before":
            return field < number
        case "≥" | ">=":
            return field >= number
        case _:
            return field <= number


def as_number(value: object) -> float | None:
    """A finite number, or a text that spells one; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
