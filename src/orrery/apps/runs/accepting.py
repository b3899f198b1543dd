"""A request becomes a run: its specification, and the rows that make it exist."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Literal, cast

from orrery.apps.runs import entries
from orrery.apps.runs.pool import system_variables
from orrery.apps.runs.request import RunRequest
from orrery.apps.runs.spec import RunKind, RunSpec, Turn
from orrery.apps.runs.turns import PreparedTurn, initial_name, turn_of_nobody
from orrery.apps.runs.versions import AppVersion
from orrery.database.group_commit import Entry
from orrery.database.ids import new_id


def asks_besides_the_form(request: RunRequest) -> bool:
    """False where the query is only the form's own variable of that name, which the prompt holds already."""
    query = request.turn.query if request.turn is not None else ""
    return bool(query) and query != request.inputs.get("query")


def _kind(mode: str) -> RunKind:
    kinds: Mapping[str, RunKind] = {"workflow": "workflow", "advanced-chat": "chat"}
    return kinds.get(mode, "basic")


def _watched(request: RunRequest) -> Literal["full", "simple"] | None:
    if not request.streaming:
        return None
    return "simple" if request.invoke_from in {"web-app", "explore"} else "full"


def spec_of(
    request: RunRequest,
    inputs: Mapping[str, object],
    files: Sequence[Mapping[str, object]],
    prepared: PreparedTurn | None,
) -> RunSpec:
    """The run as asked for, with ids and a beginning."""
    created_at = time.time()
    turn = None
    if prepared is not None and request.turn is not None:
        turn = Turn(
            message_id=new_id(),
            conversation_id=prepared.conversation_id,
            query=request.turn.query,
            dialogue_count=prepared.dialogue_count,
            parent_message_id=request.turn.parent_message_id,
            created_at=int(created_at),
            is_new_conversation=prepared.is_new,
            auto_generate_name=request.turn.auto_generate_name and prepared.is_new,
        )
    elif request.single is not None and request.app.mode == "advanced-chat":
        turn = turn_of_nobody(created_at)
    return RunSpec(
        run_id=request.run_id or new_id(),
        task_id=new_id(),
        kind=_kind(request.app.mode),
        workspace_id=request.app.workspace_id,
        app_id=request.app.app_id,
        app_mode=request.app.mode,
        workflow_id=request.version.workflow_id,
        version=request.version.version,
        is_draft=request.version.is_draft,
        invoke_from=request.invoke_from,
        user=request.user,
        inputs=inputs,
        files=files,
        created_at=created_at,
        watched=_watched(request),
        turn=turn,
        trace_id=request.trace_id,
        call_depth=request.call_depth,
        trigger=request.trigger,
        root_node_id=request.root_node_id,
        called_back=request.called_back,
        single=request.single,
        rerun_of=None if request.again is None else request.again.source,
        conversation=_values_before(request, prepared),
    )


def stored_inputs(spec: RunSpec) -> dict[str, object]:
    """User inputs and ``sys.*``, as the run's record keeps them."""
    system = {f"sys.{name}": value for name, value in system_variables(spec).items()}
    return {**spec.inputs, **system}


def accept_rows(spec: RunSpec, request: RunRequest, prepared: PreparedTurn | None) -> list[Entry]:
    """What is written beside the run's row when it is accepted: its log line, or its turn in a conversation."""
    if prepared is None:
        return [] if spec.invoke_from in {"debugger", "trigger"} else [entries.app_log_row(spec)]
    rows: list[Entry] = []
    version = request.version
    if prepared.is_new:
        config_id = version.workflow_id if spec.kind == "basic" and not version.is_draft else None
        introduction = _introduction(version, spec.inputs)
        name = initial_name(spec.turn.query if spec.turn is not None else "")
        rows.append(entries.conversation_row(spec, name=name, introduction=introduction, config_id=config_id))
    model = cast("Mapping[str, object]", (version.config or {}).get("model") or {})
    rows.append(entries.message_row(spec, model=model))
    again = request.again
    missing, values = prepared.missing, prepared.values
    if again is not None:
        missing, values = again.with_kept_writes(missing), again.with_kept_writes(values)
    variables = entries.variable_rows(spec, missing)
    if again is not None and not prepared.is_new:
        variables += entries.variable_value_rows(spec, values)
    return [*rows, *entries.message_file_rows(spec), *variables]


def _values_before(request: RunRequest, prepared: PreparedTurn | None) -> Mapping[str, object] | None:
    if prepared is None or not prepared.values:
        return None
    if request.invoke_from != "debugger" and not request.version.graph.writes_inside:
        return None
    return {str(item["name"]): item["value"] for item in prepared.values}


def _introduction(version: AppVersion, inputs: Mapping[str, object]) -> str | None:
    """The opening statement with ``{{name}}`` filled in from the inputs."""
    text = version.features.get("opening_statement")
    if not isinstance(text, str) or not text:
        return None
    for name, value in inputs.items():
        if isinstance(value, str | int | float):
            text = text.replace("{{" + name + "}}", str(value))
    return text
