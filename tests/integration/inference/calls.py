"""Short ways to say a call and to collect its answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from orrery.inference.types import LLMCall, LLMDelta, MediaPart, Message, ModelRef, ToolCall, ToolSpec, Usage

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
WEATHER = ToolSpec("weather", "Weather of a city", {"type": "object", "properties": {"city": {"type": "string"}}})
CLOCK = ToolSpec("clock", "Time of day", {"type": "object", "properties": {}})
IMAGE = MediaPart(kind="image", mime_type="image/png", data=PNG)


def call(model: str, text: str = "Grüße aus Köln und mehr davon", provider: str = "openai", **more: object) -> LLMCall:
    messages = more.pop("messages", (Message("system", "be brief"), Message("user", text)))
    return LLMCall(model=ModelRef(provider, model), messages=messages, **more)  # type: ignore[arg-type]


@dataclass
class Answer:
    text: str = ""
    reasoning: str = ""
    signature: str = ""
    calls: tuple[ToolCall, ...] = ()
    finish: str | None = None
    usage: Usage | None = None
    deltas: list[LLMDelta] = field(default_factory=list[LLMDelta])

    def called(self) -> list[tuple[str, str]]:
        return [(c.name, c.arguments) for c in self.calls]


async def collect(stream: AsyncIterator[LLMDelta]) -> Answer:
    answer = Answer()
    async for delta in stream:
        assert answer.finish is None, "a delta after the last one"
        answer.deltas.append(delta)
        answer.text += delta.text
        answer.reasoning += delta.reasoning
        answer.signature += delta.reasoning_signature
        answer.calls += delta.tool_calls
        answer.finish, answer.usage = delta.finish_reason, delta.usage
    assert answer.finish is not None, "no last delta"
    return answer


def lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {k.lower(): v for k, v in headers.items()}
