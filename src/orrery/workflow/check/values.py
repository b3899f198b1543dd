"""Answers that say nothing, and variables of the wrong type for the node that reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import msgspec

from orrery.workflow.check.inspection import Inspection
from orrery.workflow.check.stored import StoredNode
from orrery.workflow.fields import as_list, as_mapping, as_mappings, as_selector, as_text
from orrery.workflow.segments import ARRAY_TYPES, TypeMismatch, build

_JSON_TYPES: Final = ARRAY_TYPES | {"object", "number", "boolean"}
Wanted: TypeAlias = tuple[str, str, Callable[[str], bool]]

_WANTED: Final[Mapping[str, Wanted]] = {
    "iteration": ("iterator_selector", "a list", lambda kind: kind.startswith("array[")),
    "document-extractor": (
        "variable_selector",
        "a file or a list of files",
        lambda kind: kind in {"file", "array[file]", "array[any]"},
    ),
    "knowledge-retrieval": ("query_variable_selector", "a text", lambda kind: kind == "string"),
}


def check_values(inspection: Inspection) -> None:
    """Ends, answers, and the one variable that some kinds of nodes are about."""
    for node in inspection.graph.of_type("end"):
        _check_end(inspection, node)
    for node in inspection.graph.of_type("answer"):
        if not as_text(node.data.get("answer")).strip():
            inspection.report.warning("The answer is empty", "Write what to say.", node=node, field="answer")
    for kind, (field, wanted, fits) in _WANTED.items():
        for node in inspection.graph.of_type(kind):
            found = inspection.shape(node, as_selector(node.data.get(field))).type
            if found != "any" and not fits(found):
                inspection.report.error(
                    f"This must be {wanted}, but the variable is of type {found}",
                    "Choose another variable.",
                    node=node,
                    field=field,
                )
    for node in inspection.graph.of_type("loop"):
        _check_loop(inspection, node)
    for node in inspection.graph.of_type("trigger-plugin"):
        _check_event(inspection, node)


def _check_end(inspection: Inspection, node: StoredNode) -> None:
    outputs = as_mappings(node.data.get("outputs"))
    if not outputs:
        inspection.report.warning("This end gives nothing back", "Add outputs.", node=node, field="outputs")
    seen: set[str] = set()
    for place, item in enumerate(outputs):
        name, field = as_text(item.get("variable")), f"outputs[{place}].variable"
        if not name:
            inspection.report.error("This output has no name", "Name it.", node=node, field=field)
        elif name in seen:
            inspection.report.warning(
                f"Two outputs have the name '{name}': the later one counts", "Rename one.", node=node, field=field
            )
        seen.add(name)


def _check_loop(inspection: Inspection, node: StoredNode) -> None:
    for place, item in enumerate(as_mappings(node.data.get("loop_variables"))):
        declared = as_text(item.get("var_type"), "string")
        if not as_text(item.get("label")):
            field = f"loop_variables[{place}].label"
            inspection.report.error("This variable has no name", "Name it.", node=node, field=field)
        if item.get("value_type") != "variable":
            _check_constant(inspection, node, f"loop_variables[{place}].value", declared, item.get("value"))
            continue
        if not as_list(item.get("value")):
            continue  # told with the references
        found = inspection.shape(node, as_selector(item.get("value"))).type
        if found not in {"any", declared, "array[any]"}:
            inspection.report.error(
                f"The variable is declared as {declared}, but starts with a value of type {found}",
                "Choose a value of that type, or change the type.",
                node=node,
                field=f"loop_variables[{place}].value",
            )


def _check_constant(inspection: Inspection, node: StoredNode, field: str, declared: str, value: object) -> None:
    """Constants of other types than text come as JSON text; whatever else stands for an array is an empty one."""
    if declared in ARRAY_TYPES and (not isinstance(value, str) or not value.strip()):
        return
    try:
        plain: object = msgspec.json.decode(value) if isinstance(value, str) and declared in _JSON_TYPES else value
        build(declared, plain)
    except (msgspec.DecodeError, TypeMismatch):
        inspection.report.error(
            f"The variable is declared as {declared}, but starts with {value!r}",
            "Give a value of that type, of all types but text as JSON.",
            node=node,
            field=field,
        )


def _check_event(inspection: Inspection, node: StoredNode) -> None:
    for name, parameter in as_mapping(node.data.get("event_parameters")).items():
        if as_text(as_mapping(parameter).get("type"), "constant") != "constant":
            inspection.report.error(
                f"The event parameter {name} must be a constant: nothing runs before a trigger",
                "Give a constant.",
                node=node,
                field=f"event_parameters.{name}",
            )
