"""Leases: renewing those of this process, and going on with runs whose process died (reliability.md 3.1, G1, G2).

A run belongs to the process named in its row until its lease is over (`LeaseWatch`). Another process may then take it
over by raising the lease's token, which makes every later write of the first one fail.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

import msgspec
from sqlalchemy import or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.catalog.tables import AppModelConfig
from orrery.apps.conversations.tables import Message
from orrery.apps.runs import pauses
from orrery.apps.runs.event_log import Frame
from orrery.apps.runs.forgetting import forget_old
from orrery.apps.runs.form import FORM, in_this_form, is_newer
from orrery.apps.runs.graph_frames import GraphFrames
from orrery.apps.runs.lease_watch import LeaseWatch, SeenLease
from orrery.apps.runs.presenters import presenter_for
from orrery.apps.runs.recorder import LEASE
from orrery.apps.runs.service import RunService
from orrery.apps.runs.spec import RunSpec
from orrery.apps.runs.stops import HEED_SECONDS, StopWatch
from orrery.apps.runs.tables import NodeExecution, RunEvents, WorkflowRun
from orrery.apps.runs.truncation import DisplayLimits
from orrery.apps.runs.turns import stored_variables
from orrery.apps.runs.versions import AppVersion, VersionCache
from orrery.apps.workflows.tables import Workflow
from orrery.apps.workflows.variables import Variable
from orrery.cache.protocol import Cache
from orrery.database.amendment import Amendment
from orrery.database.engine import Database
from orrery.inference.types import Usage
from orrery.workflow.engine import USER_STOP
from orrery.workflow.events import RunEnded, RunFailed
from orrery.workflow.graph import Graph
from orrery.workflow.journal import JournalEntry, PausedNode, Resume, StartedNode

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 5.0
_CLEAN_SECONDS = 60.0
_AT_ONCE = 20
_WOKEN_PAUSES = (0.02, 0.1, 0.3, 0.0)
_MOST_OWNERS = 20
"""A run that lost so many processes is given up: it may be what ends them."""

_LEASES = select(WorkflowRun.id, WorkflowRun.lease_token, WorkflowRun.lease_expires_at, WorkflowRun.lease_owner).where(
    WorkflowRun.status == "running"
)


class Recovery:
    """The loops that keep runs alive. One per process that runs apps."""

    def __init__(
        self,
        database: Database,
        runs: RunService,
        versions: VersionCache,
        cache: Cache,
        *,
        lease: timedelta = LEASE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.form = FORM
        self._lease = lease
        self._watch = LeaseWatch(lease, clock)
        self._database = database
        self._runs = runs
        self._versions = versions
        self._stops = StopWatch(database, runs, cache, self.take_over)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, *, alone: bool) -> None:
        """Begins the loops. ``alone``: no other process uses this database, so every foreign lease is a dead one."""
        while alone and await self.take_over_all():
            pass
        length = self._lease.total_seconds()
        for name, step, pause in (
            ("renew", self.renew, length / 3),
            ("recover", self.take_over, min(_LOOK_SECONDS, length / 4)),
            ("clean", self.clean, _CLEAN_SECONDS),
        ):
            self._tasks.append(asyncio.create_task(_forever(step, pause), name=f"runs-{name}"))
        if not alone:
            # The word of a stop comes through the cache; where it is no shared one, or away, the mark is what counts.
            self._tasks.append(asyncio.create_task(_forever(self._stops.heed, HEED_SECONDS), name="runs-heed"))
        self._tasks.append(asyncio.create_task(self._stops.listen(), name="runs-stop"))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()

    async def renew(self) -> None:
        """Keeps the leases of this process's runs, and heeds stops."""
        # By id, not by owner: a run that could not be written is no longer live, and its lease must run out.
        ids = [live.spec.run_id for live in self._runs.live]
        if not ids:
            return
        mine = (
            WorkflowRun.id.in_(ids),
            WorkflowRun.lease_owner == self._runs.owner,
            WorkflowRun.status == "running",
        )
        async with self._database.write() as session:
            await session.execute(
                update(WorkflowRun).where(*mine).values(lease_expires_at=datetime.now(UTC) + self._lease)
            )
        await self._stops.heed()

    async def take_over(self) -> int:
        """Goes on with runs whose lease is over by now; how many."""
        async with self._database.read() as session:
            rows = await session.execute(_LEASES)
            running = [(SeenLease(*row[:3]), row[3]) for row in rows if self._runs.live.by_run(row[0]) is None]
        over = self._watch.over([lease for lease, owner in running if owner is not None])
        # What nobody owns was left on purpose, for whoever looks first.
        over += [lease for lease, owner in running if owner is None]
        taken = 0
        for lease in over:
            taken += await self._take(lease)
        return taken

    async def take_over_all(self) -> int:
        """For the start of the only process that uses this database: whoever ran these is gone. How many of the next."""
        query = (
            _LEASES.where(or_(WorkflowRun.lease_owner.is_(None), WorkflowRun.lease_owner != self._runs.owner))
            .order_by(WorkflowRun.created_at)
            .limit(_AT_ONCE)
        )
        async with self._database.read() as session:
            leases = [SeenLease(*row[:3]) for row in await session.execute(query)]
        return sum([await self._take(lease) for lease in leases])

    async def _take(self, lease: SeenLease) -> bool:
        token = lease.token + 1
        async with self._database.write() as session:
            # A row that somebody holds is left for the next look: a process that was stopped in the middle of a
            # commit must not hold up the runs of all others until it wakes.
            row = await session.scalar(
                select(WorkflowRun)
                .where(
                    WorkflowRun.id == lease.run_id,
                    WorkflowRun.lease_token == lease.token,
                    WorkflowRun.status == "running",
                    # Renewed since the look, it has another mark.
                    WorkflowRun.lease_expires_at == lease.mark
                    if lease.mark is not None
                    else WorkflowRun.lease_expires_at.is_(None),
                )
                .with_for_update(skip_locked=True)
            )
            if row is None or is_newer(row.request, self.form):
                return False
            values = {
                "request": in_this_form(row.request, self.form),
                "lease_token": token,
                "lease_owner": self._runs.owner,
                "lease_expires_at": datetime.now(UTC) + self._lease,
            }
            await session.execute(update(WorkflowRun).where(WorkflowRun.id == row.id).values(values))
        if token > _MOST_OWNERS and await self._losses(row.id, token) > _MOST_OWNERS:
            await self._give_up(row, token, f"{_MOST_OWNERS} processes were lost while they ran it")
            return True
        try:
            await self._resume(msgspec.convert(row.request, RunSpec), row, token)
        except (SQLAlchemyError, OSError):
            # The database is away: the lease runs out, and somebody tries again.
            raise
        except Exception as error:  # noqa: BLE001  (the job's top loop: one run that can't go on must not hold up others)
            _log.warning("run %s can't be resumed: %s", row.id, error)
            await self._give_up(row, token, str(error))
        else:
            _log.info("run %s goes on here", row.id)
        return True

    async def go_on_with(self, run_id: str) -> None:
        """Goes on with a run that was woken just now, if it is still to be had. Never raises: the loop looks too.

        Others who answer at the same moment hold its row for a moment: then this looks again.
        """
        try:
            for pause in _WOKEN_PAUSES:
                async with self._database.read() as session:
                    row = await session.get(WorkflowRun, run_id)
                if row is None or row.status != "running" or row.lease_owner is not None:
                    return
                if self._runs.live.by_run(run_id) is not None:
                    return
                if await self._take(SeenLease(row.id, row.lease_token, row.lease_expires_at)):
                    return
                await asyncio.sleep(pause)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("run %s goes on a little later: %s", run_id, error)

    async def _losses(self, run_id: str, token: int) -> int:
        """How many owners the run lost: each wait for a person changes the owner too, and is no loss."""
        async with self._database.read() as session:
            return token - await pauses.count(session, run_id)

    async def _resume(self, spec: RunSpec, row: WorkflowRun, token: int) -> None:
        async with self._database.read() as session:
            executions = list(
                await session.scalars(
                    select(NodeExecution)
                    .where(NodeExecution.workflow_run_id == spec.run_id)
                    .order_by(NodeExecution.finished_at, NodeExecution.index)
                )
            )
            events = list(
                await session.scalars(
                    select(RunEvents).where(RunEvents.run_id == spec.run_id).order_by(RunEvents.first_seq)
                )
            )
            pause = await pauses.latest(session, spec.run_id)
            version = await self._version(spec, row)
            held = await stored_variables(session, spec.turn.conversation_id) if spec.turn is not None else {}
        frames = [frame for stretch in events for frame in msgspec.json.decode(stretch.frames, type=list[Frame])]
        shown = _shown_text(frames)
        resume = Resume.from_entries(
            journal_of(executions),
            streamed_chars=len(shown),
            streamed_of=_shown_of(frames),
            elapsed=pauses.worked_seconds(spec.created_at, pause, executions),
            as_begun=spec.conversation is not None,
        )
        conversation = _as_begun(spec, [held.get(str(item["id"]), item) for item in version.conversation])
        live = self._runs.assemble(
            spec,
            version,
            conversation,
            accept=None,
            resume=resume,
            shown=shown,
            lease_token=token,
            first_seq=frames[-1].seq + 1 if frames else 1,
            icons=await self._runs.icons_of(spec, version),
        )
        if row.stop_requested:
            live.abort(row.error or USER_STOP)

    async def _version(self, spec: RunSpec, row: WorkflowRun) -> AppVersion:
        async with self._database.read() as session:
            if spec.kind == "basic":
                config = await session.get(AppModelConfig, spec.workflow_id)
                if config is not None:
                    version = self._versions.config(config, spec.app_mode)
                    if row.graph is not None and spec.is_draft:
                        version = msgspec.structs.replace(version, graph=self._versions.stored(row.graph))
                    return version
            else:
                workflow = await session.get(Workflow, spec.workflow_id)
                if workflow is not None:
                    version = self._versions.workflow(workflow)
                    if row.graph is not None:
                        version = msgspec.structs.replace(version, graph=self._graph(spec, row.graph))
                    return version
        raise ValueError("the version that it ran is gone")

    def _graph(self, spec: RunSpec, text: str) -> Graph:
        if spec.single is not None:
            return self._versions.single(text, spec.single.node_id).graph
        return self._versions.stored(text)

    async def _give_up(self, row: WorkflowRun, token: int, reason: str) -> None:
        error = f"The run was interrupted and can't go on: {reason}"
        now = datetime.now(UTC)
        async with self._database.write() as session:
            given_up = await session.execute(
                update(WorkflowRun)
                .where(WorkflowRun.id == row.id, WorkflowRun.lease_token == token, WorkflowRun.status == "running")
                .values(
                    status="failed",
                    error=error,
                    finished_at=now,
                    elapsed_time=(now - row.created_at).total_seconds(),
                    lease_owner=None,
                    lease_expires_at=None,
                )
            )
            if cast("int", getattr(given_up, "rowcount", 0)) != 1:
                return
            cut_off = (NodeExecution.workflow_run_id == row.id, NodeExecution.status == "running")
            await session.execute(
                update(NodeExecution).where(*cut_off).values(status="failed", error=error, finished_at=now)
            )
            end = await _tell_end(session, row, error, now)
            for statement, values in () if end is None else self._runs.aftermaths.of(*end).entries:
                assert not isinstance(statement, Amendment)  # what others owe for an end are rows of their own
                await session.execute(statement, values)
            await session.execute(update(Message).where(Message.run_id == row.id).values(status="error", error=error))

    async def clean(self) -> None:
        """Forgets event logs 10 minutes after the end of their run, and idempotency keys after a day."""
        await forget_old(self._database)


def _as_begun(spec: RunSpec, now: Sequence[Variable]) -> Sequence[Variable]:
    """The conversation's variables as the run began with them where it noted that, else as they are now."""
    if spec.conversation is None:
        return now
    return [{**item, "value": spec.conversation.get(str(item["name"]), item["value"])} for item in now]


async def _tell_end(
    session: AsyncSession, row: WorkflowRun, error: str, now: datetime
) -> tuple[RunSpec, RunEnded] | None:
    """Adds the last frames of a run that was given up, for watchers who come back to it; what ended, if it is known."""
    try:
        spec = msgspec.convert(row.request, RunSpec)
    except msgspec.ValidationError:
        return None
    end = RunFailed(
        status="failed", outputs={}, error=error, exceptions_count=1, total_tokens=0, total_steps=0,
        elapsed=now.timestamp() - spec.created_at, started_at=spec.created_at, finished_at=now.timestamp(),
        usage=Usage(),
    )  # fmt: skip
    if spec.watched is None:
        return spec, end
    stretches = select(RunEvents).where(RunEvents.run_id == row.id).order_by(RunEvents.first_seq.desc()).limit(1)
    last = await session.scalar(stretches)
    seq = 0 if last is None else msgspec.json.decode(last.frames, type=list[Frame])[-1].seq
    presenter = presenter_for(spec, GraphFrames(spec, lambda _: "", DisplayLimits()))
    frames = [Frame(seq + 1 + place, text) for place, text in enumerate(presenter.frames(end))]
    if frames:
        session.add(RunEvents(run_id=row.id, first_seq=seq + 1, frames=msgspec.json.encode(frames).decode()))
    return spec, end


def journal_of(executions: Sequence[NodeExecution]) -> list[JournalEntry]:
    """The engine's journal as the node rows hold it."""
    found: list[JournalEntry] = []
    for row in executions:
        if row.checkpoint is not None:
            found.append(msgspec.json.decode(row.checkpoint, type=JournalEntry))
        elif row.status == "running" and row.finished_at is None:
            found.append(StartedNode(row.node_id, row.id))
        elif row.status == "paused":
            found.append(PausedNode(row.node_id, row.id))
    return found


def _shown_text(frames: Sequence[Frame]) -> str:
    """The answer text that the log holds; nothing for a run that nobody watched, whose text must come again."""
    return "".join(text for text, _ in _shown_pieces(frames))


def _shown_of(frames: Sequence[Frame]) -> dict[str, str]:
    """What of it is of what, by source; empty where frames don't say, as those of basic apps."""
    found: dict[str, str] = {}
    for text, source in _shown_pieces(frames):
        if not source:
            return {}
        found[source] = found.get(source, "") + text
    return found


def _shown_pieces(frames: Sequence[Frame]) -> Iterator[tuple[str, str]]:
    """The texts of the log, each with its source: as noted, or the selector that the frame names; "" for neither."""
    for frame in frames:
        event = msgspec.json.decode(frame.data, type=dict[str, object])
        if event.get("event") in {"message", "agent_message"}:
            yield str(event.get("answer") or ""), frame.of or _selected(event)
        elif event.get("event") == "text_chunk":
            data = cast("Mapping[str, object]", event.get("data") or {})
            yield str(data.get("text") or ""), frame.of or _selected(data)


def _selected(data: Mapping[str, object]) -> str:
    selector = data.get("from_variable_selector")
    return ".".join(map(str, cast("list[object]", selector))) if isinstance(selector, list) else ""


async def _forever(step: Callable[[], Awaitable[object]], pause: float) -> None:
    while True:
        await asyncio.sleep(pause)
        try:
            await step()
        except (SQLAlchemyError, OSError) as error:
            _log.warning("the database did not answer a housekeeping step: %s", error)
        except Exception:  # noqa: BLE001  (the job's top loop: leases must be renewed whatever happened once)
            _log.exception("a housekeeping step failed")
