"""The ``agent`` node: a model that works in rounds, with tools (workflow.md 3.17).

Graphs of basic apps use it too (`agent_app`): they say so with ``app_agent`` in the node's data.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Self, cast

from orrery.agents.errors import AgentMaxIterationError
from orrery.agents.request import AgentOutside, AgentRequest, AgentTool, ReactPrompts
from orrery.agents.strategies import StrategyKind, find_strategy, strategy_for_app
from orrery.inference.types import InvokeError, Message, ModelFeatures
from orrery.tools.errors import ToolError
from orrery.tools.parameter_values import configured
from orrery.workflow.context import EngineContext
from orrery.workflow.fields import as_mapping
from orrery.workflow.node import NodeFailure, NodeKindName, NodeOutcome, Selector
from orrery.workflow.nodes.agent_data import AgentData, AgentValues, ToolEntry, parse_data, read_values
from orrery.workflow.nodes.agent_errors import AgentNodeError, AgentStrategyNotFoundError, failure_of
from orrery.workflow.nodes.agent_reply import AgentReply
from orrery.workflow.nodes.llm_data import ModelNodeOptions
from orrery.workflow.nodes.prompt_history import read_history
from orrery.workflow.nodes.prompt_media import MediaLoader
from orrery.workflow.nodes.tool_errors import runtime_failure
from orrery.workflow.nodes.tool_source import tools_of


class AgentNode:
    """Runs one agent and streams its answer on ``[node_id, "text"]``. Never done again after a crash: tools act."""

    type: ClassVar[str] = "agent"
    kind: ClassVar[NodeKindName] = "executable"
    repeatable: bool = False
    options: ClassVar[ModelNodeOptions] = ModelNodeOptions()

    def __init__(self, node_id: str, data: AgentData, options: ModelNodeOptions) -> None:
        self.node_id = node_id
        self._data, self._options = data, options

    @classmethod
    def configured(cls, options: ModelNodeOptions) -> type[Self]:
        """The same kind of node under an installation's settings, for the registry's table."""
        return cast("type[Self]", type(cls.__name__, (cls,), {"options": options}))

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Self:
        return cls(node_id, parse_data(node_id, data), cls.options)

    @property
    def agent_strategy(self) -> Mapping[str, object]:
        """What ``node_started`` says of the strategy (workflow.md 4.2)."""
        return {"name": self._data.strategy, "icon": None}

    def references(self) -> Sequence[Selector]:
        data = self._data
        found = [reference for given in data.parameters.values() for reference in given.references()]
        if data.vision is not None and data.vision.selector:
            found.append(data.vision.selector)
        return found

    async def run(self, context: EngineContext) -> NodeOutcome:
        data = self._data
        kind = None if data.app else find_strategy(data.provider, data.strategy)
        if kind is None and data.app is None:
            raise AgentStrategyNotFoundError(data.provider, data.strategy)
        try:
            values = read_values(data, context.variables)
        except ValueError as error:
            raise AgentNodeError(f"Failed to invoke agent: {error}") from error
        inputs = as_mapping(context.pool.masked(values.shown))
        reply = AgentReply(context, with_thoughts=data.app is not None)
        try:
            await self._work(context, values, kind, reply)
        except NodeFailure as failure:
            failure.inputs = inputs
            raise
        info = {"icon": None, "agent_strategy": data.strategy}
        return NodeOutcome(
            outputs=reply.outputs(),
            inputs=inputs,
            metadata={"tool_info": info, "agent_log": reply.logs},
            usage=reply.usage,
            retriever_resources=[*values.resources, *reply.resources],
        )

    async def _work(
        self, context: EngineContext, values: AgentValues, kind: StrategyKind | None, reply: AgentReply
    ) -> None:
        models = context.services.models
        try:
            features = await models.features(values.model.ref)
            if kind is None:
                kind = strategy_for_app(self._data.app.strategy if self._data.app else "", features)
            request = await self._request(context, values, features)
            await context.before_effect()
            outside = AgentOutside(models, _ids(context.execution_id), context.clock.monotonic)
            await reply.listen(kind(outside).run(request))
        except (InvokeError, AgentMaxIterationError) as error:
            raise failure_of(error, values.model.name) from error

    async def _request(self, context: EngineContext, values: AgentValues, features: ModelFeatures) -> AgentRequest:
        data, model = self._data, values.model
        detail = data.vision.detail if data.vision else "high"
        loader = MediaLoader(context.services, features, self._options, detail)
        history: Sequence[Message] = ()
        if data.memory is not None:
            prompt = [Message("system", values.instruction), Message("user", values.query)]
            history = await read_history(data.memory, model, features, context.services, prompt)
        return AgentRequest(
            model=model.ref,
            query=values.query,
            instruction=values.instruction,
            parameters=model.parameters,
            stop=model.stop,
            history=tuple(history),
            files=await loader.parts(values.files),
            tools=tuple([tool for entry in values.tools if (tool := await self._tool(context, entry))]),
            max_iterations=values.max_iterations,
            prompts=data.app.prompts if data.app else ReactPrompts(),
        )

    async def _tool(self, context: EngineContext, entry: ToolEntry) -> AgentTool | None:
        try:
            tool = await tools_of(context.services).find(entry.ref)
            fixed = dict(entry.fixed)
            for parameter in tool.entity.parameters:
                if parameter.form == "form" and parameter.name not in fixed:
                    value = configured(parameter, entry.settings.get(parameter.name))
                    if value is not None:
                        fixed[parameter.name] = value
        except ToolError as error:
            if self._data.app is not None:
                return None  # a basic app outlives tools that were deleted
            raise runtime_failure(error) from error
        return AgentTool(tool=tool, fixed=fixed, description=entry.description)


def _ids(execution_id: str) -> Callable[[], str]:
    """Ids of steps: fresh ones that a replayed run makes again."""
    numbers = itertools.count(1)
    return lambda: str(uuid.uuid5(uuid.NAMESPACE_OID, f"{execution_id}/{next(numbers)}"))
