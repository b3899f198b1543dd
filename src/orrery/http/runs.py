"""Answering with a run: what every face that starts runs has in common (workflow.md 4.1, 4.4)."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from orrery.apps.runs.errors import CompletionRequestError, NotRecorded
from orrery.apps.runs.live import LiveRun, RunOutcome
from orrery.apps.runs.pauses import shown_reasons
from orrery.apps.runs.results import paused_body
from orrery.apps.runs.spec import RunSpec
from orrery.errors import InvalidParam
from orrery.http.call import Call
from orrery.http.responses import json_response
from orrery.http.streams import event_stream
from orrery.workflow.events import RunPaused, RunStopped

JsonObject = dict[str, object]


def wants_ids(call: Call) -> bool:
    """True for clients that said that they know event ids."""
    return "last-event-id" in call.request.headers


async def run_response(call: Call, live: LiveRun) -> Response:
    """The stream of a watched run, or the result of one that nobody watches."""
    if live.spec.watched is not None:
        return event_stream(live.log, with_ids=wants_ids(call))
    return json_response(blocking_body(live.spec, await outcome_of(live)))


async def outcome_of(live: LiveRun) -> RunOutcome:
    """The run's durable end. Raises `NotRecorded` when this process lost the run."""
    try:
        return await asyncio.shield(live.outcome)
    except asyncio.CancelledError:
        if live.outcome.cancelled():
            raise NotRecorded("The run was handed to another process. Ask for its result by its id.") from None
        raise


def blocking_body(spec: RunSpec, outcome: RunOutcome) -> JsonObject:
    """The whole result. Raises `InvalidParam` for failed chatflows, `CompletionRequestError` for failed basic apps."""
    end = outcome.end
    if isinstance(end, RunPaused):
        data = _workflow_data(spec, outcome)
        waiting: JsonObject = {"paused_nodes": list(end.paused_nodes), "reasons": shown_reasons(end.reasons)}
        return paused_body(spec, {**data, "finished_at": None, **waiting}, answer=outcome.answer)
    if spec.turn is None:
        return {"task_id": spec.task_id, "workflow_run_id": spec.run_id, "data": _workflow_data(spec, outcome)}
    if end.status == "failed" or (isinstance(end, RunStopped) and end.by_limit):
        if spec.kind == "basic":
            raise CompletionRequestError(end.error)
        raise InvalidParam(f"Run failed: {end.error}")
    body: JsonObject = {
        "event": "message",
        "task_id": spec.task_id,
        "id": spec.turn.message_id,
        "message_id": spec.turn.message_id,
        "conversation_id": spec.turn.conversation_id,
        "mode": spec.app_mode,
        "answer": outcome.answer,
        "metadata": outcome.metadata,
        "created_at": spec.turn.created_at,
    }
    if spec.app_mode == "completion":
        del body["conversation_id"]
    return body


def _workflow_data(spec: RunSpec, outcome: RunOutcome) -> JsonObject:
    end = outcome.end
    return {
        "id": spec.run_id,
        "workflow_id": spec.workflow_id,
        "status": end.status,
        "outputs": end.outputs,
        "error": end.error,
        "elapsed_time": end.elapsed,
        "total_tokens": end.total_tokens,
        "total_steps": end.total_steps,
        "created_at": int(end.started_at),
        "finished_at": int(end.finished_at),
    }
