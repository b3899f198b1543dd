"""The ``tool`` node: one call of a tool with values from the graph (workflow.md 3.16)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, Self

import msgspec

from orrery.tools.catalog import short_id
from orrery.tools.entity import ToolEntity
from orrery.tools.errors import ToolError, ToolParameterValidationError
from orrery.tools.parameter_values import configured, typed
from orrery.tools.protocol import Tool, ToolRef
from orrery.workflow.context import EngineContext
from orrery.workflow.fields import as_mapping, as_text
from orrery.workflow.node import NodeFailure, NodeKindName, NodeOutcome, Selector, Variables
from orrery.workflow.nodes.tool_errors import invoke_failure, runtime_failure
from orrery.workflow.nodes.tool_reply import ToolReply
from orrery.workflow.nodes.tool_source import tools_of
from orrery.workflow.nodes.tool_values import ParameterInput, missing, read_input, read_inputs, rendered, require_known

_WITHOUT_EFFECT: Final = frozenset({"time"})
"""Providers whose tools may be asked again after a crash."""


class ToolData(msgspec.Struct, frozen=True, kw_only=True):
    """Which tool, and with what. ``configurations`` are plain values in old apps, inputs in new ones."""

    ref: ToolRef
    provider_name: str
    parameters: Mapping[str, ParameterInput]
    configurations: Mapping[str, object]
    retries: bool


class ToolNode:
    """Asks one tool and gives its answer to the graph."""

    type: ClassVar[str] = "tool"
    kind: ClassVar[NodeKindName] = "executable"

    def __init__(self, node_id: str, data: ToolData) -> None:
        self.node_id = node_id
        self._data = data
        self.ref = data.ref
        self.repeatable = data.retries or short_id(data.ref.provider_id) in _WITHOUT_EFFECT

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Self:
        provider_id, name = as_text(data.get("provider_id")), as_text(data.get("tool_name"))
        if not provider_id or not name:
            raise ValueError(f"provider_id and tool_name of node {node_id} must name a tool")
        retry = as_mapping(data.get("retry_config"))
        return cls(
            node_id,
            ToolData(
                ref=ToolRef(
                    provider_type=as_text(data.get("provider_type"), "builtin"),
                    provider_id=provider_id,
                    tool_name=name,
                    provider_name=as_text(data.get("provider_name")),
                    credential_id=as_text(data.get("credential_id")) or None,
                    plugin_unique_identifier=as_text(data.get("plugin_unique_identifier")) or None,
                ),
                provider_name=as_text(data.get("provider_name")) or provider_id,
                parameters=read_inputs(data.get("tool_parameters")),
                configurations=as_mapping(data.get("tool_configurations")),
                retries=bool(retry.get("retry_enabled")),
            ),
        )

    def references(self) -> Sequence[Selector]:
        inputs = [*self._data.parameters.values()]
        inputs += [found for value in self._data.configurations.values() if (found := read_input(value))]
        return [reference for each in inputs for reference in each.references()]

    async def run(self, context: EngineContext) -> NodeOutcome:
        data = self._data
        try:
            tool = await tools_of(context.services).find(data.ref)
            settings = _settings(tool.entity, data.configurations, context.variables)
        except ToolError as error:
            raise runtime_failure(error) from error
        given = _arguments(tool.entity, data.parameters, context.variables)
        inputs = as_mapping(context.pool.masked(given))
        if not self.repeatable:
            await context.before_effect()
        reply = ToolReply(context)
        try:
            await self._ask(tool, {**given, **settings}, reply)
        except NodeFailure as failure:
            failure.inputs = inputs
            raise
        usage = reply.usage if reply.usage.total_tokens else None
        return NodeOutcome(
            outputs=reply.outputs(),
            inputs=inputs,
            metadata={"tool_info": self._tool_info()},
            usage=usage,
            retriever_resources=reply.resources,
        )

    async def _ask(self, tool: Tool, values: Mapping[str, object], reply: ToolReply) -> None:
        try:
            await reply.listen(tool.invoke(typed(tool.entity, values)))
        except ToolError as error:
            raise invoke_failure(error, self._data.provider_name) from error

    def _tool_info(self) -> Mapping[str, object]:
        ref = self._data.ref
        return {
            "provider_type": ref.provider_type,
            "provider_id": ref.provider_id,
            "plugin_unique_identifier": ref.plugin_unique_identifier,
        }


def _arguments(entity: ToolEntity, stored: Mapping[str, ParameterInput], variables: Variables) -> dict[str, object]:
    """Values of the node's parameters; those that the tool doesn't know, and nulls, are left out."""
    found: dict[str, object] = {}
    for name, given in stored.items():
        parameter = entity.parameter(name)
        if parameter is None:
            continue
        require_known(given)
        if given.kind == "variable":
            value = variables.get(given.selector)
            if value is None and parameter.required and not variables.exists(given.selector):
                raise missing(given)
        else:
            value = None if given.value is None else rendered(given, variables)
        if value is not None:
            found[name] = value
    return found


def _settings(entity: ToolEntity, stored: Mapping[str, object], variables: Variables) -> dict[str, object]:
    """Values of the form. Raises `ToolParameterValidationError`."""
    found: dict[str, object] = {}
    for parameter in entity.parameters:
        if parameter.form != "form":
            continue
        given = read_input(stored.get(parameter.name))
        value: object
        if given is None:
            value = configured(parameter, stored.get(parameter.name))
        elif given.value is None:
            continue
        elif given.kind == "variable":
            if not variables.exists(given.selector):
                raise ToolParameterValidationError(str(missing(given)))
            value = variables.get(given.selector)
        else:
            require_known(given)
            value = rendered(given, variables) if given.kind == "mixed" else given.value
        if value is not None:
            found[parameter.name] = value
    return found
