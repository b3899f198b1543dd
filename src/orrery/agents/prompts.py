"""Messages of an agent's model calls: what comes first, what fits, what becomes of pictures (workflow.md 1.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from orrery.agents.request import AgentOutside, AgentRequest
from orrery.inference.types import ContentPart, Message, ModelFeatures, TextPart

_LIMIT_NAMES: Final = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_LEAST_ROOM: Final = 16


def user_message(request: AgentRequest) -> Message:
    """The query, with its files before it."""
    if not request.files:
        return Message("user", request.query)
    parts: tuple[ContentPart, ...] = (*request.files, TextPart(request.query))
    return Message("user", parts)


def without_media(messages: Sequence[Message]) -> list[Message]:
    """The messages with names in place of pictures and files: the model has seen them once."""
    return [_without_media(message) for message in messages]


def _without_media(message: Message) -> Message:
    if message.role != "user" or isinstance(message.content, str):
        return message
    lines = [
        part.text if isinstance(part, TextPart) else "[image]" if part.kind == "image" else "[file]"
        for part in message.content
    ]
    return msgspec.structs.replace(message, content="\n".join(lines))


def fitting_parameters(
    outside: AgentOutside, request: AgentRequest, features: ModelFeatures, messages: Sequence[Message]
) -> Mapping[str, object]:
    """The parameters, with a lower output limit when the prompt leaves less room."""
    name = next((name for name in _LIMIT_NAMES if name in request.parameters), None)
    limit = request.parameters.get(name) if name else None
    if name is None or not features.context_size or not isinstance(limit, int):
        return request.parameters
    taken = outside.models.count_tokens(request.model, messages)
    if taken + limit <= features.context_size:
        return request.parameters
    return {**request.parameters, name: max(features.context_size - taken, _LEAST_ROOM)}
