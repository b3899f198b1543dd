"""Forms: the start node's, and those that wait for a person (workflow.md 1.6, 3.19)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from orrery.workflow.check.inspection import Inspection
from orrery.workflow.check.outputs import FORM_TYPES
from orrery.workflow.check.stored import StoredNode
from orrery.workflow.fields import as_list, as_mapping, as_mappings, as_text
from orrery.workflow.nodes.human_input_content import fields_in

_NAME: Final = re.compile(
    r"[A-Za-z_一-龥\U0001f300-\U0001f64f\U0001f680-\U0001f6ff][0-9A-Za-z_一-龥\U0001f300-\U0001f64f\U0001f680-\U0001f6ff]{0,99}"
)
_REFERABLE: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,29}")


def check_forms(inspection: Inspection) -> None:
    """Every start form and every human-input node."""
    for node in inspection.graph.of_type("start"):
        _check_start(inspection, node)
    for node in inspection.graph.of_type("human-input"):
        _check_human_input(inspection, node)


def _check_start(inspection: Inspection, node: StoredNode) -> None:
    seen: set[str] = set()
    for place, field in enumerate(as_mappings(node.data.get("variables"))):
        where, name = f"variables[{place}]", as_text(field.get("variable"))
        if not _NAME.fullmatch(name):
            inspection.report.error(
                f"'{name}' can't be the name of an input",
                "Use up to 100 letters, digits and underscores, a letter first.",
                node=node,
                field=f"{where}.variable",
            )
        elif not _REFERABLE.fullmatch(name):
            inspection.report.warning(
                f"Texts can't refer to '{name}': names in {{{{#…#}}}} have at most 30 letters, digits and underscores",
                "Give the input a shorter name of plain letters.",
                node=node,
                field=f"{where}.variable",
            )
        if name in seen:
            inspection.report.error(
                f"Two inputs have the name '{name}'", "Rename one.", node=node, field=f"{where}.variable"
            )
        seen.add(name)
        _check_field(inspection, node, where, field)


def _check_field(inspection: Inspection, node: StoredNode, where: str, field: Mapping[str, object]) -> None:
    report, kind = inspection.report, as_text(field.get("type"))
    if kind not in FORM_TYPES:
        report.error(
            f"Unknown type of input '{kind}'",
            f"Use one of: {', '.join(sorted(FORM_TYPES))}.",
            node=node,
            field=f"{where}.type",
        )
    limit = field.get("max_length")
    if isinstance(limit, int | float) and not isinstance(limit, bool) and limit < 0:
        report.error("The greatest length is negative", "Give a length.", node=node, field=f"{where}.max_length")
    if kind == "select":
        options, default = as_list(field.get("options")), field.get("default")
        if not options:
            report.error("There is nothing to choose from", "Add options.", node=node, field=f"{where}.options")
        elif default not in {None, ""} and default not in options:
            report.error(
                f"The default '{default}' is not among the options",
                "Choose one of them.",
                node=node,
                field=f"{where}.default",
            )
    elif kind in {"file", "file-list"}:
        types = as_list(field.get("allowed_file_types"))
        if "custom" in types and not as_list(field.get("allowed_file_extensions")):
            report.warning(
                "Other file types are allowed, but none is named",
                "Name their extensions.",
                node=node,
                field=f"{where}.allowed_file_extensions",
            )
    elif kind == "json_object":
        _check_schema(inspection, node, where, field.get("json_schema"))


def _check_schema(inspection: Inspection, node: StoredNode, where: str, schema: object) -> None:
    if not schema:
        return
    # jsonschema takes 60 ms to import, and few apps ask for it.
    from jsonschema import Draft7Validator, SchemaError

    problem, fields = "", as_mapping(schema)
    if fields.get("type") != "object":
        problem = "its type is not object"
    else:
        try:
            Draft7Validator.check_schema(fields)
        except SchemaError as error:
            problem = error.message
    if problem:
        inspection.report.error(
            f"The schema is not valid: {problem}", "Correct the schema.", node=node, field=f"{where}.json_schema"
        )


def _check_human_input(inspection: Inspection, node: StoredNode) -> None:
    data, report = node.data, inspection.report
    if (data.get("required_variables") or data.get("pause_reason")) and not data.get("user_actions"):
        report.error(
            "This human-input node is of an old kind that has no form",
            "Give it a form and actions.",
            node=node,
            field="user_actions",
        )
        return
    if not as_list(data.get("user_actions")):
        report.error("Nobody can answer: there is no action", "Add an action.", node=node, field="user_actions")
    names = {as_text(item.get("output_variable_name")) for item in as_mappings(data.get("inputs"))}
    placed = set(fields_in(as_text(data.get("form_content"))))
    for name in sorted(placed - names):
        report.error(
            f"The form shows a field '{name}' that it doesn't have",
            "Add the field, or take it out of the text.",
            node=node,
            field="form_content",
        )
    for name in sorted(names - placed - {""}):
        report.warning(
            f"The field '{name}' is nowhere in the form's text", "Place it there.", node=node, field="form_content"
        )
    methods = [item for item in as_mappings(data.get("delivery_methods")) if item.get("enabled")]
    by_trigger = not inspection.graph.of_type("start")
    usable = [item for item in methods if not (by_trigger and item.get("type") == "webapp")]
    if not usable:
        report.error(
            "Nobody gets the form" + (": runs that a trigger starts have no web app" if methods else ""),
            "Turn on a way to deliver it" + (", by e-mail." if by_trigger else "."),
            node=node,
            field="delivery_methods",
        )
