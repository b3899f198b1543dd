"""Parameter values as DSL files hold them: constants, texts with references, variables (workflow.md 3.16, 3.17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

import msgspec

from orrery.workflow.fields import as_mapping, as_selector, as_text
from orrery.workflow.node import Selector, Variables
from orrery.workflow.nodes.tool_errors import ToolParameterError
from orrery.workflow.segments import text_of
from orrery.workflow.template import references_in

_KINDS: Final = frozenset({"mixed", "variable", "constant"})


class ParameterInput(msgspec.Struct, frozen=True):
    """One value: ``mixed`` and ``constant`` hold a value whose texts may refer to variables, ``variable`` a selector."""

    kind: str
    value: object

    @property
    def selector(self) -> tuple[str, ...]:
        return as_selector(self.value)

    def references(self) -> list[Selector]:
        if self.kind == "variable":
            return [self.selector] if self.selector else []
        return [reference for text in _texts(self.value) for reference in references_in(text)]


def read_input(stored: object) -> ParameterInput | None:
    """An input in its stored form ``{type, value}``; None for anything else."""
    fields = as_mapping(stored)
    if "type" not in fields or "value" not in fields:
        return None
    return ParameterInput(as_text(fields["type"]), fields["value"])


def read_inputs(stored: object) -> dict[str, ParameterInput]:
    """The inputs of an object, by name; a plain value is a constant."""
    return {
        str(name): read_input(value) or ParameterInput("constant", value) for name, value in as_mapping(stored).items()
    }


def require_known(given: ParameterInput) -> None:
    """Raises `ToolParameterError` for a kind that this version doesn't know."""
    if given.kind not in _KINDS:
        raise ToolParameterError(f"Unknown tool input type '{given.kind}'")


def missing(given: ParameterInput) -> ToolParameterError:
    """The failure of a variable that isn't there."""
    return ToolParameterError(f"Variable {list(given.selector)} does not exist")


def rendered(given: ParameterInput, variables: Variables) -> str:
    """A mixed or constant value as text, references filled in."""
    return variables.render(given.value if isinstance(given.value, str) else _plain(given.value))


def filled(value: object, variables: Variables) -> object:
    """The value with the references of all texts inside filled in; everything else stays as it is."""
    if isinstance(value, str):
        return variables.render(value)
    if isinstance(value, Mapping):
        return {key: filled(item, variables) for key, item in cast("Mapping[str, object]", value).items()}
    if isinstance(value, (list, tuple)):
        return [filled(item, variables) for item in cast("Sequence[object]", value)]
    return value


def _plain(value: object) -> str:
    return text_of(cast("object", value)) if isinstance(value, (dict, list)) else str(value)


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for item in cast("Mapping[str, object]", value).values() for text in _texts(item)]
    if isinstance(value, (list, tuple)):
        return [text for item in cast("Sequence[object]", value) for text in _texts(item)]
    return []
