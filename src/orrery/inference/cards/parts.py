"""Pieces that many cards share: fields of credential forms, parameter rules, prices."""

from __future__ import annotations

from decimal import Decimal

from orrery.inference.cards.schema import FormField, Label, Option, ParameterRule, Price

API_KEY = Label("API key", "API 密钥")


def secret(variable: str, *, required: bool = True, label: Label = API_KEY) -> FormField:
    placeholder = Label("Enter the API key", "输入 API 密钥")
    return FormField(variable, label, "secret-input", required=required, placeholder=placeholder)


def address(variable: str, example: str, *, required: bool = False) -> FormField:
    return FormField(variable, Label("API address", "API 地址"), required=required, placeholder=Label(example))


def text(variable: str, en: str, zh: str, *, required: bool = False, default: str | None = None) -> FormField:
    return FormField(variable, Label(en, zh), required=required, default=default)


def choice(
    variable: str,
    label: Label,
    options: tuple[tuple[str, str, str], ...],
    *,
    default: str,
    radio: bool = False,
    llm_only: bool = True,
) -> FormField:
    """``options`` are (value, English, Chinese)."""
    return FormField(
        variable,
        label,
        "radio" if radio else "select",
        required=False,
        default=default,
        options=tuple(Option(v, Label(en, zh)) for v, en, zh in options),
        show_on=(("__model_type", "llm"),) if llm_only else (),
    )


def usd(input_price: str, output_price: str | None = None) -> Price:
    """US dollars for a million tokens."""
    return Price(Decimal(input_price), Decimal(output_price) if output_price is not None else None)


def temperature(top: float = 2.0, default: float | None = None) -> ParameterRule:
    help_text = Label(
        "Low values give steady answers, high values varied ones.", "较低的值使回答稳定，较高的值使回答多样。"
    )
    label = Label("Temperature", "温度")
    return ParameterRule(
        "temperature", label, "float", "temperature", help_text, default=default, min=0, max=top, precision=2
    )


def max_tokens(top: int, default: int = 4096) -> ParameterRule:
    help_text = Label("The longest answer, in tokens.", "回答的最大长度，以 token 计。")
    label = Label("Max tokens", "最大标记")
    return ParameterRule("max_tokens", label, "int", "max_tokens", help_text, default=min(default, top), min=1, max=top)


TOP_P = ParameterRule("top_p", Label("Top P"), "float", "top_p", default=1.0, min=0, max=1, precision=2)
TOP_K = ParameterRule("top_k", Label("Top K"), "int", "top_k", min=1, max=500)
PRESENCE = ParameterRule(
    "presence_penalty",
    Label("Presence penalty", "存在惩罚"),
    "float",
    "presence_penalty",
    default=0,
    min=-2,
    max=2,
    precision=2,
)
FREQUENCY = ParameterRule(
    "frequency_penalty",
    Label("Frequency penalty", "频率惩罚"),
    "float",
    "frequency_penalty",
    default=0,
    min=-2,
    max=2,
    precision=2,
)
SEED = ParameterRule(
    "seed",
    Label("Seed", "种子"),
    "int",
    help=Label("The same seed asks for the same answer.", "相同的种子请求相同的回答。"),
)
JSON_SCHEMA = ParameterRule("json_schema", Label("JSON schema"), "text", "json_schema")


def response_format(*, schema: bool = True) -> tuple[ParameterRule, ...]:
    options = ("text", "json_object", "json_schema") if schema else ("text", "json_object")
    rule = ParameterRule("response_format", Label("Response format", "回复格式"), "string", options=options)
    return (rule, JSON_SCHEMA) if schema else (rule,)


def reasoning_effort(*levels: str) -> ParameterRule:
    return ParameterRule("reasoning_effort", Label("Reasoning effort", "推理强度"), "string", options=levels)


def chat_rules(top: int, *, schema: bool = True) -> tuple[ParameterRule, ...]:
    """What most chat models of the OpenAI protocol take; ``top`` is the largest ``max_tokens``."""
    return (temperature(), TOP_P, PRESENCE, FREQUENCY, max_tokens(top), SEED, *response_format(schema=schema))
