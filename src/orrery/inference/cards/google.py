"""Google's gemini. Prices are those of prompts up to 200 000 tokens; longer ones cost more at the vendor."""

from __future__ import annotations

from orrery.inference.cards.parts import TOP_K, TOP_P, address, max_tokens, response_format, secret, temperature, usd
from orrery.inference.cards.schema import Connection, Feature, Label, ModelCard, ParameterRule, Price, ProviderCard

_FEATURES: tuple[Feature, ...] = (
    "agent-thought", "vision", "document", "audio", "video", "tool-call", "stream-tool-call", "structured-output",
)  # fmt: skip
_THOUGHTS = (
    ParameterRule("include_thoughts", Label("Show thoughts", "展示思考"), "boolean", default=False),
    ParameterRule("thinking_budget", Label("Thinking budget", "思考预算"), "int", min=0, max=32_768),
)


def _gemini(name: str, output: int, price: Price | None, *, thinks: bool = True) -> ModelCard:
    rules = (temperature(), TOP_P, TOP_K, max_tokens(output), *(_THOUGHTS if thinks else ()), *response_format())
    return ModelCard(
        name, context_size=1_048_576, max_output=output, features=_FEATURES, rules=rules, price=price, reasoning=thinks
    )


GOOGLE = ProviderCard(
    id="langgenius/gemini/google",
    label=Label("Gemini"),
    aliases=("google", "gemini", "langgenius/google/google", "langgenius/gemini/gemini"),
    description=Label("Gemini models of Google.", "Google 的 Gemini 模型。"),
    help_url="https://aistudio.google.com/app/apikey",
    kinds=("llm", "text-embedding"),
    methods=("predefined-model", "customizable-model"),
    connection=Connection(
        protocol="gemini",
        url="https://generativelanguage.googleapis.com",
        url_fields=("google_base_url",),
        key_fields=("google_api_key",),
        auth="x-goog-api-key",
        list_path="/v1beta/models?pageSize=1000",
    ),
    provider_form=(secret("google_api_key"), address("google_base_url", "https://generativelanguage.googleapis.com")),
    model_form=(secret("google_api_key"), address("google_base_url", "https://generativelanguage.googleapis.com")),
    models=(
        _gemini("gemini-2.5-pro", 65_536, usd("1.25", "10")),
        _gemini("gemini-2.5-flash", 65_536, usd("0.3", "2.5")),
        _gemini("gemini-2.5-flash-lite", 65_536, usd("0.1", "0.4")),
        _gemini("gemini-2.0-flash", 8_192, usd("0.1", "0.4"), thinks=False),
        ModelCard("gemini-embedding-001", "text-embedding", context_size=2_048, price=usd("0.15")),
        ModelCard("text-embedding-004", "text-embedding", context_size=2_048, deprecated=True),
    ),
    rules=(temperature(), TOP_P, TOP_K, max_tokens(65_536), *response_format()),
)
