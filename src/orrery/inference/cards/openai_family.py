"""Vendors that speak the OpenAI protocol at their own address. Models without a card are taken by name."""

from __future__ import annotations

from orrery.inference.cards.parts import address, chat_rules, choice, max_tokens, reasoning_effort, secret, text, usd
from orrery.inference.cards.schema import Connection, Feature, FormField, Label, ModelCard, Price, ProviderCard
from orrery.inference.types import ModelKind

_TOOLS: tuple[Feature, ...] = ("tool-call", "multi-tool-call", "stream-tool-call")
_ON_OFF = (("true", "Yes", "是"), ("false", "No", "否"))


def _chat(
    name: str,
    context: int,
    output: int,
    *,
    price: Price | None = None,
    extra: tuple[Feature, ...] = (),
    reasoning: bool = False,
) -> ModelCard:
    thought: tuple[Feature, ...] = ("agent-thought",) if reasoning else ()
    return ModelCard(
        name,
        context_size=context,
        max_output=output,
        features=(*_TOOLS, *thought, *extra),
        rules=chat_rules(output, schema="structured-output" in extra),
        price=price,
        reasoning=reasoning,
    )


def _vendor(
    name: str,
    label: Label,
    url: str,
    *,
    key: str = "api_key",
    provider: str | None = None,
    aliases: tuple[str, ...] = (),
    url_field: str | None = "endpoint_url",
    kinds: tuple[ModelKind, ...] = ("llm",),
    models: tuple[ModelCard, ...] = (),
    fields: tuple[FormField, ...] = (),
    help_url: str | None = None,
    international: tuple[str, str] | None = None,
    echo_reasoning: bool = False,
    stream_usage: bool = True,
) -> ProviderCard:
    form = (secret(key), *((address(url_field, url),) if url_field else ()), *fields)
    size = text("context_size", "Context size", "上下文长度", default="131072")
    return ProviderCard(
        id=f"langgenius/{name}/{provider or name}",
        label=label,
        aliases=(provider or name, name, *aliases),
        help_url=help_url,
        kinds=kinds,
        methods=("predefined-model", "customizable-model"),
        connection=Connection(
            url=url,
            url_fields=(url_field,) if url_field else (),
            key_fields=(key,),
            international=international,
            echo_reasoning=echo_reasoning,
            stream_usage=stream_usage,
        ),
        provider_form=form,
        model_form=(*form, size),
        models=models,
        rules=chat_rules(32_768),
    )


_INTERNATIONAL = choice(
    "use_international_endpoint",
    Label("Use the international address", "使用国际站地址"),
    _ON_OFF,
    default="false",
    radio=True,
    llm_only=False,
)

OPENAI_FAMILY = (
    _vendor(
        "deepseek",
        Label("DeepSeek", "深度求索"),
        "https://api.deepseek.com",
        help_url="https://platform.deepseek.com/api_keys",
        echo_reasoning=True,
        models=(
            _chat("deepseek-chat", 131_072, 8_192, price=usd("0.28", "0.42")),
            _chat("deepseek-reasoner", 131_072, 65_536, price=usd("0.28", "0.42"), reasoning=True),
        ),
    ),
    _vendor(
        "openrouter",
        Label("OpenRouter"),
        "https://openrouter.ai/api/v1",
        help_url="https://openrouter.ai/keys",
        url_field=None,
        kinds=("llm", "text-embedding"),
    ),
    _vendor(
        "mistralai",
        Label("Mistral AI"),
        "https://api.mistral.ai/v1",
        aliases=("mistral",),
        url_field=None,
        kinds=("llm", "text-embedding"),
        stream_usage=False,
        models=(
            _chat("mistral-large-latest", 131_072, 8_192, extra=("structured-output",)),
            _chat("mistral-small-latest", 131_072, 8_192, extra=("vision", "structured-output")),
            ModelCard("mistral-embed", "text-embedding", context_size=8_192, price=usd("0.1")),
        ),
    ),
    _vendor(
        "groq",
        Label("Groq"),
        "https://api.groq.com/openai/v1",
        help_url="https://console.groq.com/keys",
        url_field=None,
        models=(
            _chat("llama-3.3-70b-versatile", 131_072, 32_768, price=usd("0.59", "0.79")),
            _chat("llama-3.1-8b-instant", 131_072, 131_072, price=usd("0.05", "0.08")),
            ModelCard(
                "openai/gpt-oss-120b",
                context_size=131_072,
                max_output=65_536,
                features=(*_TOOLS, "agent-thought"),
                rules=(max_tokens(65_536), reasoning_effort("low", "medium", "high")),
                reasoning=True,
            ),
        ),
    ),
    _vendor(
        "moonshot",
        Label("Moonshot AI", "月之暗面"),
        "https://api.moonshot.cn/v1",
        aliases=("kimi",),
        help_url="https://platform.moonshot.cn/console/api-keys",
        echo_reasoning=True,
        models=(
            _chat("moonshot-v1-8k", 8_192, 4_096),
            _chat("moonshot-v1-32k", 32_768, 8_192),
            _chat("moonshot-v1-128k", 131_072, 8_192),
        ),
    ),
    _vendor(
        "tongyi",
        Label("Tongyi Qianwen", "通义千问"),
        "https://dashscope.aliyuncs.com/compatible-mode/v1",
        key="dashscope_api_key",
        aliases=("qwen", "dashscope"),
        url_field=None,
        fields=(_INTERNATIONAL,),
        help_url="https://bailian.console.aliyun.com/?apiKey=1",
        international=("use_international_endpoint", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
        kinds=("llm", "text-embedding"),
        models=(
            _chat("qwen-max", 32_768, 8_192),
            _chat("qwen-plus", 131_072, 8_192),
            _chat("qwen-turbo", 131_072, 8_192),
            _chat("qwen-vl-max", 131_072, 8_192, extra=("vision", "video")),
            ModelCard("text-embedding-v3", "text-embedding", context_size=8_192),
            ModelCard("text-embedding-v4", "text-embedding", context_size=8_192),
        ),
    ),
    _vendor(
        "siliconflow",
        Label("SiliconFlow", "硅基流动"),
        "https://api.siliconflow.cn/v1",
        url_field=None,
        fields=(_INTERNATIONAL,),
        help_url="https://cloud.siliconflow.cn/account/ak",
        international=("use_international_endpoint", "https://api.siliconflow.com/v1"),
        kinds=("llm", "text-embedding", "rerank"),
        models=(
            ModelCard("BAAI/bge-m3", "text-embedding", context_size=8_192),
            ModelCard("BAAI/bge-reranker-v2-m3", "rerank", context_size=8_192),
        ),
    ),
    _vendor(
        "x",
        Label("xAI"),
        "https://api.x.ai/v1",
        aliases=("xai",),
        help_url="https://console.x.ai",
        models=(
            _chat("grok-3", 131_072, 131_072, price=usd("3", "15"), extra=("structured-output",)),
            _chat(
                "grok-3-mini", 131_072, 131_072, price=usd("0.3", "0.5"), extra=("structured-output",), reasoning=True
            ),
        ),
    ),
    _vendor(
        "zhipuai",
        Label("Zhipu AI", "智谱 AI"),
        "https://open.bigmodel.cn/api/paas/v4",
        aliases=("zhipu",),
        url_field=None,
        help_url="https://open.bigmodel.cn/usercenter/apikeys",
        kinds=("llm", "text-embedding"),
        models=(
            _chat("glm-4-plus", 131_072, 4_096),
            _chat("glm-4-flash", 131_072, 4_096),
            ModelCard("embedding-3", "text-embedding", context_size=8_192),
        ),
    ),
    _vendor("togetherai", Label("Together AI"), "https://api.together.xyz/v1", aliases=("together",), url_field=None),
    _vendor(
        "fireworks",
        Label("Fireworks AI"),
        "https://api.fireworks.ai/inference/v1",
        key="fireworks_api_key",
        url_field=None,
    ),
)
