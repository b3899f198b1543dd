"""The form of a provider's credentials (plugins.md 1.6, ProviderConfig), and checking what was filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from orrery.tools.entity import I18n, ToolOption
from orrery.tools.errors import ToolProviderCredentialValidationError

CredentialFieldType = Literal["secret-input", "text-input", "select", "boolean"]
_LONGEST: Final = 8_192


class CredentialField(msgspec.Struct, frozen=True, kw_only=True):
    """One field. Values of ``secret-input`` are never shown again."""

    name: str
    type: CredentialFieldType = "secret-input"
    label: I18n
    required: bool = True
    default: object = None
    options: tuple[ToolOption, ...] = ()
    help: I18n = {}
    url: str = ""
    placeholder: I18n = {}


def checked(provider: str, form: Sequence[CredentialField], given: Mapping[str, object]) -> dict[str, object]:
    """The form's values, defaults filled in; names that it doesn't have are left out.

    Raises `ToolProviderCredentialValidationError`.
    """
    return {field.name: value for field in form if (value := _value(provider, field, given)) is not None}


def secret_fields(form: Sequence[CredentialField]) -> frozenset[str]:
    """Names of the fields that must not be shown."""
    return frozenset(field.name for field in form if field.type == "secret-input")


def _value(provider: str, field: CredentialField, given: Mapping[str, object]) -> object:
    value = given.get(field.name)
    if value is None or value == "":
        if field.required and field.default is None:
            raise ToolProviderCredentialValidationError(f"credential {field.name} of provider {provider} is required")
        return field.default
    if field.type == "boolean":
        if not isinstance(value, bool):
            raise ToolProviderCredentialValidationError(f"credential {field.name} should be a boolean")
        return value
    if not isinstance(value, str):
        raise ToolProviderCredentialValidationError(f"credential {field.name} should be string")
    if len(value) > _LONGEST:
        raise ToolProviderCredentialValidationError(f"credential {field.name} is longer than {_LONGEST} characters")
    choices = [option.value for option in field.options]
    if field.type == "select" and value not in choices:
        raise ToolProviderCredentialValidationError(f"credential {field.name} should be one of {choices}")
    return value
