"""Anthropic."""

from __future__ import annotations

from orrery.inference.cards.parts import TOP_K, TOP_P, address, max_tokens, response_format, secret, temperature, usd
from orrery.inference.cards.schema import (
    Connection,
    Feature,
    Label,
    ModelCard,
    ParameterRule,
    Price,
    ProviderCard,
)

_FEATURES: tuple[Feature, ...] = (
    "agent-thought", "vision", "document", "tool-call", "multi-tool-call", "stream-tool-call", "structured-output",
)  # fmt: skip
_THINKING = (
    ParameterRule("thinking", Label("Thinking", "思考"), "boolean", default=False),
    ParameterRule("thinking_budget", Label("Thinking budget", "思考预算"), "int", default=1024, min=1024, max=63_999),
)


def _claude(name: str, output: int, price: Price, *, thinks: bool = True) -> ModelCard:
    rules = (temperature(1.0), TOP_P, TOP_K, max_tokens(output), *(_THINKING if thinks else ()), *response_format())
    return ModelCard(
        name,
        context_size=200_000,
        max_output=output,
        features=_FEATURES,
        rules=rules,
        price=price,
        reasoning=thinks,
    )


ANTHROPIC = ProviderCard(
    id="langgenius/anthropic/anthropic",
    label=Label("Anthropic"),
    aliases=("anthropic",),
    description=Label("Claude models of Anthropic.", "Anthropic 的 Claude 模型。"),
    help_url="https://console.anthropic.com/account/keys",
    methods=("predefined-model", "customizable-model"),
    connection=Connection(
        protocol="anthropic",
        url="https://api.anthropic.com",
        url_fields=("anthropic_api_url",),
        key_fields=("anthropic_api_key",),
        auth="x-api-key",
        list_path="/v1/models?limit=1000",
    ),
    provider_form=(secret("anthropic_api_key"), address("anthropic_api_url", "https://api.anthropic.com")),
    model_form=(secret("anthropic_api_key"), address("anthropic_api_url", "https://api.anthropic.com")),
    models=(
        _claude("claude-opus-4-5-20251101", 64_000, usd("5", "25")),
        _claude("claude-sonnet-4-5-20250929", 64_000, usd("3", "15")),
        _claude("claude-haiku-4-5-20251001", 64_000, usd("1", "5")),
        _claude("claude-opus-4-1-20250805", 32_000, usd("15", "75")),
        _claude("claude-opus-4-20250514", 32_000, usd("15", "75")),
        _claude("claude-sonnet-4-20250514", 64_000, usd("3", "15")),
        _claude("claude-3-7-sonnet-20250219", 64_000, usd("3", "15")),
        _claude("claude-3-5-sonnet-20241022", 8_192, usd("3", "15"), thinks=False),
        _claude("claude-3-5-haiku-20241022", 8_192, usd("0.8", "4"), thinks=False),
        _claude("claude-3-opus-20240229", 4_096, usd("15", "75"), thinks=False),
        _claude("claude-3-haiku-20240307", 4_096, usd("0.25", "1.25"), thinks=False),
    ),
    rules=(temperature(1.0), TOP_P, TOP_K, max_tokens(64_000), *_THINKING),
)
