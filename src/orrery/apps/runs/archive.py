"""A run as one file to keep: its record and those of its nodes (workflow.md 7.2, ``…/{run}/export``)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime

import msgspec

from orrery.apps.runs.tables import NodeExecution, WorkflowRun
from orrery.errors import OrreryError

_RUN = (
    "id", "tenant_id", "app_id", "workflow_id", "type", "triggered_from", "version", "status", "error", "elapsed_time",
    "total_tokens", "total_steps", "exceptions_count", "created_by_role", "created_by", "created_at", "finished_at",
)  # fmt: skip
_NODE = (
    "id", "node_execution_id", "node_id", "node_type", "title", "index", "predecessor_node_id", "status", "error",
    "elapsed_time", "created_at", "finished_at",
)  # fmt: skip


class NoArchive(OrreryError):
    """The run is not over, so that there is nothing whole to keep."""

    status = 404
    code = "archive_log_not_found"

    def __init__(self) -> None:
        super().__init__("workflow run archive not found")


def archive_of(run: WorkflowRun, graph: str | None, nodes: Sequence[NodeExecution]) -> bytes:
    """A ZIP file: ``workflow_run.json`` with its graph, inputs and outputs, ``node_executions.jsonl`` in their order."""
    encode = msgspec.json.encode
    record = {**_columns(run, _RUN), **_values(run, "inputs", "outputs"), "graph": _raw(graph)}
    lines = [
        encode({**_columns(node, _NODE), **_values(node, "inputs", "process_data", "outputs", "execution_metadata")})
        for node in nodes
    ]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("workflow_run.json", encode(record))
        archive.writestr("node_executions.jsonl", b"".join(line + b"\n" for line in lines))
    return made.getvalue()


def _columns(row: WorkflowRun | NodeExecution, names: Sequence[str]) -> dict[str, object]:
    values = {name: getattr(row, name) for name in names}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def _values(row: WorkflowRun | NodeExecution, *names: str) -> dict[str, object]:
    return {name: _raw(getattr(row, name)) for name in names}


def _raw(text: str | None) -> msgspec.Raw:
    return msgspec.Raw((text or "null").encode())
