"""Models that answer by script, and tools that remember what they were asked."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from orrery.agents.events import AgentEvent
from orrery.agents.request import AgentOutside, AgentTool, Strategy
from orrery.inference.types import LLMCall, LLMDelta, Message, ModelFeatures, ModelRef, ToolCall, Usage
from orrery.tools.entity import ToolDescription, ToolEntity, ToolIdentity, ToolParameter, english
from orrery.tools.messages import TextMessage, ToolMessage

MODEL = ModelRef(provider="langgenius/openai/openai", name="m1")
USAGE = Usage(prompt_tokens=10, completion_tokens=5, total_tokens=15)


class Models:
    """Each call takes the next script: deltas, or an exception after them."""

    def __init__(self, *scripts: Sequence[LLMDelta | BaseException], features: ModelFeatures | None = None) -> None:
        self.scripts = list(scripts)
        self.given = features or ModelFeatures(context_size=8000)
        self.calls: list[LLMCall] = []

    async def stream(self, call: LLMCall) -> AsyncIterator[LLMDelta]:
        self.calls.append(call)
        for step in self.scripts.pop(0):
            if isinstance(step, BaseException):
                raise step
            yield step

    async def features(self, model: ModelRef) -> ModelFeatures:
        return self.given

    async def embed(self, model: ModelRef, texts: Sequence[str]) -> tuple[list[list[float]], Usage]:
        raise AssertionError

    def count_tokens(self, model: ModelRef, messages: Sequence[Message]) -> int:
        return sum(len(message.text().split()) for message in messages)


def saying(*pieces: str, usage: Usage = USAGE) -> list[LLMDelta]:
    return [*(LLMDelta(text=piece) for piece in pieces), LLMDelta(finish_reason="stop", usage=usage)]


def calling(*calls: tuple[str, str], text: str = "") -> list[LLMDelta]:
    made = tuple(
        ToolCall(id=f"call-{number}", name=name, arguments=given) for number, (name, given) in enumerate(calls)
    )
    return [LLMDelta(text=text), LLMDelta(tool_calls=made, finish_reason="tool_calls", usage=USAGE)]


@dataclass
class Recorder:
    """A tool that answers with what it is given to say."""

    name: str = "lookup"
    says: Sequence[ToolMessage | Exception] = (TextMessage("found"),)
    parameters: tuple[ToolParameter, ...] = (ToolParameter(name="q", required=True, llm_description="question"),)
    provider: str = "acme/search/search"
    asked: list[Mapping[str, object]] = field(default_factory=list)

    @property
    def entity(self) -> ToolEntity:
        return ToolEntity(
            identity=ToolIdentity(name=self.name, provider=self.provider, label=english(self.name.title())),
            description=ToolDescription(llm=f"{self.name} things"),
            parameters=self.parameters,
        )

    async def invoke(self, parameters: Mapping[str, object]) -> AsyncIterator[ToolMessage]:
        self.asked.append(parameters)
        for message in self.says:
            if isinstance(message, Exception):
                raise message
            yield message

    def held(self, **options: object) -> AgentTool:
        return AgentTool(tool=self, **options)  # type: ignore[arg-type]


def outside(models: Models) -> AgentOutside:
    ids, ticks = itertools.count(1), itertools.count()
    return AgentOutside(models, lambda: f"id-{next(ids)}", lambda: float(next(ticks)))


async def told(strategy: Strategy, request: object) -> list[AgentEvent]:
    return [event async for event in strategy.run(request)]  # type: ignore[arg-type]
