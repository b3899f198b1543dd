"""Coming back to a run: live, waiting or over, from the frame after the last one seen (reliability.md G5)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping

import msgspec
from starlette.responses import Response

from orrery.apps.runs.errors import CompletionRequestError
from orrery.apps.runs.event_log import Frame
from orrery.apps.runs.idempotency import Idempotency
from orrery.apps.runs.live import LiveRun
from orrery.apps.runs.records import RunRecords
from orrery.apps.runs.service import RunRequest, RunService
from orrery.apps.runs.spec import RunSpec
from orrery.apps.runs.tables import WorkflowRun
from orrery.errors import InvalidParam, NotFound
from orrery.http.call import Call
from orrery.http.responses import EventStream, json_response
from orrery.http.runs import blocking_body, outcome_of, run_response, wants_ids
from orrery.http.streams import PING, PING_SECONDS, encode, event_stream

JsonObject = dict[str, object]

_LOOK_SECONDS = 0.3
_ENDS = ('{"event":"workflow_finished"', '{"event":"message_end"', '{"event":"error"')


class RunWatching:
    """Serves runs that already exist."""

    def __init__(self, runs: RunService, records: RunRecords, idempotency: Idempotency) -> None:
        self._runs = runs
        self._records = records
        self._idempotency = idempotency

    async def start_once(self, call: Call, request: RunRequest, key: str, fingerprint: str) -> Response:
        """The answer to a request with an Idempotency-Key: of a new run, or of the earlier one."""
        found = await self._idempotency.start(request, key, fingerprint)
        if isinstance(found, LiveRun):
            return await run_response(call, found)
        if request.streaming:
            return await self.events(call, request.app.app_id, found)
        return await self.result(request.app.app_id, found)

    async def events(self, call: Call, app_id: str, run_id: str, *, created_by: str | None = None) -> Response:
        """The frames of a run after ``Last-Event-ID``. Raises `NotFound`, also for somebody else's run."""
        after = _last_seen(call)
        live = self._runs.live.by_run(run_id)
        row = await self._records.find(app_id, run_id)
        if row is None or (created_by is not None and row.created_by != created_by):
            raise NotFound("Workflow run not found")
        if live is not None and live.spec.watched is not None:
            stored = await self._records.frames(run_id, after)
            if stored:
                live_after = stored[-1].seq
                return event_stream(live.log, after=live_after, with_ids=wants_ids(call), first=stored)
            return event_stream(live.log, after=after, with_ids=wants_ids(call))
        return EventStream(self._stored(row, after, with_ids=wants_ids(call)))

    async def _stored(self, row: WorkflowRun, after: int, *, with_ids: bool) -> AsyncIterator[bytes]:
        """Frames out of the store: of a run that is over, or that another process runs, until it is over."""
        ended, ping_at = False, time.monotonic() + PING_SECONDS
        seen = 0
        while True:
            over = row.status != "running"
            # From the first one, also for a client that is further: whether the end is told is in all of them.
            frames = await self._records.frames(row.id, seen)
            seen = frames[-1].seq if frames else seen
            ended = ended or any(_is_end(frame) for frame in frames)
            unseen = [frame for frame in frames if frame.seq > after]
            if unseen:
                yield b"".join([encode(frame, with_id=with_ids) for frame in unseen])
            if over:
                # A run without a log, or one that nobody could go on with, still tells how it ended.
                if not ended:
                    yield encode(Frame(max(seen, after) + 1, _finished_frame(row)), with_id=with_ids)
                return
            await asyncio.sleep(_LOOK_SECONDS)
            if time.monotonic() >= ping_at:
                ping_at += PING_SECONDS
                yield PING
            row = await self._records.find(row.app_id, row.id) or row

    async def result(self, app_id: str, run_id: str) -> Response:
        """The blocking answer of a run, waiting for its end if it is under way here."""
        live = self._runs.live.by_run(run_id)
        if live is not None:
            return json_response(blocking_body(live.spec, await outcome_of(live)))
        row = await self._records.find(app_id, run_id)
        if row is None:
            raise NotFound("Workflow run not found")
        spec = msgspec.convert(row.request, RunSpec)
        if spec.turn is None:
            return json_response({"task_id": spec.task_id, "workflow_run_id": row.id, "data": run_data(row)})
        message = await self._records.message_of(app_id, run_id)
        if message is None or row.status == "failed":
            failure = CompletionRequestError(row.error) if spec.kind == "basic" else None
            raise failure or InvalidParam(f"Run failed: {row.error}")
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
        return json_response(body)


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


def _is_end(frame: Frame) -> bool:
    return frame.data.startswith(_ENDS)


def _finished_frame(row: WorkflowRun) -> str:
    spec = msgspec.convert(row.request, RunSpec)
    data: JsonObject = {
        **run_data(row),
        "created_by": spec.user.as_creator(),
        "exceptions_count": row.exceptions_count,
        "files": [],
    }
    frame: Mapping[str, object] = {
        "event": "workflow_finished",
        "workflow_run_id": row.id,
        "task_id": row.task_id,
        "data": data,
    }
    return msgspec.json.encode(frame).decode()


def _last_seen(call: Call) -> int:
    text = call.request.headers.get("last-event-id", "").strip() or "0"
    if not text.isascii() or not text.isdigit():
        raise InvalidParam("Last-Event-ID must be the number of the last event that was received.")
    return int(text)
