"""What a run does to the variables of its conversation, as operations: turns that run beside each other lose nothing.

A run sees its own view of the variables: as they were when it began, with what it did to them itself. What is stored
is changed by the same operations, each built on what is stored when it is written (docs/guarantees.md, G6).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias, cast

import msgspec

Operation: TypeAlias = Literal["set", "+=", "-=", "*=", "/=", "append", "extend", "remove-first", "remove-last"]

ARITHMETIC: Final = frozenset({"+=", "-=", "*=", "/="})
ON_ARRAYS: Final = frozenset({"append", "extend", "remove-first", "remove-last"})


class ConversationWrite(msgspec.Struct, frozen=True, omit_defaults=True):
    """One operation on the variable ``name``; all but ``set`` build on what the variable held.

    ``value`` is what it holds afterwards in the run's own view, ``operand`` what an operation other than ``set`` is
    done with. ``kept`` is false for what is not to be stored: its node failed, or an earlier process stored it.
    """

    name: str
    value: object
    operation: Operation = "set"
    operand: object = None
    kept: bool = True

    def on(self, held: object) -> object:
        """What a variable that holds ``held`` holds afterwards; ``value`` where the operation can't be built on it."""
        if self.operation == "set" or not _carries(self.operation, held):
            return self.value
        try:
            return built_on(self.operation, held, self.operand)
        except (ArithmeticError, TypeError, ValueError):  # the commit that this is part of is shared by many runs
            return self.value


class WroteInside(msgspec.Struct, frozen=True, tag="wrote"):
    """Journal entry: a node inside a container wrote. ``place`` leads to it: container, round, ..., node.

    Should the container be done again, this is not written a second time.
    """

    node_id: str
    execution_id: str
    place: Sequence[str]
    writes: Sequence[ConversationWrite]
    order: int = 0


def _carries(operation: Operation, held: object) -> bool:
    if held is None:
        return True
    if operation in ARITHMETIC:
        return isinstance(held, (int, float)) and not isinstance(held, bool)
    return isinstance(held, list)


def built_on(operation: str, held: object, operand: object) -> object:
    """An operation's result; the old value is left as it is, and null counts as zero or empty."""
    if operation in ARITHMETIC:
        return _calculated(operation, cast("float", held or 0), cast("float", operand))
    items = list(cast("Sequence[object]", held or ()))
    if operation == "append":
        return [*items, operand]
    if operation == "extend":
        return [*items, *cast("Sequence[object]", operand)]
    return items[1:] if operation == "remove-first" else items[:-1]


def _calculated(operation: str, held: float, operand: float) -> float:
    if operation == "+=":
        return held + operand
    if operation == "-=":
        return held - operand
    return held * operand if operation == "*=" else held / operand
