"""One question to a language model, answered whole: which base to search, which documents count."""

from __future__ import annotations

from contextlib import aclosing
from typing import Protocol

import msgspec

from orrery.inference.gateway import InferenceGateway
from orrery.inference.types import LLMCall, ToolCall, Usage


class Models(Protocol):
    """Makes the gateway of a workspace."""

    def __call__(self, workspace_id: str, /) -> InferenceGateway: ...


class Said(msgspec.Struct):
    """A whole answer."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    usage: Usage = Usage()


async def ask(gateway: InferenceGateway, call: LLMCall) -> Said:
    """Raises `InvokeError`."""
    said = Said()
    pieces: list[str] = []
    async with aclosing(gateway.stream(call)) as deltas:
        async for delta in deltas:
            pieces.append(delta.text)
            said.calls += delta.tool_calls
            if delta.usage is not None:
                said.usage = delta.usage
    said.text = "".join(pieces)
    return said
