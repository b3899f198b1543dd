"""Checks what a person sent in a form, for every door that takes answers (workflow.md 6.5)."""

from __future__ import annotations

from collections.abc import Mapping

from orrery.workflow.fields import as_list, as_mapping, as_text
from orrery.workflow.nodes.human_input_forms import FormRequest
from orrery.workflow.segments import files_in, is_file


class InvalidFormAnswer(ValueError):
    """The answer doesn't fit the form, which stays open."""


def check_answer(form: FormRequest, action_id: str, values: Mapping[str, object]) -> dict[str, object]:
    """The value of every field that was given, in the form's order; unknown names are dropped.

    Texts must be given only where the field says so, choices and files always. Raises `InvalidFormAnswer`.
    """
    if all(action.get("id") != action_id for action in form.actions):
        raise InvalidFormAnswer(f"Invalid action: {action_id}")
    checked: dict[str, object] = {}
    missing: list[str] = []
    for field in form.inputs:
        name = as_text(field.get("output_variable_name"))
        value = values.get(name)
        if value is None or value == "":
            if field.get("required") or field.get("type") in ("select", "file", "file-list"):
                missing.append(name)
            elif name in values:
                checked[name] = "" if value is None else value
            continue
        checked[name] = _checked(field, name, value)
    if missing:
        raise InvalidFormAnswer(f"Missing required inputs: {', '.join(missing)}")
    return checked


def _checked(field: Mapping[str, object], name: str, value: object) -> object:
    kind = field.get("type")
    if kind == "file":
        if not is_file(value):
            raise InvalidFormAnswer(f"{name} must be a file")
        return value
    if kind == "file-list":
        files = files_in(value)
        if is_file(value) or not files or len(files) != len(as_list(value)):
            raise InvalidFormAnswer(f"{name} must be a list of files")
        limit = field.get("number_limits")
        if isinstance(limit, int) and limit and len(files) > limit:
            raise InvalidFormAnswer(f"{name} must be at most {limit} files")
        return value
    if not isinstance(value, str):
        raise InvalidFormAnswer(f"{name} must be a string")
    if kind == "select":
        options = list(as_list(as_mapping(field.get("option_source")).get("value")))
        if value not in options:
            raise InvalidFormAnswer(f"{name} must be one of the following: {options}")
    return value
