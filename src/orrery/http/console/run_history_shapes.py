"""Runs and node executions as the console shows them (product.md 8: run list, run detail, node execution)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

from orrery.apps.conversations.tables import EndUser
from orrery.apps.runs.file_values import Sign, with_urls
from orrery.apps.runs.tables import NodeExecution, WorkflowRun
from orrery.apps.runs.truncation import DisplayLimits, truncated
from orrery.http.console.app_shapes import JsonObject, unix
from orrery.http.console.workflows import person
from orrery.workspaces.members.names import Person

People = Mapping[str, Person]
EndUsers = Mapping[str, EndUser]


def account_of(row: WorkflowRun | NodeExecution, people: People) -> JsonObject | None:
    """Who started it, when that was an account."""
    return person(people, row.created_by) if row.created_by_role == "account" else None


def end_user_of(row: WorkflowRun | NodeExecution, end_users: EndUsers) -> JsonObject | None:
    """Who started it, when that was an end user."""
    found = end_users.get(row.created_by) if row.created_by_role == "end_user" else None
    return None if found is None else end_user_object(found)


def end_user_object(row: EndUser) -> JsonObject:
    """An end user as lists and details name him."""
    return {"id": row.id, "type": row.type, "is_anonymous": row.is_anonymous, "session_id": row.session_id}


def run_row(row: WorkflowRun, people: People) -> JsonObject:
    """One line of the run history."""
    return {
        "id": row.id,
        "version": row.version,
        "status": row.status,
        "elapsed_time": row.elapsed_time,
        "total_tokens": row.total_tokens,
        "total_steps": row.total_steps,
        "created_by_account": account_of(row, people),
        "created_at": unix(row.created_at),
        "finished_at": unix(row.finished_at),
        "exceptions_count": row.exceptions_count,
        "retry_index": 0,
    }


def run_detail(row: WorkflowRun, graph: str | None, people: People, end_users: EndUsers, sign: Sign) -> JsonObject:
    """A run with what it ran and what came of it; ``graph`` is the version's JSON text."""
    return {
        **run_row(row, people),
        "graph": msgspec.Raw(graph.encode()) if graph else {},
        "inputs": with_urls(_object(row.inputs), sign),
        "outputs": with_urls(_object(row.outputs), sign),
        "error": row.error,
        "created_by_role": row.created_by_role,
        "created_by_end_user": end_user_of(row, end_users),
        **_rerun_of(row),
    }


def _rerun_of(row: WorkflowRun) -> JsonObject:
    """``rerun_of {run_id, node_id}`` of a run that repeats another one; nothing for the others."""
    source = cast("Mapping[str, object]", row.request or {}).get("rerun_of")
    return {} if source is None else {"rerun_of": source}


def node_execution(
    row: NodeExecution, people: People, end_users: EndUsers, sign: Sign, limits: DisplayLimits
) -> JsonObject:
    """One execution of a node; values beyond ``limits`` are cut and marked."""
    inputs, inputs_cut = _shown(row.inputs, sign, limits)
    process_data, process_data_cut = _shown(row.process_data, sign, limits)
    outputs, outputs_cut = _shown(row.outputs, sign, limits)
    return {
        "id": row.id,
        "index": row.index,
        "predecessor_node_id": row.predecessor_node_id,
        "node_id": row.node_id,
        "node_type": row.node_type,
        "title": row.title,
        "inputs": inputs,
        "process_data": process_data,
        "outputs": outputs,
        "status": row.status,
        "error": row.error,
        "elapsed_time": row.elapsed_time,
        "execution_metadata": msgspec.Raw((row.execution_metadata or "null").encode()),
        "extras": {},
        "created_at": unix(row.created_at),
        "created_by_role": row.created_by_role,
        "created_by_account": account_of(row, people),
        "created_by_end_user": end_user_of(row, end_users),
        "finished_at": unix(row.finished_at),
        "inputs_truncated": inputs_cut,
        "outputs_truncated": outputs_cut,
        "process_data_truncated": process_data_cut,
    }


def _object(text: str | None) -> object:
    return msgspec.json.decode(text) if text else {}


def _shown(text: str | None, sign: Sign, limits: DisplayLimits) -> tuple[object, bool]:
    return (None, False) if text is None else truncated(with_urls(msgspec.json.decode(text), sign), limits)
