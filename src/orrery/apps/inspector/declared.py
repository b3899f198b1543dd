"""The type that a draft's graph declares for a node's output, for values that say nothing of it."""

from __future__ import annotations

import msgspec

from orrery.workflow.check.outputs import outputs_of
from orrery.workflow.check.shapes import ANY
from orrery.workflow.check.stored import StoredGraph
from orrery.workflow.segments import ARRAY_TYPES, infer_type


def declared_type(graph_text: str, node_id: str, name: str) -> str:
    """The type of an output as the draft has it; ``any`` where no node's data tells."""
    node = StoredGraph.read(msgspec.json.decode(graph_text, type=dict[str, object])).nodes.get(node_id)
    if node is None:
        return ANY.type
    return (outputs_of(node.type, node.data) or {}).get(name, ANY).type


def type_after(declared: str, value: object) -> str:
    """The type of a variable that held null when it is given a value: an empty list is of the declared kind."""
    return declared if value == [] and declared in ARRAY_TYPES else infer_type(value)
