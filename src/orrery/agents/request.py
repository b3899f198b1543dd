"""What an agent is asked to do, and with what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final, Protocol

import msgspec

from orrery.agents.events import AgentEvent
from orrery.inference.types import MediaPart, Message, ModelGateway, ModelRef
from orrery.tools.protocol import Tool

MOST_ROUNDS: Final = 99


class AgentTool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool in an agent's hands.

    ``fixed``: values that a person chose, by name; the model neither sees nor changes them. ``description`` replaces
    the tool's own when it isn't empty.
    """

    tool: Tool
    fixed: Mapping[str, object] = {}
    description: str = ""


class ReactPrompts(msgspec.Struct, frozen=True):
    """An app's own texts for the text protocol; empty ones mean the built-in texts."""

    first: str = ""
    next: str = ""


class AgentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """``history``: earlier turns, oldest first. ``max_iterations``: rounds with tools; one more ends without."""

    model: ModelRef
    query: str
    instruction: str = ""
    parameters: Mapping[str, object] = {}
    stop: tuple[str, ...] = ()
    history: tuple[Message, ...] = ()
    files: tuple[MediaPart, ...] = ()
    tools: tuple[AgentTool, ...] = ()
    max_iterations: int = 10
    prompts: ReactPrompts = ReactPrompts()
    user: str | None = None

    @property
    def rounds(self) -> int:
        """All rounds, the one without tools included."""
        return max(min(self.max_iterations, MOST_ROUNDS), 0) + 1


class AgentOutside(msgspec.Struct, frozen=True):
    """What an agent may use: models, fresh ids, a monotonic clock in seconds."""

    models: ModelGateway
    new_id: Callable[[], str]
    monotonic: Callable[[], float]


class Strategy(Protocol):
    """A way of working."""

    def run(self, request: AgentRequest) -> AsyncIterator[AgentEvent]:
        """Ends with an `AgentEnd`. Raises `InvokeError`, `AgentMaxIterationError`."""
        ...
