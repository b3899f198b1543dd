"""The conversation so far, as much of it as a model call can hold (workflow.md 3.10, Memory)."""

from __future__ import annotations

from collections.abc import Sequence

from orrery.inference.types import Message, ModelFeatures, TextPart
from orrery.workflow.node import NodeServices
from orrery.workflow.nodes.llm_data import MemoryConfig, ModelConfig, RolePrefix

MAX_ROUNDS = 500
ROOM_WHEN_UNKNOWN = 2000


async def read_history(
    memory: MemoryConfig,
    model: ModelConfig,
    features: ModelFeatures,
    services: NodeServices,
    prompt: Sequence[Message],
) -> list[Message]:
    """Messages of the thread, oldest first: the newest that fit beside ``prompt`` and the answer.

    A round is a question and its answer. Outside of a conversation there is no history.
    """
    if services.memory is None:
        return []
    rounds = memory.rounds
    limit = min(rounds, MAX_ROUNDS) if rounds and rounds > 0 else MAX_ROUNDS
    messages = await services.memory.history(limit=limit)
    room = ROOM_WHEN_UNKNOWN
    if features.context_size:
        taken = services.models.count_tokens(model.ref, prompt) if prompt else 0
        room = max(features.context_size - model.output_limit - taken, 0)
    kept: list[Message] = []
    for message in reversed(messages):
        room -= services.models.count_tokens(model.ref, [message])
        if room < 0:
            break
        kept.append(message)
    kept.reverse()
    # A history cut in the middle of a round would begin with an answer to nothing, which some vendors refuse.
    while len(kept) < len(messages) and kept and kept[0].role != "user":
        kept.pop(0)
    return kept


def history_text(messages: Sequence[Message], prefix: RolePrefix) -> str:
    """The history for models that complete text: one line a turn, media by their kind in brackets."""
    names = {"user": prefix.user, "assistant": prefix.assistant}
    return "\n".join(f"{names[m.role]}: {_plain(m)}" for m in messages if m.role in names)


def _plain(message: Message) -> str:
    if isinstance(message.content, str):
        return message.content
    return "\n".join(part.text if isinstance(part, TextPart) else f"[{part.kind}]" for part in message.content)
