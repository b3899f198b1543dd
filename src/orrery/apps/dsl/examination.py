"""Finds the faults of an app before anybody runs it, as `orrery check` does for a file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from orrery.apps.catalog.service import Actor
from orrery.apps.dsl.document import parse
from orrery.apps.dsl.service import DslService
from orrery.workflow.check import EditorLimits, Finding, ModelKnowledge, ToolKnowledge, check_app
from orrery.workflow.registry import NodeRegistry


class Examination:
    """Looks at an app as its file would be: what the check sees is what others get.

    ``knowledge`` tells what a workspace knows about models, ``tools`` what it knows about tools;
    ``limits`` are what the operator lets editors draw.
    """

    def __init__(
        self,
        dsl: DslService,
        registry: NodeRegistry,
        knowledge: Callable[[str], Awaitable[ModelKnowledge]],
        tools: Callable[[str], Awaitable[ToolKnowledge]],
        limits: EditorLimits | None = None,
    ) -> None:
        self._limits = limits
        self._dsl, self._registry, self._knowledge, self._tools = dsl, registry, knowledge, tools

    async def of(self, who: Actor, app_id: str) -> list[Finding]:
        """The findings in the draft, errors first. Raises `AppNotFound`, `DraftNotFound`."""
        text = await self._dsl.export(who, app_id, include_secret=False)
        models, tools = await self._knowledge(who.workspace_id), await self._tools(who.workspace_id)
        # A graph of hundreds of nodes takes a tenth of a second, which other people's streams should not wait for.
        return await asyncio.to_thread(self._examined, text, models, tools)

    def _examined(self, text: str, models: ModelKnowledge, tools: ToolKnowledge) -> list[Finding]:
        return check_app(parse(text), registry=self._registry, models=models, tools=tools, limits=self._limits)
