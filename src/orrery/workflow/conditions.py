"""Conditions over variables, as if-else, loops and list operators use them (workflow.md 3.2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, cast

import msgspec

from orrery.workflow.fields import as_list, as_mapping, as_mappings, as_selector, as_text
from orrery.workflow.pool import Pool
from orrery.workflow.segments import file_attribute, is_file

_FILE_LIST_OPERATORS: Final = frozenset({"contains", "not contains", "all of"})


class FileCondition(msgspec.Struct, frozen=True):
    """A condition on one attribute of each file of a list."""

    key: str
    operator: str
    value: object


class Condition(msgspec.Struct, frozen=True):
    """One comparison. ``files`` are its sub-conditions, joined by ``files_logic``."""

    selector: tuple[str, ...]
    operator: str
    value: object
    files: tuple[FileCondition, ...] = ()
    files_logic: Literal["and", "or"] = "and"


class Verdict(msgspec.Struct):
    """What a group of conditions came to; ``compared`` is what the node's record shows of each comparison."""

    result: bool
    results: list[bool]
    compared: list[dict[str, object]]


def parse_logic(value: object) -> Literal["and", "or"]:
    """The logical operator of a group; anything unknown joins by ``and``."""
    return "or" if value == "or" else "and"


def parse_conditions(stored: object) -> tuple[Condition, ...]:
    """The stored list of conditions; items that are no mappings are left out."""
    return tuple(_parse_condition(item) for item in as_mappings(stored))


def _parse_condition(item: Mapping[str, object]) -> Condition:
    sub = as_mapping(item.get("sub_variable_condition"))
    return Condition(
        selector=as_selector(item.get("variable_selector")),
        operator=as_text(item.get("comparison_operator")),
        value=item.get("value"),
        files=tuple(
            FileCondition(as_text(part.get("key")), as_text(part.get("comparison_operator")), part.get("value"))
            for part in as_mappings(sub.get("conditions"))
        ),
        files_logic=parse_logic(sub.get("logical_operator")),
    )


def judge(conditions: Sequence[Condition], logic: Literal["and", "or"], pool: Pool) -> Verdict:
    """Evaluates a group, stopping as soon as its result is known.

    Raises ValueError or TypeError with the contract's text for missing variables and values that can't be compared.
    """
    verdict = Verdict(result=logic == "and", results=[], compared=[])
    for condition in conditions:
        result = _judge_one(condition, pool, verdict.compared)
        verdict.results.append(result)
        if result is (logic == "or"):
            break
    verdict.result = all(verdict.results) if logic == "and" else any(verdict.results)
    return verdict


def _judge_one(condition: Condition, pool: Pool, compared: list[dict[str, object]]) -> bool:
    if not pool.exists(condition.selector):
        raise ValueError(f"Variable {list(condition.selector)} not found")
    actual, operator, expected = pool.get(condition.selector), condition.operator, condition.value
    if operator in _FILE_LIST_OPERATORS and pool.type_of(condition.selector) == "array[file]":
        if not condition.files:
            raise ValueError("Sub variable is required")
        return _judge_files(as_mappings(actual), condition)
    if isinstance(expected, str):
        expected = pool.render(expected)
    if isinstance(actual, bool) or pool.type_of(condition.selector) == "array[boolean]":
        expected = _expected_boolean(expected)
    compared.append({"actual_value": actual, "expected_value": expected, "comparison_operator": operator})
    return compare(operator, actual, expected)


def _judge_files(files: Sequence[Mapping[str, object]], condition: Condition) -> bool:
    results: list[bool] = []
    for part in condition.files:
        values = [file_attribute(file, part.key) if is_file(file) else None for file in files]
        expected = part.value
        if part.key == "extension":
            values = [_dotted(value) for value in values]
            expected = _dotted(expected)
        each = [compare(part.operator, value, expected) for value in values]
        results.append(all(each) if "not" in part.operator else any(each))
    return all(results) if condition.files_logic == "and" else any(results)


def _dotted(extension: object) -> object:
    if isinstance(extension, str) and extension and not extension.startswith("."):
        return f".{extension}"
    return extension


def _expected_boolean(expected: object) -> object:
    if expected is None:
        return None
    if isinstance(expected, (list, tuple)):
        return [_as_boolean(item) for item in as_list(cast("object", expected))]
    return _as_boolean(expected)


def _as_boolean(value: object) -> bool:
    if isinstance(value, str):
        value = json.loads(value) if value else None
    if isinstance(value, (bool, int)):
        return bool(value)
    raise TypeError(f"unexpected value: type={type(value)}, value={value}")


def compare(operator: str, actual: object, expected: object) -> bool:
    """One comparison of plain values. Raises ValueError or TypeError when they can't be compared."""
    operation = _OPERATIONS.get(operator)
    if operation is None:
        raise ValueError(f"Unsupported operator: {operator}")
    return operation(actual, expected)


def _contains(actual: object, expected: object) -> bool:
    if not actual:
        return False
    if isinstance(actual, str):
        return str(expected) in actual
    if isinstance(actual, list):
        return expected in cast("list[object]", actual)
    raise ValueError("Invalid actual value type: string or array")


def _affix(actual: object, expected: object, test: Callable[[str, str], bool]) -> bool:
    if not actual:
        return False
    if not isinstance(actual, str):
        raise ValueError("Invalid actual value type: string")  # noqa: TRY004 - the contract's texts are ValueErrors
    if not isinstance(expected, str):
        raise ValueError("Invalid expected value type: string")  # noqa: TRY004
    return test(actual, expected)


def _is(actual: object, expected: object) -> bool:
    if not isinstance(actual, (str, bool)):
        raise ValueError("Invalid actual value type: string or boolean")  # noqa: TRY004
    return actual == expected


def _in(actual: object, expected: object) -> bool:
    if not isinstance(expected, list):
        raise ValueError("Invalid expected value type: array")  # noqa: TRY004
    return actual in cast("list[object]", expected)


def _all_of(actual: object, expected: object) -> bool:
    wanted = as_list(expected)
    if not isinstance(expected, list) or not (
        all(isinstance(item, str) for item in wanted) or all(isinstance(item, bool) for item in wanted)
    ):
        raise ValueError("Invalid expected value type: array")
    if not actual:
        return False
    return all(_contains(actual, item) for item in wanted)


def _equals(actual: object, expected: object) -> bool:
    if isinstance(actual, bool):
        return actual == bool(expected)
    if isinstance(actual, int):
        return actual == int(cast("int | str", expected))
    if isinstance(actual, float):
        return actual == float(cast("float | str", expected))
    raise ValueError("Invalid actual value type: number or boolean")


def _numbers(actual: object, expected: object) -> tuple[float, float]:
    if not isinstance(actual, (int, float)):
        raise ValueError("Invalid actual value type: number")  # noqa: TRY004
    if not isinstance(expected, (int, float, str)):
        raise ValueError(f"Cannot convert '{expected}' to number")  # noqa: TRY004
    try:
        number = float(expected) if isinstance(expected, str) else expected
    except ValueError:
        raise ValueError(f"Cannot convert '{expected}' to number") from None
    if isinstance(actual, int) and isinstance(number, float) and number.is_integer():
        number = int(number)
    return actual, number


def _ordered(test: Callable[[float, float], bool]) -> Callable[[object, object], bool]:
    return lambda actual, expected: actual is not None and test(*_numbers(actual, expected))


_OPERATIONS: Final[Mapping[str, Callable[[object, object], bool]]] = {
    "contains": _contains,
    "not contains": lambda a, e: not _contains(a, e),
    "start with": lambda a, e: _affix(a, e, str.startswith),
    "end with": lambda a, e: _affix(a, e, str.endswith),
    "is": lambda a, e: a is not None and _is(a, e),
    "is not": lambda a, e: a is not None and not _is(a, e),
    "empty": lambda a, _: not a,
    "not empty": lambda a, _: bool(a),
    "in": lambda a, e: bool(a) and _in(a, e),
    "not in": lambda a, e: not a or not _in(a, e),
    "all of": _all_of,
    "=": lambda a, e: a is not None and _equals(a, e),
    "≠": lambda a, e: a is not None and not _equals(a, e),
    ">": _ordered(lambda a, e: a > e),
    "<": _ordered(lambda a, e: a < e),
    "≥": _ordered(lambda a, e: a >= e),
    "≤": _ordered(lambda a, e: a <= e),
    "null": lambda a, _: a is None,
    "not null": lambda a, _: a is not None,
    "exists": lambda a, _: a is not None,
    "not exists": lambda a, _: a is None,
}
