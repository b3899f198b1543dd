"""The ``list-operator`` node: filter, pick, order and cut a list (workflow.md 3.9)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Literal, cast

import msgspec

from orrery.workflow.node import NodeContext, NodeFailure, NodeKindName, NodeOutcome, Selector, Variables
from orrery.workflow.nodes.prompt_template import references
from orrery.workflow.segments import file_attribute, infer_type

Test = Callable[[object], bool]

_ARRAYS = frozenset({"array[string]", "array[number]", "array[file]", "array[boolean]"})
_FILE_TEXT_KEYS = frozenset({"name", "extension", "mime_type", "url", "related_id"})
_FILE_CHOICE_KEYS = frozenset({"type", "transfer_method"})
_NUMBER_TESTS: Mapping[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "≠": operator.ne,
    "<": operator.lt,
    "≤": operator.le,
    ">": operator.gt,
    "≥": operator.ge,
}
_TEXT_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda item, value: value in item,
    "start with": lambda item, value: item.startswith(value),
    "end with": lambda item, value: item.endswith(value),
    "is": lambda item, value: item == value,
    "in": lambda item, value: item in value,
    "empty": lambda item, _: not item,
    "not contains": lambda item, value: value not in item,
    "is not": lambda item, value: item != value,
    "not in": lambda item, value: item not in value,
    "not empty": lambda item, _: bool(item),
}


class ListOperatorError(NodeFailure):
    """The list isn't one, or can't be worked on in this way."""


class InvalidConditionError(ListOperatorError):
    """An operator or value that the elements don't know."""


class InvalidKeyError(ListOperatorError):
    """A key that files don't have, or a place beyond the list."""


class UncheckedSerialError(ListOperatorError):
    """A place that is no place in any list; told the way an unforeseen failure is."""

    error_type = "WorkflowNodeError"


class Condition(msgspec.Struct, frozen=True):
    comparison_operator: str = "contains"
    key: str | None = ""
    value: str | bool | float | tuple[str, ...] | None = ""


class FilterBy(msgspec.Struct, frozen=True):
    enabled: bool = False
    conditions: tuple[Condition, ...] | None = ()


class ExtractBy(msgspec.Struct, frozen=True):
    enabled: bool = False
    serial: str | int | None = "1"


class OrderBy(msgspec.Struct, frozen=True):
    enabled: bool = False
    key: str | None = ""
    value: Literal["asc", "desc"] | None = "asc"


class Limit(msgspec.Struct, frozen=True):
    enabled: bool = False
    size: int = -1


class ListData(msgspec.Struct, frozen=True, kw_only=True):
    """Data of a ``list-operator`` node."""

    variable: tuple[str, ...] = ()
    filter_by: FilterBy = FilterBy()
    extract_by: ExtractBy = ExtractBy()
    order_by: OrderBy = OrderBy()
    limit: Limit = Limit()


class ListOperatorNode:
    """Works on lists of strings, numbers, booleans or files; the list itself is not changed."""

    type: ClassVar[str] = "list-operator"
    kind: ClassVar[NodeKindName] = "executable"
    repeatable: ClassVar[bool] = True

    def __init__(self, node_id: str, data: ListData) -> None:
        self.node_id = node_id
        self._data = data

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> ListOperatorNode:
        return cls(node_id, msgspec.convert(data, ListData, strict=False))

    def references(self) -> Sequence[Selector]:
        texts = [condition.value for condition in self._data.filter_by.conditions or ()]
        texts.append(str(self._data.extract_by.serial or ""))
        found = [reference for text in texts if isinstance(text, str) for reference in references(text)]
        return [self._data.variable, *found]

    async def run(self, context: NodeContext) -> NodeOutcome:
        selector = list(self._data.variable)
        value = context.variables.get(selector)
        if value is None and not context.variables.exists(selector):
            raise ListOperatorError(f"Variable not found for selector: {selector}")
        record = {"variable": value}
        if value == []:
            return _outcome([], record)
        kind = infer_type(value)
        if kind not in _ARRAYS:
            raise ListOperatorError(f"Variable {selector} is not an array type, actual type: {kind}", inputs=record)
        try:
            items = self._work(list(cast("Sequence[object]", value)), kind, context.variables)
        except NodeFailure as failure:
            failure.inputs = failure.process_data = record
            raise
        return _outcome(items, record)

    def _work(self, items: list[object], kind: str, variables: Variables) -> list[object]:
        data = self._data
        if data.filter_by.enabled:
            for condition in data.filter_by.conditions or ():
                test = _test(condition, kind, variables)
                items = [item for item in items if test(item)]
        if data.extract_by.enabled:
            items = [_pick(items, variables.render(str(data.extract_by.serial or "")))]
        if data.order_by.enabled:
            key = _order_key(data.order_by.key or "", kind)
            items = sorted(items, key=key, reverse=data.order_by.value == "desc")
        if data.limit.enabled:
            items = items[: data.limit.size]
        return items


def _outcome(items: list[object], record: Mapping[str, object]) -> NodeOutcome:
    return NodeOutcome(
        inputs=record,
        process_data=record,
        outputs={
            "result": items,
            "first_record": items[0] if items else None,
            "last_record": items[-1] if items else None,
        },
    )


def _pick(items: Sequence[object], serial: str) -> object:
    try:
        place = int(serial)
    except ValueError as error:
        raise UncheckedSerialError(str(error)) from error
    if place < 1:
        raise UncheckedSerialError(f"Invalid serial index: must be >= 1, got {place}")
    if place > len(items):
        raise InvalidKeyError(f"Invalid serial index: must be <= {len(items)}, got {place}")
    return items[place - 1]


def _test(condition: Condition, kind: str, variables: Variables) -> Test:
    """The condition as a test of one element. Raises `InvalidConditionError`, `InvalidKeyError`."""
    value = variables.render(condition.value) if isinstance(condition.value, str) else condition.value
    match kind:
        case "array[string]":
            return _text_test(condition.comparison_operator, value)
        case "array[number]":
            return _number_test(condition.comparison_operator, value)
        case "array[boolean]":
            return _boolean_test(condition.comparison_operator, value)
        case _:
            return _file_test(condition.key or "", condition.comparison_operator, value)


def _text_test(name: str, value: object) -> Test:
    test = _TEXT_TESTS.get(name)
    if test is None:
        raise InvalidConditionError(f"Invalid condition: {name}")
    wanted = "" if value is None else str(value)
    return lambda item: test(str(item), wanted)


def _number_test(name: str, value: object) -> Test:
    test = _NUMBER_TESTS.get(name)
    if test is None:
        raise InvalidConditionError(f"Invalid condition: {name}")
    try:
        wanted = float(str(value))
    except ValueError as error:
        raise InvalidConditionError(f"Invalid condition: {value} is not a number") from error
    return lambda item: isinstance(item, int | float) and test(item, wanted)


def _boolean_test(name: str, value: object) -> Test:
    if not isinstance(value, bool):
        raise InvalidConditionError(f"Invalid condition: {value} is not a boolean")
    if name not in {"is", "is not"}:
        raise InvalidConditionError(f"Invalid condition: {name}")
    return lambda item: (item is value) == (name == "is")


def _file_test(key: str, name: str, value: object) -> Test:
    if key in _FILE_TEXT_KEYS:
        text_test = _text_test(name, value)
        return lambda item: text_test(_attribute(item, key))
    if key in _FILE_CHOICE_KEYS:
        if name not in {"in", "not in"} or not isinstance(value, tuple):
            raise InvalidConditionError(f"Invalid condition: {name} with {value!r}")
        choices = cast("tuple[str, ...]", value)
        return lambda item: (_attribute(item, key) in choices) == (name == "in")
    if key == "size":
        number_test = _number_test(name, value)
        return lambda item: number_test(_size(item))
    raise InvalidKeyError(f"Invalid key: {key}")


def _attribute(item: object, key: str) -> str:
    value = file_attribute(cast("Mapping[str, object]", item), key)
    return "" if value is None else str(value)


def _size(item: object) -> float:
    size = cast("Mapping[str, object]", item).get("size")
    return size if isinstance(size, int | float) else 0


def _order_key(key: str, kind: str) -> Callable[[object], str | float]:
    if kind == "array[string]":
        return str
    if kind != "array[file]":
        return lambda item: cast("float", item)
    if key == "size":
        return _size
    if key in _FILE_TEXT_KEYS or key in _FILE_CHOICE_KEYS:
        return lambda item: _attribute(item, key)
    raise InvalidKeyError(f"Invalid order key: {key}")
