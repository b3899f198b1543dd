"""What a tool says of itself: name, purpose, parameters (plugins.md 1.6, tool parameter)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

I18n: TypeAlias = Mapping[str, str]
"""Language (``en_US``, ``zh_Hans``...) to text; ``en_US`` is always there."""

ParameterType: TypeAlias = Literal[
    "string",
    "number",
    "boolean",
    "select",
    "secret-input",
    "file",
    "files",
    "system-files",
    "app-selector",
    "model-selector",
    "any",
    "dynamic-select",
    "array",
    "object",
    "checkbox",
    "date",
    "date-range",
]
ParameterForm: TypeAlias = Literal["schema", "form", "llm"]
"""Who fills it in: ``llm`` the model or the graph, ``form`` whoever builds the app, ``schema`` the provider's form."""


class ToolOption(msgspec.Struct, frozen=True):
    """One choice of a ``select``."""

    value: str
    label: I18n = {}


class ToolParameter(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter. ``input_schema`` is a JSON Schema that says more than ``type`` can."""

    name: str
    type: ParameterType = "string"
    form: ParameterForm = "llm"
    label: I18n = {}
    human_description: I18n = {}
    llm_description: str = ""
    required: bool = False
    default: object = None
    options: tuple[ToolOption, ...] = ()
    min: float | None = None
    max: float | None = None
    multiple: bool = False
    input_schema: Mapping[str, object] | None = None


class ToolIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """``provider`` is the id that apps use for the provider."""

    name: str
    provider: str
    label: I18n = {}
    author: str = ""
    icon: str = ""


class ToolDescription(msgspec.Struct, frozen=True):
    """For people, and for models."""

    human: I18n = {}
    llm: str = ""


class ToolEntity(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one tool that can be known without asking it."""

    identity: ToolIdentity
    description: ToolDescription = ToolDescription()
    parameters: tuple[ToolParameter, ...] = ()
    output_schema: Mapping[str, object] | None = None

    @property
    def name(self) -> str:
        return self.identity.name

    def parameter(self, name: str) -> ToolParameter | None:
        return next((parameter for parameter in self.parameters if parameter.name == name), None)


class ProviderIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """How a provider is shown."""

    name: str
    label: I18n = {}
    description: I18n = {}
    author: str = ""
    icon: str = ""
    tags: tuple[str, ...] = ()


def english(text: str) -> I18n:
    """A text that is there in one language only."""
    return {"en_US": text}
