"""The modes of apps (workflow.md 1.1) and what follows from each."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy

from orrery.errors import InvalidParam

GRAPH_MODES = frozenset({"advanced-chat", "workflow"})
BASIC_MODES = frozenset({"chat", "completion", "agent-chat"})
CHAT_MODES = frozenset({"chat", "agent-chat", "advanced-chat"})
CREATABLE_MODES = ("chat", "agent-chat", "advanced-chat", "workflow", "completion")

WORKFLOW_TYPES: Mapping[str, str] = {"workflow": "workflow", "advanced-chat": "chat"}

_BASIC_CONFIG: Mapping[str, object] = {
    "opening_statement": "",
    "suggested_questions": [],
    "suggested_questions_after_answer": {"enabled": False},
    "speech_to_text": {"enabled": False},
    "text_to_speech": {"enabled": False, "voice": "", "language": ""},
    "retriever_resource": {"enabled": True},
    "annotation_reply": {"enabled": False},
    "more_like_this": {"enabled": False},
    "sensitive_word_avoidance": {"enabled": False, "type": "", "config": {}},
    "external_data_tools": [],
    "model": {"provider": "", "name": "", "mode": "chat", "completion_params": {}},
    "user_input_form": [],
    "dataset_query_variable": "",
    "pre_prompt": "",
    "agent_mode": {"enabled": False, "strategy": None, "max_iteration": 10, "tools": [], "prompt": None},
    "prompt_type": "simple",
    "chat_prompt_config": {},
    "completion_prompt_config": {},
    "dataset_configs": {"retrieval_model": "multiple", "datasets": {"strategy": "router", "datasets": []}},
    "file_upload": {
        "image": {
            "enabled": False,
            "number_limits": 3,
            "detail": "high",
            "transfer_methods": ["remote_url", "local_file"],
        }
    },
}


def check_creatable(mode: str) -> str:
    """Raises `InvalidParam` for a mode that no app can be made with."""
    if mode not in CREATABLE_MODES:
        raise InvalidParam(f"mode: must be one of {', '.join(CREATABLE_MODES)}.", params="mode")
    return mode


def blank_config(mode: str) -> dict[str, object]:
    """The configuration that a new chat, agent-chat or completion app starts with (workflow.md 1.7)."""
    config = deepcopy(dict(_BASIC_CONFIG))
    if mode == "completion":
        config["user_input_form"] = [
            {"paragraph": {"label": "Query", "variable": "query", "required": True, "default": ""}}
        ]
        config["pre_prompt"] = "{{query}}"
    if mode == "agent-chat":
        config["agent_mode"] = {"enabled": True, "strategy": None, "max_iteration": 10, "tools": [], "prompt": None}
    return config
