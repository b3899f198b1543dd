"""Answers that say nothing, and variables of the wrong type for the node that reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from orrery.workflow.check.inspection import Inspection
from orrery.workflow.check.stored import StoredNode
from orrery.workflow.fields import as_list, as_mappings, as_selector, as_text

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
        if item.get("value_type") != "variable" or not as_list(item.get("value")):
            continue
        found = inspection.shape(node, as_selector(item.get("value"))).type
        if found not in {"any", declared, "array[any]"}:
            inspection.report.error(
                f"The variable is declared as {declared}, but starts with a value of type {found}",
                "Choose a value of that type, or change the type.",
                node=node,
                field=f"loop_variables[{place}].value",
            )
