"""Calling back: whoever started a run and waits elsewhere is told when it ends or pauses, until he says that he heard.

A callback is a signed POST through the guarded client. Its job is written in the commit that ends the run, so that it
is owed exactly if the run has ended, whatever happens to the process.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import insert, update

from orrery.apps.runs.aftermath import Ending
from orrery.apps.runs.results import RunResults
from orrery.apps.runs.spec import RunSpec
from orrery.apps.runs.tables import RunCallback, WorkflowRun
from orrery.database.engine import Database
from orrery.database.group_commit import Entry
from orrery.egress.protocol import EgressBlocked, EgressError, EgressInvalidRequest, HttpClient, Timeouts
from orrery.errors import InvalidParam
from orrery.jobs.attempt import Attempt
from orrery.jobs.declaration import Handler, job
from orrery.jobs.errors import GiveUp
from orrery.jobs.outbox import INSERT_JOB, JobOutbox
from orrery.security.encryption import DecryptionError, Vault
from orrery.workflow.events import RunEnded

INSERT_CALLBACK = insert(RunCallback)
ORDER = (INSERT_CALLBACK, INSERT_JOB)
"""After the run's own statements in a shared commit."""

LONGEST_URL = 2048
SIGNATURE = "X-Orrery-Signature"
TIMESTAMP = "X-Orrery-Timestamp"
DELIVERY = "X-Orrery-Delivery"
_TIMEOUTS = Timeouts(connect=10.0, read=20.0, write=20.0, total=30.0)
_encode = msgspec.json.Encoder(enc_hook=str, decimal_format="string").encode


class CallBack(msgspec.Struct, frozen=True):
    """The payload of the job: which run, and how it stood when it was told (``run.finished``, ``run.paused``)."""

    run_id: str
    event: str


class CallbackRefused(Exception):
    """The receiver did not say that it took the callback."""


def check_url(url: str) -> str:
    """The address of a callback. Raises `InvalidParam`; where it leads is checked when it is called."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in {"http", "https"} and bool(parts.hostname) and len(url) <= LONGEST_URL
    except ValueError:
        fits = False
    if not fits or not url.isprintable():
        raise InvalidParam(
            f"callback_url: must be an http or https address of at most {LONGEST_URL} characters.",
            params="callback_url",
        )
    return url


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What a receiver compares: HMAC-SHA256 over ``<timestamp>.<body>`` under the API key, as ``sha256=<hex>``."""
    mac = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={mac.hexdigest()}"


class CallbackEnding:
    """Implements `Aftermath`: owes the callback from the run's end on."""

    def __init__(self, outbox: JobOutbox) -> None:
        self._outbox = outbox

    def add(self, ending: Ending, spec: RunSpec, end: RunEnded) -> None:
        if not spec.called_back:
            return
        prepared = self._outbox.prepared(CallBack(spec.run_id, _event(end.status)))
        ending.entries.append((INSERT_JOB, prepared.row))
        ending.then.append(lambda: self._outbox.announce(prepared))


class Callbacks:
    """Notes callbacks down and makes them. ``clock`` gives Unix seconds."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        http: HttpClient,
        results: RunResults,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._vault = vault
        self._http = http
        self._results = results
        self._clock = clock

    def declared(self) -> tuple[Handler, ...]:
        """For the catalog."""
        return (self.deliver,)

    def row(self, workspace_id: str, app_id: str, run_id: str, *, url: str, secret: str) -> Entry:
        """The wish to be called, to be written with the run."""
        return INSERT_CALLBACK, {
            "run_id": run_id,
            "tenant_id": workspace_id,
            "app_id": app_id,
            "url": url,
            "secret": self._vault.encrypt(workspace_id, secret),
            "status": "waiting",
            "attempts": 0,
            "error": None,
            "created_at": datetime.now(UTC),
            "delivered_at": None,
        }

    @job("deliver_run_callback", queue="ops_trace", retries=10, retry_delay=5.0, timeout=60.0)
    async def deliver(self, wanted: CallBack, attempt: Attempt) -> None:
        """Makes one callback; any 2xx answer settles it. Tried for about an hour and a half."""
        async with self._database.read() as session:
            callback = await session.get(RunCallback, wanted.run_id)
            run = await session.get(WorkflowRun, wanted.run_id)
        if callback is None or run is None:
            return
        try:
            secret = self._vault.decrypt(callback.tenant_id, callback.secret)
            body = _encode({"event": wanted.event, "app_id": run.app_id, **await self._results.state(run)})
            await self._post(callback.url, secret, body, attempt.job_id)
        except (EgressBlocked, EgressInvalidRequest, DecryptionError) as error:
            # None of these will be different in a minute.
            await self._note(wanted.run_id, "failed", attempt.number, str(error))
            raise GiveUp(str(error)) from error
        except (EgressError, CallbackRefused) as error:
            await self._note(wanted.run_id, "failed" if attempt.last else "waiting", attempt.number, str(error))
            raise
        await self._note(wanted.run_id, "delivered", attempt.number, None)

    async def _post(self, url: str, secret: str, body: bytes, delivery: str) -> None:
        timestamp = str(int(self._clock()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            DELIVERY: delivery,
            TIMESTAMP: timestamp,
            SIGNATURE: signature(secret, timestamp, body),
        }
        # Only the status counts: what else the receiver says is left unread.
        async with self._http.stream("POST", url, headers=headers, content=body, timeouts=_TIMEOUTS) as answer:
            taken = 200 <= answer.status < 300
        if not taken:
            raise CallbackRefused(f"{urlsplit(url).hostname} answered {answer.status}")

    async def _note(self, run_id: str, status: str, attempts: int, error: str | None) -> None:
        delivered = datetime.now(UTC) if status == "delivered" else None
        async with self._database.write() as session:
            await session.execute(
                update(RunCallback)
                .where(RunCallback.run_id == run_id)
                .values(status=status, attempts=attempts, error=error, delivered_at=delivered)
            )


def _event(status: str) -> str:
    return "run.paused" if status == "paused" else "run.finished"
