"""What new nodes start with in the editor (workflow.md 3, default block configs)."""

from __future__ import annotations

from collections.abc import Mapping

JsonObject = Mapping[str, object]

_MODEL: JsonObject = {"provider": "", "name": "", "mode": "chat", "completion_params": {"temperature": 0.7}}
_PYTHON = 'def main(arg1: str, arg2: str):\n    return {\n        "result": arg1 + arg2,\n    }\n'


def _arguments(*names: str) -> list[JsonObject]:
    return [{"variable": name, "value_selector": []} for name in names]


def _block(kind: str, config: JsonObject) -> JsonObject:
    return {"type": kind, "config": config}


_BLOCKS: tuple[JsonObject, ...] = (
    _block(
        "llm",
        {
            "prompt_templates": {
                "chat_model": {
                    "prompts": [{"role": "system", "text": "You are a helpful AI assistant.", "edition_type": "basic"}]
                },
                "completion_model": {
                    "conversation_histories_role": {"user_prefix": "Human", "assistant_prefix": "Assistant"},
                    "prompt": {
                        "text": "Here are the chat histories between human and assistant, inside <histories></histories>"
                        " XML tags.\n\n<histories>\n{{#histories#}}\n</histories>\n\n\nHuman: {{#sys.query#}}\n\nAssistant:",
                        "edition_type": "basic",
                    },
                    "stop": ["Human:"],
                },
            }
        },
    ),
    _block(
        "code",
        {
            "variables": _arguments("arg1", "arg2"),
            "code_language": "python3",
            "code": _PYTHON,
            "outputs": {"result": {"type": "string", "children": None}},
        },
    ),
    _block("template-transform", {"variables": _arguments("arg1"), "template": "{{ arg1 }}"}),
    _block("question-classifier", {"instructions": "", "classes": [], "model": _MODEL}),
    _block(
        "http-request",
        {
            "method": "get",
            "authorization": {"type": "no-auth"},
            "body": {"type": "none"},
            "timeout": {
                "connect": 10,
                "read": 600,
                "write": 600,
                "max_connect_timeout": 10,
                "max_read_timeout": 600,
                "max_write_timeout": 600,
            },
            "ssl_verify": True,
            "retry_config": {"max_retries": 3, "retry_interval": 2.0, "retry_enabled": True},
        },
    ),
    _block("parameter-extractor", {"model": _MODEL, "parameters": [], "reasoning_mode": "function_call"}),
    _block(
        "iteration",
        {"is_parallel": False, "parallel_nums": 10, "error_handle_mode": "terminated", "flatten_output": True},
    ),
    _block(
        "trigger-webhook",
        {
            "method": "get",
            "content_type": "application/json",
            "headers": [],
            "params": [],
            "body": [],
            "async_mode": True,
            "status_code": 200,
            "response_body": "",
            "timeout": 30,
        },
    ),
    _block(
        "trigger-schedule",
        {
            "mode": "visual",
            "frequency": "daily",
            "visual_config": {"time": "12:00 AM", "on_minute": 0, "weekdays": ["sun"], "monthly_days": [1]},
            "timezone": "UTC",
        },
    ),
    _block("trigger-plugin", {"plugin_id": "", "provider_id": "", "event_name": "", "event_parameters": {}}),
)

BLOCK_CONFIGS: Mapping[str, JsonObject] = {str(block["type"]): block for block in _BLOCKS}
"""By node type; types without defaults of their own are absent."""
