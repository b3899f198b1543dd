"""What an assigner's success says: what its record shows and what is to be kept (workflow.md 3.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orrery.workflow.conversation_writes import ConversationWrite
from orrery.workflow.node import NodeOutcome
from orrery.workflow.pool import Pool
from orrery.workflow.segments import shown_type


def outcome_of(
    pool: Pool,
    changed: Mapping[tuple[str, ...], object],
    writes: Sequence[ConversationWrite],
    inputs: Mapping[str, object],
) -> NodeOutcome:
    """``changed``: two-part selector → new value, in the order of the first change; ``writes`` as they were done."""
    process_data: dict[str, object] = {selector[1]: value for selector, value in changed.items()}
    process_data["__updated_variables"] = [
        {
            "name": selector[1],
            "selector": list(selector),
            "value_type": shown_type(pool.type_of(selector)),
            "new_value": value,
        }
        for selector, value in changed.items()
    ]
    return NodeOutcome(
        inputs=inputs,
        process_data=process_data,
        conversation_writes=writes,
        variable_updates=[(sel, value) for sel, value in changed.items() if sel[0] != "conversation"],
    )
