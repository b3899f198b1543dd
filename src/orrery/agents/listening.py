"""One model call, listened to: pieces are passed on, the whole is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator

from orrery.inference.types import LLMCall, LLMDelta, ModelGateway, ToolCall, Usage
from orrery.tools.hanging_up import hanging_up


class Reply:
    """A model's answer while it arrives; complete when `pieces` has ended."""

    def __init__(self) -> None:
        self.text = ""
        self.reasoning = ""
        self.reasoning_signature = ""
        self.tool_calls: tuple[ToolCall, ...] = ()
        self.usage = Usage()

    async def pieces(self, models: ModelGateway, call: LLMCall) -> AsyncIterator[LLMDelta]:
        """Raises `InvokeError`."""
        texts: list[str] = []
        thoughts: list[str] = []
        try:
            async with hanging_up(models.stream(call)) as deltas:
                async for delta in deltas:
                    texts.append(delta.text)
                    thoughts.append(delta.reasoning)
                    self.tool_calls += delta.tool_calls
                    self.usage = delta.usage or self.usage
                    self.reasoning_signature = delta.reasoning_signature or self.reasoning_signature
                    yield delta
        finally:
            self.text, self.reasoning = "".join(texts), "".join(thoughts)
