"""Runs that nobody waits for: 202 at once, then ask, watch, or be called back."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from orrery.apps.runs.callbacks import Callbacks, check_url
from orrery.apps.runs.errors import NotRecorded
from orrery.apps.runs.live import LiveRun
from orrery.apps.runs.records import RunRecords
from orrery.apps.runs.service import RunRequest
from orrery.apps.runs.spec import RunSpec
from orrery.database.ids import new_id
from orrery.errors import InvalidParam
from orrery.http.call import Call
from orrery.http.responses import json_response

JsonObject = dict[str, object]
MODE = "async"
"""The ``response_mode`` of such calls."""


class Asynchronous:
    """What starting such a run adds. ``service_api`` is its configured address; empty means that of the request."""

    def __init__(self, callbacks: Callbacks | None, records: RunRecords, *, service_api: str) -> None:
        self._callbacks = callbacks
        self._records = records
        self._service_api = service_api

    def asked(self, call: Call, request: RunRequest, mode: str | None, callback_url: str | None) -> RunRequest:
        """The request with the wish to be called. Raises `InvalidParam`."""
        if callback_url is None:
            return request
        if mode != MODE:
            raise InvalidParam(f'callback_url: only runs with response_mode "{MODE}" call back.', params="callback_url")
        url = check_url(callback_url)
        if self._callbacks is None:
            raise InvalidParam("callback_url: this installation makes no callbacks.", params="callback_url")
        run_id = new_id()
        key = call.request.headers["authorization"].partition(" ")[2].strip()
        row = self._callbacks.row(request.app.workspace_id, request.app.app_id, run_id, url=url, secret=key)
        return msgspec.structs.replace(request, run_id=run_id, extra_rows=(row,), called_back=True)

    async def accepted(self, call: Call, app_id: str, started: LiveRun | str) -> Response:
        """The answer to the start: of a new run, or of the earlier one with this id."""
        if isinstance(started, LiveRun):
            return self._accepted(call, started.spec, "running")
        row = await self._records.find(app_id, started)
        if row is None:
            raise NotRecorded(retry_after=2)
        return self._accepted(call, msgspec.convert(row.request, RunSpec), row.status)

    def _accepted(self, call: Call, spec: RunSpec, status: str) -> Response:
        base = (self._service_api or str(call.request.base_url)).rstrip("/")
        address = f"{base}/v1/runs/{spec.run_id}"
        body: JsonObject = {
            "run_id": spec.run_id,
            "task_id": spec.task_id,
            "status": status,
            "created_at": int(spec.created_at),
            "poll_url": address,
            "events_url": f"{address}/events",
        }
        if spec.turn is not None:
            body["message_id"] = spec.turn.message_id
            if spec.app_mode != "completion":
                body["conversation_id"] = spec.turn.conversation_id
        return json_response(body, 202, {"Location": address})
