"""The words of a provider card; `wire_shapes` turns them into the contract's objects (plugins.md 1.7)."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from orrery.inference.types import ModelKind

Feature = Literal["tool-call", "multi-tool-call", "stream-tool-call", "agent-thought", "vision", "document", "video", "audio", "structured-output"]  # fmt: skip
Method = Literal["predefined-model", "customizable-model"]


class Label(msgspec.Struct, frozen=True):
    """A text in both languages; ``zh`` None where the name is the same."""

    en: str
    zh: str | None = None


class Option(msgspec.Struct, frozen=True):
    value: str
    label: Label


class FormField(msgspec.Struct, frozen=True):
    """One credential field; ``show_on`` are (variable, value) pairs that must all hold."""

    variable: str
    label: Label
    kind: Literal["text-input", "secret-input", "select", "radio", "switch"] = "text-input"
    required: bool = True
    default: str | None = None
    placeholder: Label | None = None
    options: tuple[Option, ...] = ()
    show_on: tuple[tuple[str, str], ...] = ()


class ParameterRule(msgspec.Struct, frozen=True):
    """One parameter of a model as its form shows it; ``template`` is the contract's name for a well-known one."""

    name: str
    label: Label
    kind: Literal["float", "int", "string", "boolean", "text"]
    template: str | None = None
    help: Label | None = None
    required: bool = False
    default: float | int | str | bool | None = None
    min: float | None = None
    max: float | None = None
    precision: int | None = None
    options: tuple[str, ...] = ()


class Price(msgspec.Struct, frozen=True):
    """Money for ``unit`` of a token: 2.5 with unit 0.000001 is 2.5 for a million."""

    input: Decimal
    output: Decimal | None = None
    unit: Decimal = Decimal("0.000001")
    currency: str = "USD"


class ModelCard(msgspec.Struct, frozen=True):
    """A model known by name. ``price`` None means unknown, not free."""

    name: str
    kind: ModelKind = "llm"
    context_size: int | None = None
    max_output: int | None = None
    mode: Literal["chat", "completion"] = "chat"
    features: tuple[Feature, ...] = ()
    rules: tuple[ParameterRule, ...] = ()
    price: Price | None = None
    reasoning: bool = False
    deprecated: bool = False
    properties: tuple[tuple[str, object], ...] = ()


class Connection(msgspec.Struct, frozen=True):
    """How credentials become an endpoint.

    ``url_fields`` are looked at in order, then ``url`` (the vendor's own address) holds; ``url_suffix`` is appended
    where it is missing. ``list_path`` is the vendor's list of models, None where there is none.
    """

    protocol: Literal["openai", "azure", "anthropic", "gemini", "ollama"] = "openai"
    url: str = ""
    url_fields: tuple[str, ...] = ()
    url_suffix: str = ""
    key_fields: tuple[str, ...] = ("api_key",)
    auth: Literal["bearer", "x-api-key", "x-goog-api-key", "api-key"] = "bearer"
    international: tuple[str, str] | None = None
    """(switch field, address when it is on): vendors with a second site."""
    list_path: str | None = "/models"
    rerank_path: str = "/rerank"
    echo_reasoning: bool = False
    stream_usage: bool = True


class ProviderCard(msgspec.Struct, frozen=True):
    """One provider. ``id`` is ``author/plugin/provider``; ``aliases`` are all other spellings found in stored data."""

    id: str
    label: Label
    connection: Connection
    aliases: tuple[str, ...] = ()
    description: Label | None = None
    help_url: str | None = None
    kinds: tuple[ModelKind, ...] = ("llm",)
    methods: tuple[Method, ...] = ("predefined-model",)
    provider_form: tuple[FormField, ...] = ()
    model_form: tuple[FormField, ...] = ()
    models: tuple[ModelCard, ...] = ()
    rules: tuple[ParameterRule, ...] = ()
    """Parameters of models that are not listed."""

    def secret_fields(self) -> frozenset[str]:
        """Names of credential fields that are stored encrypted and never shown."""
        return frozenset(f.variable for f in (*self.provider_form, *self.model_form) if f.kind == "secret-input")
