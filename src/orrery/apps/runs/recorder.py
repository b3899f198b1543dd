"""The durable side of a live run: collects rows and frames, commits them together, then shows the frames.

Nothing is shown before it is durable (reliability.md 3.1, G1 and G5): rows of nodes, the event log and the end of
the run go into one shared commit, and only then do watchers see the frames. While a commit is under way the engine
goes on; whatever it tells meanwhile goes into the next one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from orrery.apps.runs import statements
from orrery.apps.runs.event_log import EventLog, Frame
from orrery.apps.runs.node_rows import NodeRows
from orrery.apps.runs.spec import RunSpec
from orrery.apps.runs.sure_commit import LeaseLost, SureCommit
from orrery.database.group_commit import Entry, GroupCommit
from orrery.workflow.journal import JournalEntry

__all__ = ["LEASE", "LeaseLost", "RunRecorder"]

LEASE = timedelta(seconds=30)
"""How long a run belongs to a process that stopped renewing, where the settings say nothing else."""


class RunRecorder:
    """Implements the engine's `Journal`. One per live run; all calls happen on the event loop.

    ``accept`` are the rows that make the run exist; None for a run that is taken over. They go into the first commit
    together with everything that the engine told by then: a run of nodes that never wait costs one shared commit.
    """

    def __init__(
        self,
        spec: RunSpec,
        group: GroupCommit,
        log: EventLog,
        nodes: NodeRows,
        *,
        lease_token: int,
        accept: Sequence[Entry] | None,
        lease: timedelta = LEASE,
    ) -> None:
        self._spec = spec
        self._commits = SureCommit(spec.run_id, lease_token, lease, group)
        self._sure_seconds = lease.total_seconds() / 3
        self._nodes = nodes
        self.log = log
        self.lease_token = lease_token
        self._accept = accept
        self._entries: list[Entry] = []
        self._frames: list[str] = []
        self._sources: list[str] = []
        self._flush: asyncio.Task[None] | None = None
        self._end: Callable[[], Sequence[Entry]] | None = None
        self._failure: Exception | None = None
        self._held_at = time.monotonic()

    def show(self, frames: Sequence[str], of: str = "") -> None:
        """Frames to log and show, in order. Called after each event; a run that nobody watches has none to show.

        ``of`` is the source of their text where the frames don't say all of it (`Frame`).
        """
        self._frames.extend(frames)
        self._sources.extend([of] * len(frames))
        if frames or self._nodes.precious:
            self._start_flush()

    def write(self, entries: Sequence[Entry]) -> None:
        """Rows to commit with the next flush."""
        self._entries.extend(entries)

    def record(self, entry: JournalEntry) -> None:
        self._nodes.journal(entry)

    async def barrier(self) -> None:
        """Returns when all that was told so far is durable. Raises `LeaseLost`, or why the run was not accepted."""
        self._start_flush()
        while self._flush is not None:
            await asyncio.shield(self._flush)
        if self._failure is not None:
            raise self._failure

    async def finish(self, end: Callable[[], Sequence[Entry]], *, more: bool = False) -> None:
        """Commits everything with the rows of ``end`` (whose first is `FINISH_RUN`). Raises as `barrier`.

        With ``more``, frames follow that belong to no row; the log stays open for them.
        """
        self._end = end
        more_follows = False
        try:
            await self.barrier()
            more_follows = more
        finally:
            if not more_follows:
                self.log.close()

    def _start_flush(self) -> None:
        if self._flush is None and self._failure is None:
            self._flush = asyncio.create_task(self._flush_all(), name=f"run-flush-{self._spec.run_id}")

    def _has_work(self) -> bool:
        return bool(self._frames or self._entries or self._accept or self._nodes.waiting) or self._end is not None

    async def _flush_all(self) -> None:
        # A task starts a turn of the loop after it was made: by then nodes that don't wait have told everything, so
        # that short runs need a single commit.
        try:
            while self._has_work():
                await self._flush_once()
        except Exception as error:  # noqa: BLE001  (told to whoever waits: frames after a lost one must not be shown)
            self._failure = error
            self.log.close()
        finally:
            self._flush = None

    async def _flush_once(self) -> None:
        accept, self._accept = self._accept, None
        entries, self._entries = self._entries, []
        texts, self._frames = self._frames, []
        sources, self._sources = self._sources, []
        end, self._end = self._end, None
        frames = self.log.number(texts, sources)
        entries = [*self._nodes.take(), *entries]
        only_text = not entries and end is None
        entries += self._events(frames)
        if end is not None:
            finish, *after = end()
            entries = [finish, *entries, *after]
        if accept is not None:
            finish_first, rest = (entries[:1], entries[1:]) if end is not None else ([], entries)
            await self._commits.accept([*accept, *rest, *finish_first], ended=end is not None)
        elif only_text and time.monotonic() - self._held_at < self._sure_seconds:
            # Nobody may have taken the run over yet, so text needs no guard: a long answer is thousands of these.
            await self._commits.text(entries)
        elif end is not None:
            await self._commits.end(entries)
        elif entries:
            began = time.monotonic()
            await self._commits.held(entries)
            self._held_at = began
        self.log.publish(frames)

    def _events(self, frames: Sequence[Frame]) -> list[Entry]:
        if not frames:
            return []
        row = {
            "run_id": self._spec.run_id,
            "first_seq": frames[0].seq,
            "frames": msgspec.json.encode(frames).decode(),
            "created_at": datetime.now(UTC),
        }
        return [(statements.INSERT_EVENTS, row)]
