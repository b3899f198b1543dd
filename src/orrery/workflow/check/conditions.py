"""Comparisons that can't be made: operators against types, constants that are no numbers or lists."""

from __future__ import annotations

from collections.abc import Mapping

from orrery.workflow.check import operators
from orrery.workflow.check.inspection import Inspection
from orrery.workflow.check.stored import StoredNode
from orrery.workflow.fields import as_list, as_mapping, as_mappings, as_selector, as_text
from orrery.workflow.template import references_in


def check_conditions(inspection: Inspection) -> None:
    """The cases of if-else nodes, the break conditions of loops, the filters of list operators."""
    for node in inspection.graph.of_type("if-else"):
        _check_cases(inspection, node)
    for node in inspection.graph.of_type("loop"):
        _check_group(inspection, node, "break_conditions", node.data.get("break_conditions"), inner=True)
    for node in inspection.graph.of_type("list-operator"):
        _check_list(inspection, node)


def _check_cases(inspection: Inspection, node: StoredNode) -> None:
    cases = as_mappings(node.data.get("cases"))
    if not cases:
        if not as_list(node.data.get("conditions")):
            inspection.report.warning(
                "There is no case, so it always goes on along 'else'", "Add a case.", node=node, field="cases"
            )
        _check_group(inspection, node, "conditions", node.data.get("conditions"), inner=False)
    seen: set[str] = set()
    for place, case in enumerate(cases):
        field = f"cases[{place}]"
        case_id = as_text(case.get("case_id")) or as_text(case.get("id")) or "true"
        if case_id in seen:
            inspection.report.warning(
                f"Two cases have the id {case_id}, so they lead the same way",
                "Delete one and add it again.",
                node=node,
                field=f"{field}.case_id",
            )
        seen.add(case_id)
        if not as_list(case.get("conditions")):
            always = case.get("logical_operator") != "or"
            inspection.report.warning(
                f"A case without conditions {'always' if always else 'never'} holds",
                "Add a condition, or delete the case.",
                node=node,
                field=f"{field}.conditions",
            )
        _check_group(inspection, node, f"{field}.conditions", case.get("conditions"), inner=False)


def _check_group(inspection: Inspection, node: StoredNode, field: str, stored: object, *, inner: bool) -> None:
    for place, condition in enumerate(as_mappings(stored)):
        where = f"{field}[{place}]"
        operator = as_text(condition.get("comparison_operator"))
        selector = as_selector(condition.get("variable_selector"))
        known = inspection.shape(node, selector, inner=inner).type
        if operator not in operators.KNOWN:
            _unknown(inspection, node, where, operator)
        elif operator not in operators.allowed(known):
            inspection.report.error(
                f"'{operator}' can't compare {'.'.join(selector)}, which is of type {known}",
                f"Use one of: {', '.join(sorted(operators.allowed(known)))}.",
                node=node,
                field=f"{where}.comparison_operator",
            )
        elif known == "array[file]" and operator in operators.FILE_LISTS:
            _check_sub(inspection, node, where, condition)
        elif known in {"boolean", "array[boolean]"}:
            _check_boolean(inspection, node, where, condition.get("value"))
        else:
            _check_value(inspection, node, where, operator, condition.get("value"))


def _unknown(inspection: Inspection, node: StoredNode, where: str, operator: str) -> None:
    inspection.report.error(
        f"Unknown comparison '{operator}'" if operator else "No comparison is chosen",
        f"Use one of: {', '.join(sorted(operators.KNOWN))}.",
        node=node,
        field=f"{where}.comparison_operator",
    )


def _check_value(inspection: Inspection, node: StoredNode, where: str, operator: str, value: object) -> None:
    field = f"{where}.value"
    if isinstance(value, str) and references_in(value):
        if operator in operators.CHOICES:
            inspection.report.error(
                f"'{operator}' needs a list of constants to compare with",
                "Give a list, or use 'contains' the other way round.",
                node=node,
                field=field,
            )
        return
    if operator in operators.NUMERIC:
        wrong = value is None or (isinstance(value, str) and not operators.is_number(value))
        if wrong or isinstance(value, list | Mapping):
            inspection.report.error(
                f"'{operator}' needs a number to compare with, not {value!r}", "Give a number.", node=node, field=field
            )
    elif operator in operators.CHOICES and not isinstance(value, list):
        inspection.report.error(
            f"'{operator}' needs a list to compare with", "Choose from the list.", node=node, field=field
        )


def _check_boolean(inspection: Inspection, node: StoredNode, where: str, value: object) -> None:
    """Whatever a boolean is compared with, or with what each of a list, is read as JSON."""
    wrong = [
        item
        for item in ([value] if value is None or isinstance(value, str) else as_list(value))
        if isinstance(item, str) and not references_in(item) and not operators.is_boolean(item)
    ]
    if wrong:
        inspection.report.error(
            f"A boolean can't be compared with {wrong[0]!r}",
            "Choose true or false.",
            node=node,
            field=f"{where}.value",
        )


def _check_sub(inspection: Inspection, node: StoredNode, where: str, condition: Mapping[str, object]) -> None:
    parts = as_mappings(as_mapping(condition.get("sub_variable_condition")).get("conditions"))
    if not parts:
        inspection.report.error(
            "It is not said what about the files is compared",
            "Add a condition on an attribute of the files.",
            node=node,
            field=f"{where}.sub_variable_condition",
        )
    for place, part in enumerate(parts):
        field = f"{where}.sub_variable_condition.conditions[{place}]"
        key = as_text(part.get("key"))
        if operators.allowed_for_file(key) is None:
            _no_such_key(inspection, node, field, key)


def _no_such_key(inspection: Inspection, node: StoredNode, field: str, key: str) -> None:
    inspection.report.error(
        f"Files have no attribute '{key}'",
        "Use name, type, extension, mime_type, transfer_method, url, related_id or size.",
        node=node,
        field=f"{field}.key",
    )


def _check_list(inspection: Inspection, node: StoredNode) -> None:
    known = inspection.shape(node, as_selector(node.data.get("variable"))).type
    if known not in {"any", "array[any]", "array[file]", *operators.OF_ELEMENTS}:
        inspection.report.error(
            f"A list operator works on lists of strings, numbers, booleans or files, not on {known}",
            "Choose such a list.",
            node=node,
            field="variable",
        )
        return
    filters = as_mapping(node.data.get("filter_by"))
    for place, condition in enumerate(as_mappings(filters.get("conditions")) if filters.get("enabled") else ()):
        _check_element(inspection, node, f"filter_by.conditions[{place}]", known, condition)
    order = as_mapping(node.data.get("order_by"))
    key = as_text(order.get("key"))
    if order.get("enabled") and known == "array[file]" and operators.allowed_for_file(key) is None:
        _no_such_key(inspection, node, "order_by", key)
    extract = as_mapping(node.data.get("extract_by"))
    serial = as_text(extract.get("serial"), "1").strip()
    is_constant = bool(extract.get("enabled")) and not references_in(serial)
    if is_constant and (not serial.isdecimal() or int(serial) < 1):
        inspection.report.error(
            f"'{serial}' is no place in a list", "Give a number of at least 1.", node=node, field="extract_by.serial"
        )


def _check_element(
    inspection: Inspection, node: StoredNode, where: str, known: str, condition: Mapping[str, object]
) -> None:
    operator, key = as_text(condition.get("comparison_operator")), as_text(condition.get("key"))
    found = operators.OF_ELEMENTS.get(known)
    if known == "array[file]":
        found = operators.allowed_for_file(key)
        if found is None:
            _no_such_key(inspection, node, where, key)
            return
    if found is None:  # nobody knows what the list holds
        if operator not in operators.KNOWN:
            _unknown(inspection, node, where, operator)
        return
    if operator not in found:
        inspection.report.error(
            f"'{operator}' can't compare elements of {known}",
            f"Use one of: {', '.join(sorted(found))}.",
            node=node,
            field=f"{where}.comparison_operator",
        )
    elif found is operators.NUMERIC:
        _check_value(inspection, node, where, operator, condition.get("value"))
