"""Coming back to a run: live, waiting or over, from the frame after the last one seen (reliability.md G5)."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping

import msgspec
from starlette.responses import Response

from orrery.apps.runs.errors import NotRecorded
from orrery.apps.runs.event_log import Frame
from orrery.apps.runs.idempotency import Idempotency
from orrery.apps.runs.live import LiveRun
from orrery.apps.runs.records import RunRecords
from orrery.apps.runs.results import RunResults, run_data
from orrery.apps.runs.service import RunRequest, RunService
from orrery.apps.runs.spec import RunSpec
from orrery.apps.runs.tables import WorkflowPause, WorkflowRun
from orrery.errors import InvalidParam, NotFound
from orrery.http.call import Call
from orrery.http.responses import EventStream, json_response
from orrery.http.runs import blocking_body, outcome_of, run_response, wants_ids
from orrery.http.streams import PING, PING_SECONDS, encode, encoded

JsonObject = dict[str, object]

_LOOK_SECONDS = 0.3
_PAUSE = '{"event":"workflow_paused"'
_ENDS = ('{"event":"workflow_finished"', '{"event":"message_end"', '{"event":"error"')


class Wanted(msgspec.Struct, frozen=True):
    """How much of a run a watcher wants: the ``whole`` of it, although it names no event; on ``through_pauses``."""

    whole: bool = False
    through_pauses: bool = False


class WatchQuery(msgspec.Struct, frozen=True):
    """How a watcher says what it wants."""

    include_state_snapshot: bool = False
    continue_on_pause: bool = False

    def wanted(self) -> Wanted:
        return Wanted(whole=self.include_state_snapshot, through_pauses=self.continue_on_pause)


class RunWatching:
    """Serves runs that already exist."""

    def __init__(self, runs: RunService, records: RunRecords, idempotency: Idempotency) -> None:
        self._runs = runs
        self._records = records
        self.results = RunResults(records)
        self._idempotency = idempotency

    async def start(self, request: RunRequest, key: str, fingerprint: str) -> LiveRun | str:
        """A run under an Idempotency-Key, or the id of the earlier one."""
        return await self._idempotency.start(request, key, fingerprint)

    async def start_once(self, call: Call, request: RunRequest, key: str, fingerprint: str) -> Response:
        """The answer to a request with an Idempotency-Key: of a new run, or of the earlier one."""
        found = await self.start(request, key, fingerprint)
        if isinstance(found, LiveRun):
            return await run_response(call, found)
        if request.streaming:
            return await self.events(call, request.app.app_id, found)
        return await self.result(request.app.app_id, found)

    async def events(
        self, call: Call, app_id: str, run_id: str, *, created_by: str | None = None, wanted: Wanted | None = None
    ) -> Response:
        """The frames of a run after ``Last-Event-ID``. Raises `NotFound`, also for somebody else's run.

        Who names no event gets a run from its last resumption on, as far as it was ever paused.
        """
        wanted = wanted or Wanted()
        after = _last_seen(call)
        row = await self._records.find(app_id, run_id)
        if row is None or (created_by is not None and row.created_by != created_by):
            raise NotFound("Workflow run not found")
        if after is None:
            after = 0 if wanted.whole else await self._last_resumption(row)
        return EventStream(self._followed(row, after, with_ids=wants_ids(call), through=wanted.through_pauses))

    async def _last_resumption(self, row: WorkflowRun) -> int:
        frames = await self._records.frames(row.id, 0)
        pauses = [frame.seq for frame in frames if frame.data.startswith(_PAUSE)]
        if pauses and row.status == "paused":
            pauses.pop()
        return pauses[-1] if pauses else 0

    async def _followed(self, row: WorkflowRun, after: int, *, with_ids: bool, through: bool) -> AsyncIterator[bytes]:
        """The frames of a run that lives here as they come, of any other out of the store.

        It ends with the run, and at a pause unless the watcher waits ``through`` it.
        """
        live = self._runs.live.by_run(row.id)
        if live is not None and live.spec.watched is not None:
            stored = await self._records.frames(row.id, after)
            reached = stored[-1].seq if stored else after
            async for chunk in encoded(live.log, reached, stored, with_ids=with_ids):
                yield chunk
            if not through:
                return
            after = max(reached, live.log.last_seq)
            row = await self._records.find(row.app_id, row.id) or row
        async for chunk in self._stored(row, after, with_ids=with_ids, through=through):
            yield chunk

    async def _stored(self, row: WorkflowRun, after: int, *, with_ids: bool, through: bool) -> AsyncIterator[bytes]:
        """Frames out of the store: of a run that is over, or that another process runs, until it is over."""
        ended, ping_at = False, time.monotonic() + PING_SECONDS
        seen, waits = 0, False
        while True:
            over = row.status != "running" and not (through and row.status == "paused")
            # From the first one, also for a client that is further: whether the end is told is in all of them.
            frames = await self._records.frames(row.id, seen)
            seen = frames[-1].seq if frames else seen
            ended = ended or any(_is_end(frame) for frame in frames)
            waits = frames[-1].data.startswith(_PAUSE) if frames else waits
            unseen = [frame for frame in frames if frame.seq > after]
            if unseen:
                yield b"".join([encode(frame, with_id=with_ids) for frame in unseen])
            if over:
                # A run without a log, or one that nobody could go on with, still tells how it ended.
                if not (waits if row.status == "paused" else ended):
                    yield encode(Frame(max(seen, after) + 1, await self._end_frame(row)), with_id=with_ids)
                return
            await asyncio.sleep(_LOOK_SECONDS)
            if time.monotonic() >= ping_at:
                ping_at += PING_SECONDS
                yield PING
            row = await self._records.find(row.app_id, row.id) or row

    async def _end_frame(self, row: WorkflowRun) -> str:
        pause = await self._records.last_pause(row.id) if row.status == "paused" else None
        return _finished_frame(row) if pause is None else _paused_frame(row, pause)

    async def result(self, app_id: str, run_id: str) -> Response:
        """The blocking answer of a run, waiting for its end wherever it is under way, also with a process yet to come."""
        while True:
            live = self._runs.live.by_run(run_id)
            if live is not None:
                with contextlib.suppress(NotRecorded):  # this process lost it
                    return json_response(blocking_body(live.spec, await outcome_of(live)))
            row = await self._records.find(app_id, run_id)
            if row is None:
                raise NotFound("Workflow run not found")
            if row.status != "running":
                return json_response(await self.results.answer(row))
            await asyncio.sleep(_LOOK_SECONDS)


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
    return _frame(row, "workflow_finished", data)


def _paused_frame(row: WorkflowRun, pause: WorkflowPause) -> str:
    shown = run_data(row)
    data: JsonObject = {
        "workflow_run_id": row.id,
        "paused_nodes": pause.paused_nodes,
        "outputs": shown["outputs"],
        "reasons": pause.reasons,
        "status": "paused",
        "created_at": shown["created_at"],
        "elapsed_time": row.elapsed_time,
        "total_tokens": row.total_tokens,
        "total_steps": row.total_steps,
    }
    return _frame(row, "workflow_paused", data)


def _frame(row: WorkflowRun, event: str, data: JsonObject) -> str:
    frame: Mapping[str, object] = {
        "event": event,
        "workflow_run_id": row.id,
        "task_id": row.task_id,
        "data": data,
    }
    return msgspec.json.encode(frame).decode()


def _last_seen(call: Call) -> int | None:
    text = call.request.headers.get("last-event-id", "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        raise InvalidParam("Last-Event-ID must be the number of the last event that was received.")
    return int(text)
