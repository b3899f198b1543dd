"""OpenAI, and the same models on azure."""

from __future__ import annotations

from orrery.inference.cards.parts import (
    address,
    chat_rules,
    choice,
    max_tokens,
    reasoning_effort,
    response_format,
    secret,
    text,
    usd,
)
from orrery.inference.cards.schema import Connection, Feature, Label, ModelCard, Price, ProviderCard

_TOOLS: tuple[Feature, ...] = ("multi-tool-call", "stream-tool-call")
_FULL: tuple[Feature, ...] = (*_TOOLS, "vision", "structured-output")
_EFFORTS = ("low", "medium", "high")


def _chat(name: str, context: int, output: int, price: Price, features: tuple[Feature, ...] = _FULL) -> ModelCard:
    rules = chat_rules(output, schema="structured-output" in features)
    return ModelCard(name, context_size=context, max_output=output, features=features, rules=rules, price=price)


def _thinker(
    name: str,
    context: int,
    output: int,
    price: Price | None,
    *,
    efforts: tuple[str, ...] = _EFFORTS,
    vision: bool = True,
) -> ModelCard:
    features: tuple[Feature, ...] = ("agent-thought", *(_FULL if vision else (*_TOOLS, "structured-output")))
    rules = (max_tokens(output), reasoning_effort(*efforts), *response_format())
    return ModelCard(
        name, context_size=context, max_output=output, features=features, rules=rules, price=price, reasoning=True
    )


def _embedding(name: str, price: Price | None) -> ModelCard:
    return ModelCard(name, "text-embedding", context_size=8191, price=price, properties=(("max_chunks", 32),))


_MODELS = (
    _thinker("gpt-5", 400_000, 128_000, usd("1.25", "10"), efforts=("minimal", *_EFFORTS)),
    _thinker("gpt-5-mini", 400_000, 128_000, usd("0.25", "2"), efforts=("minimal", *_EFFORTS)),
    _thinker("gpt-5-nano", 400_000, 128_000, usd("0.05", "0.4"), efforts=("minimal", *_EFFORTS)),
    _chat("gpt-4.1", 1_047_576, 32_768, usd("2", "8")),
    _chat("gpt-4.1-mini", 1_047_576, 32_768, usd("0.4", "1.6")),
    _chat("gpt-4.1-nano", 1_047_576, 32_768, usd("0.1", "0.4")),
    _chat("gpt-4o", 128_000, 16_384, usd("2.5", "10")),
    _chat("gpt-4o-mini", 128_000, 16_384, usd("0.15", "0.6")),
    _thinker("o4-mini", 200_000, 100_000, usd("1.1", "4.4")),
    _thinker("o3", 200_000, 100_000, usd("2", "8")),
    _thinker("o3-mini", 200_000, 100_000, usd("1.1", "4.4"), vision=False),
    _thinker("o1", 200_000, 100_000, usd("15", "60")),
    _chat("gpt-4-turbo", 128_000, 4_096, usd("10", "30"), (*_TOOLS, "vision")),
    _chat("gpt-4", 8_192, 8_192, usd("30", "60"), _TOOLS),
    _chat("gpt-3.5-turbo", 16_385, 4_096, usd("0.5", "1.5"), _TOOLS),
    ModelCard(
        "gpt-3.5-turbo-instruct",
        context_size=4_096,
        max_output=4_096,
        mode="completion",
        rules=chat_rules(4_096, schema=False)[:5],
        price=usd("1.5", "2"),
    ),
    _embedding("text-embedding-3-large", usd("0.13")),
    _embedding("text-embedding-3-small", usd("0.02")),
    _embedding("text-embedding-ada-002", usd("0.1")),
)

_SPEAKERS = tuple(ModelCard(name, kind="tts") for name in ("gpt-4o-mini-tts", "tts-1", "tts-1-hd"))

OPENAI = ProviderCard(
    id="langgenius/openai/openai",
    label=Label("OpenAI"),
    aliases=("openai",),
    description=Label("Models of OpenAI.", "OpenAI 提供的模型。"),
    help_url="https://platform.openai.com/account/api-keys",
    kinds=("llm", "text-embedding", "tts", "moderation"),
    methods=("predefined-model", "customizable-model"),
    connection=Connection(
        url="https://api.openai.com/v1",
        url_fields=("openai_api_base",),
        url_suffix="/v1",
        key_fields=("openai_api_key",),
    ),
    provider_form=(
        secret("openai_api_key"),
        text("openai_organization", "Organization", "组织"),
        address("openai_api_base", "https://api.openai.com"),
    ),
    model_form=(
        secret("openai_api_key"),
        text("openai_organization", "Organization", "组织"),
        address("openai_api_base", "https://api.openai.com"),
    ),
    models=(*_MODELS, *_SPEAKERS, ModelCard("omni-moderation-latest", kind="moderation")),
    rules=chat_rules(16_384),
)

_BASE_MODELS = tuple((m.name, m.name, m.name) for m in _MODELS)

AZURE_OPENAI = ProviderCard(
    id="langgenius/azure_openai/azure_openai",
    label=Label("Azure OpenAI"),
    aliases=("azure_openai", "azure"),
    description=Label("Models of OpenAI in your own Azure resource.", "部署在您自己的 Azure 资源中的 OpenAI 模型。"),
    help_url="https://azure.microsoft.com/products/ai-services/openai-service",
    kinds=("llm", "text-embedding"),
    methods=("customizable-model",),
    connection=Connection(
        protocol="azure",
        url_fields=("openai_api_base",),
        key_fields=("openai_api_key",),
        auth="api-key",
        list_path=None,
    ),
    model_form=(
        address("openai_api_base", "https://<resource>.openai.azure.com", required=True),
        secret("openai_api_key"),
        text("openai_api_version", "API version", "API 版本", required=True, default="2024-10-21"),
        choice("base_model_name", Label("Base model", "基础模型"), _BASE_MODELS, default="gpt-4o", llm_only=False),
    ),
    models=_MODELS,
    rules=chat_rules(16_384),
)
