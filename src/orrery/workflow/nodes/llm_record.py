"""What a node record shows of a model call (workflow.md 3.10, process_data and metadata)."""

from __future__ import annotations

from collections.abc import Sequence

from orrery.inference.types import Message, Usage
from orrery.workflow.nodes.llm_data import ModelConfig
from orrery.workflow.nodes.llm_reply import Reply
from orrery.workflow.nodes.prompt_messages import saved_prompts


def process_data(model: ModelConfig, messages: Sequence[Message], reply: Reply | None) -> dict[str, object]:
    """``reply`` None: the call failed, so there is neither usage nor a finish reason to show."""
    record: dict[str, object] = {
        "model_mode": model.mode,
        "prompts": saved_prompts(messages, model.mode),
        "model_provider": model.provider,
        "model_name": model.name,
    }
    if reply is not None:
        record |= {"usage": reply.usage.as_wire(), "finish_reason": reply.finish_reason}
    return record


def metadata(usage: Usage) -> dict[str, object]:
    return {
        "total_tokens": usage.total_tokens,
        "total_price": str(usage.total_price),
        "currency": usage.currency,
    }
