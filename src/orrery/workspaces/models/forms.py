"""Holds filled-in credential forms against the fields that a provider declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orrery.inference.cards.schema import FormField
from orrery.workspaces.models.errors import CredentialsRefused
from orrery.workspaces.models.sealing import Values

LONGEST_VALUE = 16_384
"""Characters: room for a service account's JSON key."""


def checked_form(
    fields: Sequence[FormField], given: Mapping[str, object], *, kind: str = "", model: str = ""
) -> Values:
    """The declared fields of ``given`` with their defaults; everything else is left out.

    ``kind`` and ``model`` decide which fields are shown. Raises `CredentialsRefused` that names the wrong field.
    """
    context = {**given, "__model_type": kind, "__model_name": model}
    values: Values = {}
    for field in fields:
        if not all(str(context.get(name, "")) == value for name, value in field.show_on):
            continue
        value = given.get(field.variable)
        if value is None or value == "":
            if field.default is not None:
                values[field.variable] = field.default
            elif field.required:
                raise CredentialsRefused(f"{field.label.en} is required.", params=field.variable)
            continue
        values[field.variable] = _checked(field, value)
    return values


def _checked(field: FormField, value: object) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        value = str(value)
    if not isinstance(value, str) or len(value) > LONGEST_VALUE:
        raise CredentialsRefused(
            f"{field.label.en} must be a text of at most {LONGEST_VALUE} characters.", params=field.variable
        )
    if field.options and value not in {option.value for option in field.options}:
        words = ", ".join(option.value for option in field.options)
        raise CredentialsRefused(f"{field.label.en} must be one of: {words}.", params=field.variable)
    # Keys are pasted, often with a line end.
    return value.strip()
