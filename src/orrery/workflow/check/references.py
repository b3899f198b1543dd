"""References to variables that nobody makes."""

from __future__ import annotations

from typing import Final

from orrery.workflow.check.inspection import Inspection
from orrery.workflow.check.visible import Missing
from orrery.workflow.node_inputs import NodeInput, node_inputs

_TOLERANT: Final = frozenset({"variable-aggregator", "variable-assigner"})
"""Kinds that take whatever is there of several variables."""


def check_references(inspection: Inspection) -> None:
    """Every selector and every ``{{#…#}}`` of every node."""
    for node in inspection.graph.nodes.values():
        for item in node_inputs(node.type, node.data):
            if len(item.selector) < 2:
                _empty(inspection, node.id, item)
                continue
            found = inspection.visible.find(node, item.selector, inner=item.inner)
            if not isinstance(found, Missing):
                continue
            lenient = node.type in _TOLERANT or item.field.startswith(("memory", "vision"))
            tell = inspection.report.warning if lenient else inspection.report.error
            tell(f"{'.'.join(item.selector)}: {found.message}", found.mend, node=node, field=item.field)


def _empty(inspection: Inspection, node_id: str, item: NodeInput) -> None:
    node = inspection.graph.nodes[node_id]
    message = "No variable is chosen here"
    if item.optional:
        inspection.report.warning(
            f"{message}, so the value is empty", "Choose a variable.", node=node, field=item.field
        )
    else:
        inspection.report.error(message, "Choose a variable.", node=node, field=item.field)
