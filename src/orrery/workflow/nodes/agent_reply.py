"""Listening to an agent: text is streamed, steps are told as events, the rest is kept for the outputs (workflow.md 3.17)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import msgspec

from orrery.agents.events import AgentEnd, AgentEvent, AgentOutput, AgentStep, AgentText, AgentThinking
from orrery.inference.types import Usage
from orrery.tools.errors import ToolInvokeError
from orrery.tools.hanging_up import hanging_up
from orrery.tools.messages import LogMessage, RetrieverMessage
from orrery.workflow.context import EngineContext
from orrery.workflow.events import AgentLog, AgentThought
from orrery.workflow.fields import as_mapping
from orrery.workflow.nodes.tool_files import ToolFiles
from orrery.workflow.nodes.tool_reply import NOTHING


class AgentReply:
    """Takes an agent's events in. ``with_thoughts``: rounds are told as basic apps show them."""

    def __init__(self, context: EngineContext, *, with_thoughts: bool) -> None:
        self._context, self._with_thoughts = context, with_thoughts
        self._files = ToolFiles(context.services)
        self._texts: list[str] = []
        self._logs: dict[str, Mapping[str, object]] = {}
        self._of_round: list[Mapping[str, object]] = []
        self.files: list[Mapping[str, object]] = []
        self.resources: list[Mapping[str, object]] = []
        self.usage = Usage()

    async def listen(self, events: AsyncIterator[AgentEvent]) -> None:
        """Raises what the agent raises."""
        async with hanging_up(events) as heard:
            async for event in heard:
                await self._take(event)
        self._context.stream("text", "", final=True)

    @property
    def logs(self) -> list[Mapping[str, object]]:
        """The steps as they stand now, in the order in which they began."""
        return list(self._logs.values())

    def outputs(self) -> dict[str, object]:
        return {
            "text": "".join(self._texts),
            "usage": self.usage.as_wire(),
            "files": self.files,
            "json": [*self.logs, dict(NOTHING)],
        }

    async def _take(self, event: AgentEvent) -> None:
        match event:
            case AgentText(text=text):
                self._say(text)
            case AgentOutput():
                await self._keep(event)
            case LogMessage():
                self._log(event)
            case AgentStep():
                self._step(event)
            case AgentEnd(usage=usage):
                self.usage = usage
            case AgentThinking():
                pass  # a model's own thoughts are no part of the answer

    def _say(self, text: str) -> None:
        self._texts.append(text)
        self._context.stream("text", text)

    async def _keep(self, event: AgentOutput) -> None:
        if isinstance(event.message, RetrieverMessage):
            self.resources.extend(event.message.resources)
            return
        try:
            file = await self._files.keep(event.message)
        except ToolInvokeError as error:
            self._say(f"{error}\n")
            return
        self.files.append(file)
        self._of_round.append(file)

    def _log(self, log: LogMessage) -> None:
        context = self._context
        told = AgentLog(
            id=log.id,
            node_execution_id=context.execution_id,
            node_id=context.node_id,
            label=log.label,
            status=log.status,
            parent_id=log.parent_id,
            error=log.error,
            data=as_mapping(context.pool.masked(log.data)),
            metadata=log.metadata,
            marks=context.marks,
        )
        context.emit(told)
        self._logs[log.id] = {
            "id": told.id,
            "parent_id": told.parent_id,
            "error": told.error,
            "status": told.status,
            "data": told.data,
            "label": told.label,
            "metadata": told.metadata,
            "node_id": told.node_id,
        }

    def _step(self, step: AgentStep) -> None:
        if step.stage == "started":
            self._of_round = []
        if not self._with_thoughts:
            return
        fields = msgspec.structs.asdict(step)
        self._context.emit(
            AgentThought(
                **fields,
                node_execution_id=self._context.execution_id,
                node_id=self._context.node_id,
                files=tuple(self._of_round),
            )
        )
