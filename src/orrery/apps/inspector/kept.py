"""Which of a node's results become draft variables (workflow.md 7.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from orrery.apps.workflows.variables import Variable
from orrery.workflow.events import NodeFinished
from orrery.workflow.graph_node import START_TYPES
from orrery.workflow.segments import infer_type

SYSTEM = "sys"
CONVERSATION = "conversation"
NO_OUTPUTS = "__dummy__"
"""The name that marks a node that ran and had no outputs."""

LONGEST_NAME = 255
_EDITABLE_SYSTEM = frozenset({"query", "files"})
_LEFT_OUT: Mapping[str, frozenset[str]] = {"llm": frozenset({"finish_reason"}), "loop": frozenset({"loop_round"})}


class KeptValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value with its place. ``execution_id`` is None for what no execution brought."""

    node_id: str
    name: str
    value: object
    value_type: str
    description: str = ""
    visible: bool = True
    editable: bool = True
    execution_id: str | None = None

    @property
    def place(self) -> tuple[str, str]:
        return self.node_id, self.name


def kept_values(event: NodeFinished, declared: Mapping[str, Variable]) -> list[KeptValue]:
    """``declared`` are the conversation variables by name.

    Of nodes inside containers only what assigners write is kept. A node that failed leaves what was there before.
    """
    found = [
        _conversation(declared[write.name], write.value, event.id)
        for write in event.conversation_writes
        if write.kept and write.name in declared
    ]
    inside = event.marks.iteration_id is not None or event.marks.loop_id is not None
    if inside or event.status == "failed":
        return found
    outputs = list(_outputs(event))
    if not any(item.node_id == event.node_id for item in outputs):
        outputs.append(_marker(event))
    return found + outputs


def default_of(variable: Variable) -> KeptValue:
    """A conversation variable as its draft declares it."""
    return _conversation(variable, variable["value"], None)


def type_of(node_id: str, name: str, value: object) -> str:
    """The type of a node's or the system's value."""
    # An empty list does not say that it is one of files.
    return "array[file]" if (node_id, name) == (SYSTEM, "files") else infer_type(value)


def _conversation(variable: Variable, value: object, execution_id: str | None) -> KeptValue:
    return KeptValue(
        node_id=CONVERSATION,
        name=str(variable["name"]),
        value=value,
        value_type=str(variable["value_type"]),
        description=str(variable.get("description") or ""),
        execution_id=execution_id,
    )


def _outputs(event: NodeFinished) -> Iterator[KeptValue]:
    left_out = _LEFT_OUT.get(event.node_type, frozenset())
    starts = event.node_type in START_TYPES
    for name, value in event.outputs.items():
        if name in left_out or not name or len(name) > LONGEST_NAME:
            continue
        if starts and name.startswith("sys."):
            bare = name.removeprefix("sys.")
            open_to_all = bare in _EDITABLE_SYSTEM
            place = (SYSTEM, bare, open_to_all, open_to_all)
        else:
            place = (event.node_id, name, event.node_type != "if-else", True)
        yield KeptValue(
            node_id=place[0],
            name=place[1],
            value=value,
            value_type=type_of(place[0], place[1], value),
            visible=place[2],
            editable=place[3],
            execution_id=event.id,
        )


def _marker(event: NodeFinished) -> KeptValue:
    return KeptValue(
        node_id=event.node_id,
        name=NO_OUTPUTS,
        value=None,
        value_type="none",
        visible=False,
        editable=False,
        execution_id=event.id,
    )
