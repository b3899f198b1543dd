"""Servers that people run themselves: anything that speaks the OpenAI protocol, ollama, and presets for some."""

from __future__ import annotations

from orrery.inference.cards.parts import (
    FREQUENCY,
    PRESENCE,
    SEED,
    TOP_K,
    TOP_P,
    address,
    chat_rules,
    choice,
    max_tokens,
    response_format,
    secret,
    temperature,
    text,
)
from orrery.inference.cards.schema import Connection, FormField, Label, ParameterRule, ProviderCard

_SUPPORT = (("no_support", "Not supported", "不支持"), ("support", "Supported", "支持"))
_SUPPORTED = (("not_supported", "Not supported", "不支持"), ("supported", "Supported", "支持"))
_YES_NO = (("true", "Yes", "是"), ("false", "No", "否"))
_MODES = (("chat", "Chat", "对话"), ("completion", "Completion", "补全"))
_CALLING = (
    ("no_call", "Not supported", "不支持"),
    ("function_call", "Function call", "函数调用"),
    ("tool_call", "Tool call", "工具调用"),
)
_TOKEN_FIELDS = (
    ("auto", "Automatic", "自动"),
    ("max_tokens", "max_tokens", "max_tokens"),
    ("max_completion_tokens", "max_completion_tokens", "max_completion_tokens"),
)


def compatible_form(
    *, url_field: str = "endpoint_url", default_url: str = "https://<host>/v1"
) -> tuple[FormField, ...]:
    """The model-level form of the contract's generic provider."""
    return (
        secret("api_key", required=False),
        address(url_field, default_url, required=True),
        text("endpoint_model_name", "Model name at the endpoint", "端点上的模型名称"),
        choice("mode", Label("Completion mode", "补全模式"), _MODES, default="chat"),
        text("context_size", "Context size", "上下文长度", required=True, default="4096"),
        FormField(
            "max_tokens_to_sample",
            Label("Upper bound for max tokens", "最大 token 上限"),
            default="4096",
            required=False,
            show_on=(("__model_type", "llm"),),
        ),
        choice("function_calling_type", Label("Function calling", "函数调用"), _CALLING, default="no_call"),
        choice(
            "stream_function_calling",
            Label("Streamed function calls", "流式函数调用"),
            _SUPPORTED,
            default="not_supported",
        ),
        choice("vision_support", Label("Vision", "视觉"), _SUPPORT, default="no_support"),
        choice(
            "structured_output_support", Label("Structured output", "结构化输出"), _SUPPORTED, default="not_supported"
        ),
        choice("token_param_name", Label("Name of the token limit", "token 上限参数名"), _TOKEN_FIELDS, default="auto"),
    )


OPENAI_API_COMPATIBLE = ProviderCard(
    id="langgenius/openai_api_compatible/openai_api_compatible",
    label=Label("OpenAI-API-compatible"),
    aliases=("openai_api_compatible", "openai-api-compatible"),
    description=Label("Any server that speaks the OpenAI protocol.", "任何兼容 OpenAI 协议的服务。"),
    kinds=("llm", "text-embedding", "rerank", "tts"),
    methods=("customizable-model",),
    connection=Connection(url_fields=("endpoint_url",), key_fields=("api_key",)),
    model_form=compatible_form(),
    rules=(
        *chat_rules(131_072),
        ParameterRule("enable_thinking", Label("Thinking", "思考"), "boolean"),
    ),
)

OLLAMA = ProviderCard(
    id="langgenius/ollama/ollama",
    label=Label("Ollama"),
    aliases=("ollama",),
    description=Label("Models on your own machine through Ollama.", "通过 Ollama 在您自己的机器上运行的模型。"),
    help_url="https://ollama.com/library",
    kinds=("llm", "text-embedding"),
    methods=("customizable-model",),
    connection=Connection(
        protocol="ollama", url="http://localhost:11434", url_fields=("base_url",), list_path="/api/tags"
    ),
    model_form=(
        address("base_url", "http://localhost:11434", required=True),
        secret("api_key", required=False),
        choice("mode", Label("Completion mode", "补全模式"), _MODES, default="chat"),
        text("context_size", "Context size", "上下文长度", required=True, default="4096"),
        FormField(
            "max_tokens",
            Label("Upper bound for max tokens", "最大 token 上限"),
            default="4096",
            show_on=(("__model_type", "llm"),),
        ),
        choice("vision_support", Label("Vision", "视觉"), _YES_NO, default="false", radio=True),
        choice("function_call_support", Label("Function calling", "函数调用"), _YES_NO, default="false", radio=True),
    ),
    rules=(
        temperature(),
        TOP_P,
        TOP_K,
        max_tokens(131_072),
        SEED,
        PRESENCE,
        FREQUENCY,
        ParameterRule("keep_alive", Label("Keep loaded", "保持加载"), "string"),
        ParameterRule("think", Label("Thinking", "思考"), "boolean"),
        *response_format(),
    ),
)


def _preset(name: str, label: str, url: str, *aliases: str) -> ProviderCard:
    return ProviderCard(
        id=f"langgenius/{name}/{name}",
        label=Label(label),
        aliases=(name, *aliases),
        kinds=("llm", "text-embedding", "rerank"),
        methods=("customizable-model",),
        connection=Connection(
            url=url, url_fields=("endpoint_url", "server_url", "base_url"), url_suffix="/v1", key_fields=("api_key",)
        ),
        model_form=compatible_form(default_url=url),
        rules=chat_rules(131_072),
    )


SELF_HOSTED = (
    OPENAI_API_COMPATIBLE,
    OLLAMA,
    _preset("vllm", "vLLM", "http://localhost:8000/v1"),
    _preset("lmstudio", "LM Studio", "http://localhost:1234/v1", "lm_studio"),
    _preset("localai", "LocalAI", "http://localhost:8080/v1"),
    _preset("xinference", "Xorbits Inference", "http://localhost:9997/v1"),
)
