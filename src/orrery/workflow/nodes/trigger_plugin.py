"""The plugin trigger: starts a run when something happens at a service that a plugin watches (workflow.md 3.20)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

from orrery.workflow.context import EngineContext
from orrery.workflow.fields import as_mapping, as_text
from orrery.workflow.node import Node, NodeFailure, NodeKindName, NodeOutcome, Selector
from orrery.workflow.nodes.trigger_inputs import system_outputs


class TriggerPluginNode:
    """Outputs the event's variables, which are the run's inputs, and the system values."""

    type: ClassVar[str] = "trigger-plugin"
    kind: ClassVar[NodeKindName] = "root"
    repeatable: bool = True
    inline: ClassVar[bool] = True

    def __init__(self, info: Mapping[str, object], parameters: Mapping[str, object]) -> None:
        self._info, self._parameters = info, parameters

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        del node_id
        names = ("provider_id", "event_name", "plugin_unique_identifier")
        info = {name: as_text(data.get(name)) for name in names}
        return cast("Node", cls(info, as_mapping(data.get("event_parameters"))))

    def references(self) -> Sequence[Selector]:
        return ()

    async def run(self, context: EngineContext) -> NodeOutcome:
        for name, parameter in self._parameters.items():
            kind = as_text(as_mapping(parameter).get("type"), "constant")
            if kind != "constant":
                raise NodeFailure(f"The event parameter {name} must be a constant, not {kind}: nothing runs before it")
        inputs = context.pool.inputs
        return NodeOutcome(
            outputs={**inputs, **system_outputs(context.pool)},
            inputs=inputs,
            metadata={"trigger_info": self._info},
        )
