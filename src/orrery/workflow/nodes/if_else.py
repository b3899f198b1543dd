"""The if-else node: goes on along the first case whose conditions hold (workflow.md 3.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, cast

import msgspec

from orrery.workflow.conditions import Condition, judge, parse_conditions, parse_logic
from orrery.workflow.context import EngineContext
from orrery.workflow.fields import as_mappings, as_text
from orrery.workflow.node import Node, NodeFailure, NodeKindName, NodeOutcome, Selector


class Case(msgspec.Struct, frozen=True):
    """One way to go on; ``stored`` is what the node's record shows of it."""

    case_id: str
    logic: Literal["and", "or"]
    conditions: tuple[Condition, ...]
    stored: Mapping[str, object]


class IfElseNode:
    """The handle is the case's id, or ``false`` when none holds."""

    type: ClassVar[str] = "if-else"
    kind: ClassVar[NodeKindName] = "branch"
    repeatable: bool = True
    inline: ClassVar[bool] = True

    def __init__(self, cases: Sequence[Case]) -> None:
        self._cases = tuple(cases)

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        del node_id
        stored = as_mappings(data.get("cases"))
        if not stored and data.get("conditions"):
            # Before there were cases, a node had one group, with the handles "true" and "false".
            stored = [{"case_id": "true", **{key: data.get(key) for key in ("logical_operator", "conditions")}}]
        return cast("Node", cls([_parse_case(item) for item in stored]))

    def references(self) -> Sequence[Selector]:
        return [condition.selector for case in self._cases for condition in case.conditions]

    async def run(self, context: EngineContext) -> NodeOutcome:
        inputs: dict[str, object] = {"conditions": []}
        tried: list[dict[str, object]] = []
        process_data: dict[str, object] = {"condition_results": tried}
        chosen, result = "false", False
        try:
            for case in self._cases:
                verdict = judge(case.conditions, case.logic, context.pool)
                inputs["conditions"] = verdict.compared
                tried.append({"group": case.stored, "results": verdict.results, "final_result": verdict.result})
                if verdict.result:
                    chosen, result = case.case_id, True
                    break
        except (ValueError, TypeError) as error:
            raise NodeFailure(str(error), inputs=inputs, process_data=process_data) from None
        return NodeOutcome(
            outputs={"result": result, "selected_case_id": chosen},
            inputs=inputs,
            process_data=process_data,
            handle=chosen,
        )


def _parse_case(item: Mapping[str, object]) -> Case:
    case_id = as_text(item.get("case_id")) or as_text(item.get("id")) or "true"
    logic = parse_logic(item.get("logical_operator"))
    conditions = item.get("conditions")
    shown = {"case_id": case_id, "logical_operator": logic, "conditions": conditions}
    return Case(case_id, logic, parse_conditions(conditions), shown)
