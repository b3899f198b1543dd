"""Declarations of tools and of agent strategies (1.6)."""

from __future__ import annotations

from typing import Literal

import msgspec

from orrery.plugins.package.credentials import OAuthSchema, OAuthWritten, ProviderConfig, Written, listed, oauth
from orrery.plugins.package.reading import Reader
from orrery.plugins.package.words import (
    AutoGenerate,
    IconOption,
    ItemIdentity,
    JsonObject,
    Long,
    ProviderIdentity,
    Template,
    Texts,
    Translated,
    check_scope,
)
from orrery.plugins.package.words import Written as Filled

ToolKind = Literal[
    "string", "number", "boolean", "select", "secret-input", "file", "files", "app-selector", "model-selector", "any",
    "dynamic-select", "array", "object", "checkbox", "date", "date-range",
]  # fmt: skip
StrategyKind = Literal[
    "string", "number", "boolean", "select", "secret-input", "file", "files", "app-selector", "model-selector", "any",
    "array[tools]",
]  # fmt: skip
_LISTS = frozenset({"select", "dynamic-select"})


class ToolParameter(msgspec.Struct, kw_only=True):
    """One input of a tool; ``form`` says who gives it."""

    name: Long
    label: Texts
    human_description: Texts
    type: ToolKind
    scope: str | None = None
    form: Literal["schema", "form", "llm"]
    llm_description: str = ""
    required: bool = False
    auto_generate: AutoGenerate | None = None
    template: Template | None = None
    default: object = None
    min: float | None = None
    max: float | None = None
    multiple: bool = False
    precision: int | None = None
    options: list[IconOption] | None = None
    reset_on_change: list[Translated] | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        check_scope(self.scope)
        if self.multiple and self.type not in _LISTS:
            raise ValueError(f"`multiple` is for parameters of the types select and dynamic-select, not {self.type}")
        if self.type in _LISTS and self.default is not None and isinstance(self.default, list) != self.multiple:
            raise ValueError("`default` is a list where `multiple` is true, and only there")


class ToolDescription(msgspec.Struct, frozen=True):
    """For people, and for the model that chooses."""

    human: Texts
    llm: Filled


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """One tool."""

    identity: ItemIdentity
    description: ToolDescription
    parameters: list[ToolParameter] = []
    output_schema: JsonObject | msgspec.UnsetType = msgspec.UNSET
    has_runtime_parameters: bool = False


class ToolProvider(msgspec.Struct, frozen=True):
    """The tools of a plugin, and what they need to be used."""

    identity: ProviderIdentity
    credentials_schema: list[ProviderConfig]
    oauth_schema: OAuthSchema | None
    tools: list[Tool]


class StrategyParameter(msgspec.Struct, kw_only=True):
    """One input of an agent strategy."""

    name: Long
    label: Texts
    help: Texts | None = None
    type: StrategyKind
    auto_generate: AutoGenerate | None = None
    template: Template | None = None
    scope: str | None = None
    required: bool = False
    default: object = None
    min: float | None = None
    max: float | None = None
    precision: int | None = None
    options: list[IconOption] | None = None
    reset_on_change: list[Translated] | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        check_scope(self.scope)


class Strategy(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which an agent works."""

    identity: ItemIdentity
    description: Texts
    parameters: list[StrategyParameter] = []
    output_schema: JsonObject | None = None
    features: list[str] = []


class StrategyProvider(msgspec.Struct, frozen=True):
    """The agent strategies of a plugin."""

    identity: ProviderIdentity
    strategies: list[Strategy]


class _ToolsWritten(msgspec.Struct, frozen=True, kw_only=True):
    identity: ProviderIdentity
    credentials_schema: Written = []
    credentials_for_provider: Written = []
    oauth_schema: OAuthWritten | None = None
    tools: list[str | Tool] = []


class _StrategiesWritten(msgspec.Struct, frozen=True, kw_only=True):
    identity: ProviderIdentity
    strategies: list[str | Strategy]


def read_tools(reader: Reader, file: str) -> ToolProvider:
    """The provider of ``file`` with its tools. Raises `PackageFault`."""
    written = reader.struct(file, _ToolsWritten)
    return ToolProvider(
        written.identity,
        [
            *listed(file, "credentials_schema", written.credentials_schema),
            *listed(file, "credentials_for_provider", written.credentials_for_provider),
        ],
        oauth(file, written.oauth_schema),
        [reader.struct(tool, Tool) if isinstance(tool, str) else tool for tool in written.tools],
    )


def read_strategies(reader: Reader, file: str) -> StrategyProvider:
    """The provider of ``file`` with its strategies. Raises `PackageFault`."""
    written = reader.struct(file, _StrategiesWritten)
    strategies = [reader.struct(item, Strategy) if isinstance(item, str) else item for item in written.strategies]
    return StrategyProvider(written.identity, strategies)
