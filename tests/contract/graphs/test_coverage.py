"""The corpus holds every node kind, operator, operation and error path that the engine knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from orrery.workflow.conditions import _OPERATIONS as COMPARISONS
from orrery.workflow.conversation_writes import ARITHMETIC, ON_ARRAYS
from orrery.workflow.events import NodeFinished
from orrery.workflow.node_settings import RETRYABLE_TYPES
from orrery.workflow.nodes.iteration import _MODES
from orrery.workflow.registry import BUILT_IN
from orrery.workflow.segments import ARRAY_TYPES

from .test_graph_corpus import CORPUS, TOLD, execute

OPERATIONS = {"over-write", "clear", "set"} | ARITHMETIC | ON_ARRAYS
STRATEGIES = (None, "default-value", "fail-branch")
NEVER_FAIL = {
    "start",
    "end",
    "answer",
    "variable-aggregator",
    "variable-assigner",
    "iteration-start",
    "loop-start",
    "loop-end",
}
"""Kinds without a failure of their own, or whose failure no strategy can absorb."""
LIST_OPERATORS = {
    "string": {"contains", "start with", "end with", "is", "in", "empty", "not contains", "is not", "not in", "not empty"},
    "number": {"=", "≠", "<", "≤", ">", "≥"}, "boolean": {"is", "is not"},
}  # fmt: skip
FILE_KEYS = {"name", "extension", "mime_type", "url", "related_id", "type", "transfer_method", "size"}


def data_of(kind: str) -> list[dict[str, Any]]:
    return [node["data"] for _, case in CORPUS for node in case.graph["nodes"] if node["data"]["type"] == kind]


def mappings(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        for value in tree.values():
            yield from mappings(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from mappings(value)


def values(kind: str, name: str) -> set[Any]:
    return {found[name] for data in data_of(kind) for found in mappings(data) if isinstance(found.get(name), str)}


def kinds() -> Counter[str]:
    return Counter(node["data"]["type"] for _, case in CORPUS for node in case.graph["nodes"])


@pytest.mark.parametrize("kind", BUILT_IN)
def test_every_node_kind_in_every_version(kind: str) -> None:
    found = data_of(kind)
    assert found
    if kind == "assigner":
        assert {str(data.get("version") or "1") for data in found} == set(BUILT_IN[kind])


@pytest.mark.parametrize("operator", COMPARISONS)
def test_every_comparison_with_both_verdicts(operator: str) -> None:
    verdicts = {
        case.outputs["r"]
        for name, case in CORPUS
        if name.startswith("conditions-") and case.outputs is not None and "r" in case.outputs
        for node in case.graph["nodes"]
        if node["id"] == "if" and operator in {found.get("comparison_operator") for found in mappings(node["data"])}
    }
    assert verdicts == {True, False}


def test_every_assigner_operation_on_every_type() -> None:
    assert values("assigner", "operation") >= OPERATIONS
    assert values("assigner", "write_mode") == {"over-write", "append", "clear"}
    tried = {kind for _, case in CORPUS for kind, _ in case.conversation.values()}
    assert tried >= {"string", "number", "boolean", "object"} | (ARRAY_TYPES - {"array[file]", "array[any]"})
    loops = {variable["var_type"] for data in data_of("loop") for variable in data.get("loop_variables", [])}
    assert loops >= {
        "string",
        "number",
        "object",
        "boolean",
        "array[string]",
        "array[number]",
        "array[object]",
        "array[boolean]",
    }


def test_every_list_operator() -> None:
    filters = [item for data in data_of("list-operator") for item in data.get("filter_by", {}).get("conditions", [])]
    assert {item["comparison_operator"] for item in filters} >= set().union(*LIST_OPERATORS.values())
    assert {item["key"] for item in filters} >= FILE_KEYS
    for part in ("filter_by", "extract_by", "order_by", "limit"):
        assert any(data.get(part, {}).get("enabled") for data in data_of("list-operator")), part
    assert {data["order_by"]["value"] for data in data_of("list-operator") if "order_by" in data} == {"asc", "desc"}


@pytest.mark.parametrize("mode", _MODES)
@pytest.mark.parametrize("parallel", [False, True])
def test_every_way_of_an_iteration_to_treat_failures(mode: str, parallel: bool) -> None:
    assert any(
        data.get("error_handle_mode") == mode
        and bool(data.get("is_parallel")) is parallel
        and f"!{inner}" in TOLD[name]
        for name, case in CORPUS
        for data in (node["data"] for node in case.graph["nodes"])
        if data["type"] == "iteration"
        for inner in (node["id"] for node in case.graph["nodes"] if node.get("parentId"))
    )


async def test_every_kind_that_fails_does_so_under_every_strategy() -> None:
    failed: set[tuple[str, object]] = set()
    for _, case in CORPUS:
        if case.status == "succeeded":
            continue
        strategies = {node["id"]: node["data"].get("error_strategy") for node in case.graph["nodes"]}
        trial, _ = await execute(case)
        failed |= {
            (event.node_type, strategies[event.node_id])
            for event in trial.events
            if isinstance(event, NodeFinished) and event.status != "succeeded"
        }
    starts = {kind for kind in BUILT_IN if kind.startswith(("trigger-", "datasource"))}
    wanted = {(kind, strategy) for kind in set(BUILT_IN) - NEVER_FAIL - starts for strategy in STRATEGIES}
    assert wanted - failed == set()


@pytest.mark.parametrize("kind", sorted(RETRYABLE_TYPES))
def test_every_kind_that_retries_is_cured_and_is_not(kind: str) -> None:
    retried = [
        TOLD[name]
        for name, case in CORPUS
        if any(node["data"]["type"] == kind and node["data"].get("retry_config") for node in case.graph["nodes"])
    ]
    assert any("~" in line and " = partial-succeeded" in line for line in retried)
    assert any("~" in line and " = failed" in line for line in retried)
