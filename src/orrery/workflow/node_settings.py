"""What the engine itself reads from a node's data: error strategy, default values, retries (workflow.md 2.1, 2.7)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import msgspec

from orrery.whole_text import whole_values
from orrery.workflow.fields import as_count, as_mapping, as_mappings, as_number, as_text
from orrery.workflow.graph_errors import GraphError
from orrery.workflow.segments import fits

ErrorStrategy: TypeAlias = Literal["default-value", "fail-branch"]

RETRYABLE_TYPES: Final = frozenset({"llm", "tool", "http-request", "code"})
_DEFAULT_TYPES: Final = frozenset(
    {"string", "number", "object", "array[number]", "array[string]", "array[object]", "array[file]"}
)


class RetryPolicy(msgspec.Struct, frozen=True):
    """``max_retries`` more attempts, each after ``interval`` seconds."""

    max_retries: int
    interval: float


class NodeSettings(msgspec.Struct, frozen=True):
    """The engine's part of a node's data."""

    strategy: ErrorStrategy | None
    defaults: Mapping[str, object]
    retry: RetryPolicy | None


def read_settings(node_id: str, node_type: str, data: Mapping[str, object]) -> NodeSettings:
    """Raises `GraphError` when a default value is not of its type."""
    strategy: ErrorStrategy | None = None
    defaults: Mapping[str, object] = {}
    wanted = data.get("error_strategy")
    if wanted == "fail-branch":
        strategy = "fail-branch"
    elif wanted == "default-value":
        strategy = "default-value"
        defaults = {
            as_text(item.get("key")): _default_value(node_id, item) for item in as_mappings(data.get("default_value"))
        }
    return NodeSettings(strategy, defaults, _retry_policy(node_type, as_mapping(data.get("retry_config"))))


def _retry_policy(node_type: str, config: Mapping[str, object]) -> RetryPolicy | None:
    if node_type not in RETRYABLE_TYPES or not config.get("retry_enabled"):
        return None
    max_retries = as_count(config.get("max_retries"), 0)
    return RetryPolicy(max_retries, max(as_number(config.get("retry_interval"), 0.0), 0.0) / 1000)


def _default_value(node_id: str, item: Mapping[str, object]) -> object:
    key, wanted, value = as_text(item.get("key")), as_text(item.get("type")), item.get("value")
    issue = GraphError.of_issues(
        [("INVALID_DEFAULT_VALUE", f"The default value {key!r} of node {node_id} must be of type {wanted}")]
    )
    if wanted not in _DEFAULT_TYPES:
        raise issue
    if isinstance(value, str) and wanted != "string":
        try:
            value = float(value) if wanted == "number" else whole_values(json.loads(value))
        except ValueError:
            raise issue from None
    if not fits(wanted, value):
        raise issue
    return value
