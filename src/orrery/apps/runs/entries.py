"""Rows of a run's beginning and end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from orrery.apps.runs import statements
from orrery.apps.runs.recorder import LEASE
from orrery.apps.runs.spec import RunSpec
from orrery.apps.workflows.variables import Variable
from orrery.database.group_commit import Entry
from orrery.database.ids import new_id
from orrery.inference.types import Usage
from orrery.workflow.events import RunEnded, RunStopped

_encode = msgspec.json.Encoder(enc_hook=str, decimal_format="string").encode


def text(value: object) -> str:
    """A JSON text column's value."""
    return _encode(value).decode()


def run_row(
    spec: RunSpec, *, graph_text: str | None, inputs: Mapping[str, object], owner: str, lease_token: int = 1
) -> Entry:
    """The run as accepted: running, under a lease of this process."""
    created = datetime.fromtimestamp(spec.created_at, UTC)
    return statements.INSERT_RUN, {
        "id": spec.run_id,
        "tenant_id": spec.workspace_id,
        "app_id": spec.app_id,
        "workflow_id": spec.workflow_id,
        "type": spec.kind,
        "triggered_from": spec.triggered_from,
        "version": spec.version,
        "graph": graph_text,
        "inputs": text(inputs),
        "status": "running",
        "outputs": None,
        "error": None,
        "elapsed_time": 0.0,
        "total_tokens": 0,
        "total_steps": 0,
        "exceptions_count": 0,
        "created_by_role": spec.user.role,
        "created_by": spec.user.id,
        "created_at": created,
        "finished_at": None,
        "task_id": spec.task_id,
        "request": spec,
        "lease_owner": owner,
        "lease_token": lease_token,
        "lease_expires_at": created + LEASE,
        "stop_requested": False,
    }


def app_log_row(spec: RunSpec) -> Entry:
    """The run in its app's log."""
    return statements.INSERT_APP_LOG, {
        "id": new_id(),
        "tenant_id": spec.workspace_id,
        "app_id": spec.app_id,
        "workflow_id": spec.workflow_id,
        "workflow_run_id": spec.run_id,
        "created_from": spec.log_source,
        "created_by_role": spec.user.role,
        "created_by": spec.user.id,
        "created_at": datetime.fromtimestamp(spec.created_at, UTC),
    }


def finish_row(spec: RunSpec, end: RunEnded, lease_token: int) -> Entry:
    """The run's terminal state, guarded by its lease."""
    return statements.FINISH_RUN, {
        "b_id": spec.run_id,
        "b_token": lease_token,
        "b_status": end.status,
        "b_outputs": text(end.outputs),
        "b_error": end.error,
        "b_elapsed": end.elapsed,
        "b_tokens": end.total_tokens,
        "b_steps": end.total_steps,
        "b_exceptions": end.exceptions_count,
        "b_finished": None if end.status == "paused" else datetime.fromtimestamp(end.finished_at, UTC),
    }


def conversation_row(spec: RunSpec, *, name: str, introduction: str | None, config_id: str | None) -> Entry:
    """A conversation that this run's message begins."""
    assert spec.turn is not None
    created = datetime.fromtimestamp(spec.created_at, UTC)
    end_user = spec.user.role == "end_user"
    return statements.INSERT_CONVERSATION, {
        "id": spec.turn.conversation_id,
        "app_id": spec.app_id,
        "app_model_config_id": config_id,
        "mode": spec.app_mode,
        "name": name,
        "summary": None,
        "inputs": dict(spec.inputs),
        "introduction": introduction,
        "status": "normal",
        "invoke_from": spec.invoke_from,
        "from_source": "api" if end_user else "console",
        "from_end_user_id": spec.user.id if end_user else None,
        "from_account_id": None if end_user else spec.user.id,
        "read_at": None,
        "read_account_id": None,
        "dialogue_count": 0,
        "is_deleted": False,
        "created_at": created,
        "updated_at": created,
    }


def message_row(spec: RunSpec, *, model: Mapping[str, object]) -> Entry:
    """The message that this run answers, before there is an answer."""
    turn = spec.turn
    assert turn is not None
    created = datetime.fromtimestamp(spec.created_at, UTC)
    end_user = spec.user.role == "end_user"
    return statements.INSERT_MESSAGE, {
        "id": turn.message_id,
        "app_id": spec.app_id,
        "conversation_id": turn.conversation_id,
        "parent_message_id": turn.parent_message_id,
        "model_provider": model.get("provider"),
        "model_id": model.get("name"),
        "inputs": dict(spec.inputs),
        "query": turn.query,
        "message": None,
        "answer": "",
        "message_tokens": 0,
        "answer_tokens": 0,
        "total_price": Usage().total_price,
        "currency": "USD",
        "provider_response_latency": 0.0,
        "message_metadata": None,
        "status": "normal",
        "error": None,
        "invoke_from": spec.invoke_from,
        "from_source": "api" if end_user else "console",
        "from_end_user_id": spec.user.id if end_user else None,
        "from_account_id": None if end_user else spec.user.id,
        "workflow_run_id": spec.run_id if spec.kind == "chat" else None,
        "run_id": spec.run_id,
        "created_at": created,
        "updated_at": created,
    }


def message_file_rows(spec: RunSpec) -> list[Entry]:
    """The files that the user sent with the message."""
    assert spec.turn is not None
    created = datetime.fromtimestamp(spec.created_at, UTC)
    return [
        (
            statements.INSERT_MESSAGE_FILE,
            {
                "id": new_id(),
                "message_id": spec.turn.message_id,
                "type": file["type"],
                "transfer_method": file["transfer_method"],
                "url": file.get("remote_url"),
                "belongs_to": "user",
                "upload_file_id": file.get("related_id"),
                "created_by_role": spec.user.role,
                "created_by": spec.user.id,
                "created_at": created,
            },
        )
        for file in spec.files
    ]


def variable_rows(spec: RunSpec, items: Sequence[Variable]) -> list[Entry]:
    """Conversation variables that the conversation does not hold yet."""
    assert spec.turn is not None
    created = datetime.fromtimestamp(spec.created_at, UTC)
    conversation_id = spec.turn.conversation_id
    return [
        (
            statements.INSERT_CONVERSATION_VARIABLE,
            {
                "id": item["id"],
                "conversation_id": conversation_id,
                "app_id": spec.app_id,
                "data": item,
                "created_at": created,
                "updated_at": created,
            },
        )
        for item in items
    ]


def variable_value_rows(spec: RunSpec, items: Sequence[Variable]) -> list[Entry]:
    """Values that conversation variables get when a turn begins."""
    assert spec.turn is not None
    return [
        (
            statements.SET_CONVERSATION_VARIABLE,
            {
                "b_conversation": spec.turn.conversation_id,
                "b_id": item["id"],
                "b_data": item,
                "b_updated": datetime.fromtimestamp(spec.created_at, UTC),
            },
        )
        for item in items
    ]


def message_end_rows(
    spec: RunSpec, end: RunEnded, *, answer: str, prompts: object, metadata: Mapping[str, object]
) -> list[Entry]:
    """The message with its answer, and its conversation's place in lists."""
    turn = spec.turn
    assert turn is not None
    # A run that its time limit ended was shown an error, as one that failed.
    failed = end.status == "failed" or (isinstance(end, RunStopped) and end.by_limit)
    finished = datetime.fromtimestamp(end.finished_at, UTC)
    usage = end.usage
    return [
        (
            statements.FINISH_MESSAGE,
            {
                "b_id": turn.message_id,
                "b_answer": answer,
                "b_message": prompts,
                "b_message_tokens": usage.prompt_tokens,
                "b_answer_tokens": usage.completion_tokens,
                "b_price": usage.total_price,
                "b_currency": usage.currency,
                "b_latency": end.elapsed,
                "b_metadata": metadata,
                "b_status": "error" if failed else "paused" if end.status == "paused" else "normal",
                "b_error": end.error if failed else None,
                "b_updated": finished,
            },
        ),
        (
            statements.TOUCH_CONVERSATION,
            {"b_id": turn.conversation_id, "b_updated": finished, "b_count": turn.dialogue_count},
        ),
    ]
