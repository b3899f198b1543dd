"""The fields of a human-input node, as DSL files hold them (workflow.md 3.19)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import msgspec

InputType: TypeAlias = Literal["text_input", "text-input", "paragraph", "select", "file", "file-list"]

_ACTION_ID: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,19}")
_FIELD_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,29}")
_UNIT_SECONDS: Final = {"hour": 3600, "day": 86400}
_LONGEST_TITLE: Final = 100
TIMEOUT_HANDLE: Final = "__timeout"


class Source(msgspec.Struct, frozen=True):
    """A constant, or the selector of a variable; for defaults of fields and options of selects."""

    type: Literal["constant", "variable"] = "constant"
    value: object = None
    selector: tuple[str, ...] | None = ()


class FormInput(msgspec.Struct, frozen=True, kw_only=True):
    """One field of the form."""

    type: InputType
    output_variable_name: str
    default: Source | None = None
    option_source: Source | None = None
    required: bool = False


class UserAction(msgspec.Struct, frozen=True, kw_only=True):
    """One button; its id is the handle to go on along."""

    id: str
    title: str = ""
    button_style: str = "default"


class HumanInputData(msgspec.Struct, frozen=True, kw_only=True):
    """Data of a human-input node."""

    form_content: str = ""
    inputs: tuple[FormInput, ...] = ()
    user_actions: tuple[UserAction, ...] = ()
    delivery_methods: tuple[Mapping[str, object], ...] = ()
    timeout: float = 36
    timeout_unit: Literal["hour", "day"] = "hour"

    @property
    def timeout_seconds(self) -> float:
        return self.timeout * _UNIT_SECONDS[self.timeout_unit]


def is_legacy(data: Mapping[str, object]) -> bool:
    """Whether a node is of the kind that waited for variables to be set from outside, before there were forms."""
    return bool(data.get("required_variables") or data.get("pause_reason")) and not data.get("user_actions")


def parse_data(data: Mapping[str, object]) -> HumanInputData:
    """Raises ValueError that names the field."""
    parsed = msgspec.convert(data, HumanInputData, strict=False)
    if parsed.timeout <= 0:
        raise ValueError("The timeout of a form must be more than 0 - at `$.timeout`")
    seen: set[str] = set()
    for place, action in enumerate(parsed.user_actions):
        if not _ACTION_ID.fullmatch(action.id):
            raise ValueError(
                f"'{action.id}' can't be the id of an action: use up to 20 letters, digits and underscores"
                f" - at `$.user_actions[{place}].id`"
            )
        if len(action.title) > _LONGEST_TITLE:
            raise ValueError(f"A title has at most {_LONGEST_TITLE} characters - at `$.user_actions[{place}].title`")
        if action.id in seen:
            raise ValueError(f"Two actions have the id '{action.id}' - at `$.user_actions[{place}].id`")
        seen.add(action.id)
    names: set[str] = set()
    for place, field in enumerate(parsed.inputs):
        name = field.output_variable_name
        if not _FIELD_NAME.fullmatch(name):
            raise ValueError(f"'{name}' can't be the name of a field - at `$.inputs[{place}].output_variable_name`")
        if name in names:
            raise ValueError(f"Two fields have the name '{name}' - at `$.inputs[{place}].output_variable_name`")
        names.add(name)
    return parsed
