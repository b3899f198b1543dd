"""A tool that is one coroutine from parameters to a text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

import msgspec

from orrery.tools.entity import ProviderIdentity, ToolEntity
from orrery.tools.messages import TextMessage, ToolMessage
from orrery.tools.protocol import ProviderType, Tool


class AnswerTool(msgspec.Struct, frozen=True):
    """Implements `Tool`; ``answer`` may raise `ToolError`."""

    entity: ToolEntity
    answer: Callable[[Mapping[str, object]], Awaitable[str]]

    async def invoke(self, parameters: Mapping[str, object]) -> AsyncIterator[ToolMessage]:
        yield TextMessage(await self.answer(parameters))


class BuiltInProvider:
    """Implements `ToolProvider`."""

    type: ProviderType = "builtin"

    def __init__(self, identity: ProviderIdentity, tools: Sequence[Tool]) -> None:
        self.identity, self._tools = identity, tuple(tools)

    @property
    def id(self) -> str:
        return self.identity.name

    def tools(self) -> Sequence[Tool]:
        return self._tools
