"""Declarations of model providers and their models (1.7)."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from orrery.plugins.package.model_rules import Rules
from orrery.plugins.package.reading import Reader, as_struct
from orrery.plugins.package.words import JsonObject, Long, Scalar, Short, Texts, Written, as_text

ModelType = Literal[
    "llm", "text-embedding", "rerank", "speech2text", "moderation", "tts", "text2img", "multimodal-embedding",
    "multimodal-rerank",
]  # fmt: skip
Method = Literal["predefined-model", "customizable-model"]
FILE_KINDS = ("llm", "text_embedding", "rerank", "tts", "speech2text", "moderation")
"""Keys below ``models`` of a provider's file; with underscores, where values have hyphens."""
_POSITION_SUFFIX = "_position.yaml"
_MOST_PATTERNS = 64


class ShowOn(msgspec.Struct):
    """Shows a field only where another one has a value."""

    variable: Short
    value: Scalar

    def __post_init__(self) -> None:
        self.value = as_text(self.value)


class FormOption(msgspec.Struct):
    """One choice of a credential."""

    label: Texts
    value: Scalar
    show_on: Annotated[list[ShowOn], Meta(max_length=16)] = []

    def __post_init__(self) -> None:
        self.value = as_text(self.value)


class FormField(msgspec.Struct, kw_only=True):
    """One field of a provider's or model's credentials."""

    variable: Short
    label: Texts
    type: Literal["text-input", "secret-input", "select", "radio", "switch"]
    required: bool = False
    default: Scalar | None = None
    options: Annotated[list[FormOption], Meta(max_length=128)] = []
    help: Texts | None = None
    url: str | Texts | None = None
    placeholder: Texts | None = None
    max_length: int = 0
    show_on: Annotated[list[ShowOn], Meta(max_length=16)] = []

    def __post_init__(self) -> None:
        if self.default is not None:
            self.default = as_text(self.default)


Form = Annotated[list[FormField], Meta(max_length=32)]


class ProviderForm(msgspec.Struct, frozen=True):
    """Credentials of a provider."""

    credential_form_schemas: Form = []


class ModelField(msgspec.Struct, frozen=True):
    """How the name of a model is asked for."""

    label: Texts
    placeholder: Texts | None = None


class ModelForm(msgspec.Struct, frozen=True):
    """Credentials of one model."""

    model: ModelField
    credential_form_schemas: Form = []


class Help(msgspec.Struct, frozen=True):
    """Where credentials are had."""

    title: Texts
    url: Texts


class Pricing(msgspec.Struct):
    """Prices of ``unit`` tokens; amounts are decimals as texts."""

    input: Scalar
    unit: Scalar
    currency: Written
    output: Scalar | None = None

    def __post_init__(self) -> None:
        self.input, self.unit = _decimal(self.input), _decimal(self.unit)
        self.output = None if self.output is None else _decimal(self.output)


class Model(msgspec.Struct, kw_only=True):
    """One model. A label that is missing is the model's name."""

    model: Short
    label: Texts | None = None
    model_type: ModelType
    features: Annotated[list[Short], Meta(max_length=256)] = []
    fetch_from: Method = "predefined-model"
    model_properties: JsonObject = {}
    deprecated: bool = False
    parameter_rules: Rules = []
    pricing: Pricing | None = None

    def __post_init__(self) -> None:
        if self.label is None:
            self.label = Texts(self.model)


class ModelProvider(msgspec.Struct, kw_only=True):
    """A vendor of models. ``position`` has names of models in the order in which they are shown, by kind."""

    provider: Short
    label: Texts
    description: Texts | None = None
    icon_small: Texts | None = None
    icon_large: Texts | None = None
    icon_small_dark: Texts | None = None
    icon_large_dark: Texts | None = None
    background: str | None = None
    help: Help | None = None
    supported_model_types: Annotated[list[ModelType], Meta(max_length=16)]
    configurate_methods: Annotated[list[Method], Meta(max_length=16)]
    provider_credential_schema: ProviderForm | None = None
    model_credential_schema: ModelForm | None = None
    position: dict[str, list[str]] | msgspec.UnsetType = msgspec.UNSET
    models: list[Model] = []


class _OfKind(msgspec.Struct, frozen=True):
    predefined: Annotated[list[Long], Meta(max_length=_MOST_PATTERNS)] = []
    position: Long | None = None


def read_models(reader: Reader, file: str) -> ModelProvider:
    """The provider of ``file`` with its models. Raises `PackageFault`."""
    written = reader.mapping(file)
    models = written.pop("models", {})
    provider = as_struct(file, written, ModelProvider)
    if isinstance(models, list):
        provider.models = as_struct(file, {"models": cast("list[object]", models)}, _Inline).models
        return provider
    kinds = as_struct(file, {"models": models}, _Files).models
    provider.models = [reader.struct(path, Model) for path in _model_files(reader, kinds)]
    positions = {
        kind: as_struct(of_kind.position, reader.plain(of_kind.position), list[str])
        for kind, of_kind in kinds.items()
        if of_kind.position and kind in FILE_KINDS
    }
    if positions:
        provider.position = positions
    return provider


class _Inline(msgspec.Struct, frozen=True):
    models: list[Model]


class _Files(msgspec.Struct, frozen=True):
    models: dict[str, _OfKind]


def _model_files(reader: Reader, kinds: dict[str, _OfKind]) -> list[str]:
    """The paths that the patterns name, each once, in the order of the patterns and of the zip."""
    patterns = [pattern for kind in FILE_KINDS if kind in kinds for pattern in kinds[kind].predefined]
    found = (
        path
        for pattern in patterns
        for path in reader.archive.files
        if not path.endswith(_POSITION_SUFFIX) and _fits(path, pattern)
    )
    return list(dict.fromkeys(found))


def _fits(path: str, pattern: str) -> bool:
    """Shell patterns, each for one level of folders."""
    names, parts = path.split("/"), pattern.removeprefix("./").split("/")
    return len(names) == len(parts) and all(fnmatchcase(name, part) for name, part in zip(names, parts, strict=True))


def _decimal(value: Scalar) -> str:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{str(value)[:40]!r} is no decimal number") from None
    if not amount.is_finite() or not -20 <= amount.adjusted() <= 20:
        raise ValueError(f"{str(value)[:40]!r} is no price")
    return format(amount, "f")
