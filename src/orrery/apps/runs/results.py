"""What stored runs came to, as their callers are told: the blocking answer, and the state that asynchronous callers ask for."""

from __future__ import annotations

import msgspec

from orrery.apps.conversations.tables import Message
from orrery.apps.runs.errors import CompletionRequestError
from orrery.apps.runs.records import RunRecords
from orrery.apps.runs.spec import RunSpec
from orrery.apps.runs.tables import WorkflowRun
from orrery.errors import InvalidParam, OrreryError

JsonObject = dict[str, object]


class RunResults:
    """Reads results; the run is the caller's to check."""

    def __init__(self, records: RunRecords) -> None:
        self._records = records

    async def state(self, row: WorkflowRun) -> JsonObject:
        """Where a run stands; ``result`` is what a blocking call would have answered, None before the end and for errors."""
        result: JsonObject | None = None
        error = row.error
        if row.status != "running":
            try:
                result = await self.answer(row)
            except OrreryError as failure:
                error = failure.message
        return {
            "run_id": row.id,
            "task_id": row.task_id,
            "status": row.status,
            "error": error,
            "created_at": int(row.created_at.timestamp()),
            "finished_at": int(row.finished_at.timestamp()) if row.finished_at else None,
            "result": result,
        }

    async def answer(self, row: WorkflowRun) -> JsonObject:
        """The blocking answer. Raises `InvalidParam` for failed chatflows, `CompletionRequestError` for failed basic apps."""
        spec = msgspec.convert(row.request, RunSpec)
        if row.status == "paused":
            pause = await self._records.last_pause(row.id)
            waiting: JsonObject = (
                {} if pause is None else {"paused_nodes": pause.paused_nodes, "reasons": pause.reasons}
            )
            return paused_body(spec, {**run_data(row), **waiting})
        if spec.turn is None:
            return {"task_id": spec.task_id, "workflow_run_id": row.id, "data": run_data(row)}
        message = await self._records.message_of(row.app_id, row.id)
        if message is None or row.status == "failed":
            failure = CompletionRequestError(row.error) if spec.kind == "basic" else None
            raise failure or InvalidParam(f"Run failed: {row.error}")
        return _message_body(spec, message)


def _message_body(spec: RunSpec, message: Message) -> JsonObject:
    assert spec.turn is not None
    body: JsonObject = {
        "event": "message",
        "task_id": spec.task_id,
        "id": message.id,
        "message_id": message.id,
        "conversation_id": message.conversation_id,
        "mode": spec.app_mode,
        "answer": message.answer,
        "metadata": message.message_metadata,
        "created_at": spec.turn.created_at,
    }
    if spec.app_mode == "completion":
        del body["conversation_id"]
    return body


def run_data(row: WorkflowRun) -> JsonObject:
    """A stored run as the blocking answer has it."""
    return {
        "id": row.id,
        "workflow_id": row.workflow_id,
        "status": row.status,
        "outputs": msgspec.json.decode(row.outputs) if row.outputs else {},
        "error": row.error,
        "elapsed_time": row.elapsed_time,
        "total_tokens": row.total_tokens,
        "total_steps": row.total_steps,
        "created_at": int(row.created_at.timestamp()),
        "finished_at": int(row.finished_at.timestamp()) if row.finished_at else None,
    }


def paused_body(spec: RunSpec, data: JsonObject, *, answer: str = "") -> JsonObject:
    """The answer when the run waits for somebody: what it waits for, and in a chat the text so far."""
    if spec.turn is None:
        return {"task_id": spec.task_id, "workflow_run_id": spec.run_id, "data": data}
    return {
        "event": "workflow_paused",
        "task_id": spec.task_id,
        "id": spec.turn.message_id,
        "message_id": spec.turn.message_id,
        "conversation_id": spec.turn.conversation_id,
        "mode": spec.app_mode,
        "answer": answer,
        "metadata": {},
        "created_at": spec.turn.created_at,
        "workflow_run_id": spec.run_id,
        "data": data,
    }
