"""Variables of the app: environment and conversation variables, and who writes to them (workflow.md 1.5, 3.6)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from orrery.workflow.check.inspection import Inspection
from orrery.workflow.check.stored import StoredNode
from orrery.workflow.fields import as_mappings, as_selector, as_text
from orrery.workflow.node import NodeFailure
from orrery.workflow.nodes.assigner_operations import NEEDS_NO_VALUE, check_operation, checked_value
from orrery.workflow.segments import element_type

_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,99}")
_NUMBERS: Final = frozenset({"number", "integer", "float"})
_ENVIRONMENT: Final = _NUMBERS | {"string", "secret"}
_CONVERSATION: Final = _NUMBERS | {
    "string",
    "boolean",
    "object",
    "array[string]",
    "array[number]",
    "array[object]",
    "array[boolean]",
}


def check_variables(inspection: Inspection) -> None:
    """The lists of variables, and every assigner."""
    _check_list(inspection, "environment_variables", inspection.environment, _ENVIRONMENT)
    _check_list(inspection, "conversation_variables", inspection.conversation, _CONVERSATION)
    for place, item in enumerate(inspection.environment):
        if item.get("value_type") == "secret" and not item.get("value"):
            inspection.report.warning(
                f"The secret {item.get('name')} is empty: files are shared without their secrets",
                "Give its value.",
                field=f"environment_variables[{place}].value",
            )
    for node in inspection.graph.of_type("assigner"):
        if str(node.data.get("version") or "1") == "1":
            _check_first_assigner(inspection, node)
        else:
            _check_assigner(inspection, node)


def _check_list(
    inspection: Inspection, field: str, items: Sequence[Mapping[str, object]], kinds: frozenset[str]
) -> None:
    seen: set[str] = set()
    for place, item in enumerate(items):
        name, kind, where = as_text(item.get("name")), as_text(item.get("value_type")), f"{field}[{place}]"
        if not _NAME.fullmatch(name):
            inspection.report.error(
                f"'{name}' can't be the name of a variable",
                "Use letters, digits and underscores.",
                field=f"{where}.name",
            )
        elif name in seen:
            inspection.report.error(f"Two variables have the name '{name}'", "Rename one.", field=f"{where}.name")
        seen.add(name)
        if kind not in kinds:
            inspection.report.error(
                f"The variable {name} can't be of type '{kind}'",
                f"Use one of: {', '.join(sorted(kinds))}.",
                field=f"{where}.value_type",
            )


def _check_assigner(inspection: Inspection, node: StoredNode) -> None:
    for place, item in enumerate(as_mappings(node.data.get("items"))):
        where, target = f"items[{place}]", as_selector(item.get("variable_selector"))
        if len(target) < 2:
            continue  # told with the references
        if target[0] not in {"conversation", *(c.id for c in inspection.graph.containers_of(node))}:
            inspection.report.warning(
                f"{'.'.join(target)} is neither a conversation variable nor one of a loop: nobody keeps what is written",
                "Write to a conversation or loop variable.",
                node=node,
                field=f"{where}.variable_selector",
            )
        known = inspection.shape(node, target).type
        operation = as_text(item.get("operation"), "over-write")
        input_type = as_text(item.get("input_type"), "variable")
        if known == "any":
            continue
        if input_type == "variable" and operation not in NEEDS_NO_VALUE:
            _check_source(inspection, node, f"{where}.value", operation, known, as_selector(item.get("value")))
        try:
            check_operation(operation, known, input_type)
            if input_type != "variable" and operation not in NEEDS_NO_VALUE:
                checked_value(operation, known, item.get("value"))
        except NodeFailure as failure:
            inspection.report.error(failure.message, f"The variable is of type {known}.", node=node, field=where)


def _check_first_assigner(inspection: Inspection, node: StoredNode) -> None:
    mode = as_text(node.data.get("write_mode"), "over-write")
    known = inspection.shape(node, as_selector(node.data.get("assigned_variable_selector"))).type
    source = as_selector(node.data.get("input_variable_selector"))
    if mode != "clear" and known != "any":
        _check_source(inspection, node, "input_variable_selector", mode, known, source)


def _check_source(
    inspection: Inspection, node: StoredNode, field: str, operation: str, target: str, source: tuple[str, ...]
) -> None:
    found = inspection.shape(node, source).type
    if not _can_take(operation, target, found):
        inspection.report.error(
            f"{'.'.join(source)} is of type {found}, which '{operation}' can't put into a variable of type {target}",
            "Choose a variable of a type that fits.",
            node=node,
            field=field,
        )


def _can_take(operation: str, target: str, source: str) -> bool:
    """Whether a value of the type ``source`` may be given to an operation on a variable of the type ``target``."""
    if "any" in {target, source} or operation not in {"over-write", "append", "extend"}:
        return True
    if operation == "append":
        wanted = element_type(target)
        return source in ({"string", "number", "object"} if wanted == "any" else {wanted})
    loose = target.startswith("array[") and source.startswith("array[") and "array[any]" in {target, source}
    return loose or source == target
