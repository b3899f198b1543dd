"""Short texts by a workspace's default model: titles, suggestions. One call, bounded in time and length."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence

from orrery.inference.types import (
    InvokeConnectionError,
    LLMCall,
    Message,
    ModelGateway,
    ModelKind,
    ModelRef,
    ProviderNotConfigured,
)
from orrery.workspaces.models.offer import Offer

ChooseModel = Callable[[str], Awaitable[ModelRef | None]]
SECONDS = 30.0
_THOUGHTS = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL | re.IGNORECASE)


def offered_default(offer: Offer, kind: ModelKind = "llm") -> ChooseModel:
    """The default model of a workspace, as the console shows it."""

    async def choose(workspace_id: str) -> ModelRef | None:
        found = await offer.default(workspace_id, kind)
        if found is None:
            return None
        key = found[1].key
        return ModelRef(provider=key.provider, name=key.name, kind=kind)

    return choose


class DefaultModel:
    """Asks the default model. ``gateway`` makes the gateway of a workspace."""

    def __init__(
        self, gateway: Callable[[str], ModelGateway], choose: ChooseModel, *, seconds: float = SECONDS
    ) -> None:
        self._gateway = gateway
        self._choose = choose
        self._seconds = seconds

    async def write(
        self,
        workspace_id: str,
        messages: Sequence[Message],
        *,
        parameters: Mapping[str, object],
        model: ModelRef | None = None,
    ) -> str:
        """The model's text without its thoughts. ``model`` replaces the default. Raises `InvokeError`."""
        chosen = model or await self._choose(workspace_id)
        if chosen is None:
            raise ProviderNotConfigured("The workspace has no default model.")
        call = LLMCall(model=chosen, messages=tuple(messages), parameters=parameters)
        try:
            async with asyncio.timeout(self._seconds):
                pieces = [delta.text async for delta in self._gateway(workspace_id).stream(call)]
        except TimeoutError as error:
            raise InvokeConnectionError(f"The model did not answer within {self._seconds:g} seconds.") from error
        return _THOUGHTS.sub("", "".join(pieces)).strip()
