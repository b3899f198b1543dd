"""Whatever a file holds, an examination ends with findings and never with an error of its own."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.workflow.check import check_app
from orrery.workflow.registry import BUILT_IN

from .examined import App, Models

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.floats(allow_nan=False), st.sampled_from(["", "a", "start", "{{#start.a#}}", "1"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "type", "value", "name", "enabled"]), inner, max_size=3)),
    max_leaves=6,
)  # fmt: skip
FIELDS = [
    "title", "version", "variables", "cases", "conditions", "outputs", "answer", "code", "code_language", "model", "prompt_template", "memory",
    "vision", "context", "items", "iterator_selector", "output_selector", "loop_variables", "break_conditions", "loop_count", "start_node_id",
    "filter_by", "order_by", "extract_by", "variable", "url", "method", "body", "authorization", "classes", "parameters", "query",
    "query_variable_selector", "dataset_ids", "variable_selector", "template", "error_strategy", "user_actions", "inputs",
    "form_content", "delivery_methods", "advanced_settings", "visual_config", "frequency", "headers", "params", "tool_parameters",
    "output_schema", "structured_output", "structured_output_enabled", "retry_config", "default_value", "parentId",
]  # fmt: skip
DATA = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6)
NODES = st.lists(st.tuples(st.sampled_from([*BUILT_IN, "tool", "unknown", ""]), DATA), max_size=5)


@settings(max_examples=200, deadline=None)
@given(
    NODES,
    st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=6),
    JSON,
    st.sampled_from(["workflow", "advanced-chat", "odd"]),
)
def test_any_graph(
    nodes: list[tuple[str, dict[str, Any]]], edges: set[tuple[int, int]], variables: Any, mode: str
) -> None:
    made = [{"id": f"n{i}", "data": {**data, "type": kind}} for i, (kind, data) in enumerate(nodes)]
    graph = {"nodes": made, "edges": [{"source": f"n{a}", "target": f"n{b}"} for a, b in edges]}
    block = {"graph": graph, "environment_variables": variables, "conversation_variables": variables}
    before = copy.deepcopy(block)
    found = check_app(App(mode, block), models=Models())
    assert all(finding.message and finding.mend for finding in found)
    assert block == before
    levels = [finding.level for finding in found]
    assert levels == sorted(levels)
