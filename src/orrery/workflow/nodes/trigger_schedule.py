"""The schedule trigger: starts a run at set times (workflow.md 3.20)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

from orrery.workflow.context import EngineContext
from orrery.workflow.node import Node, NodeKindName, NodeOutcome, Selector
from orrery.workflow.nodes.trigger_inputs import system_outputs
from orrery.workflow.nodes.trigger_schedule_cron import cron_of


class TriggerScheduleNode:
    """Outputs the system values; ``cron`` is when it fires, in the zone ``timezone``."""

    type: ClassVar[str] = "trigger-schedule"
    kind: ClassVar[NodeKindName] = "root"
    repeatable: bool = True
    inline: ClassVar[bool] = True

    def __init__(self, cron: str, timezone: str) -> None:
        self.cron, self.timezone = cron, timezone

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        del node_id
        return cast("Node", cls(cron_of(data), str(data.get("timezone") or "UTC")))

    def references(self) -> Sequence[Selector]:
        return ()

    async def run(self, context: EngineContext) -> NodeOutcome:
        outputs = system_outputs(context.pool)
        return NodeOutcome(outputs=outputs, inputs=outputs)
