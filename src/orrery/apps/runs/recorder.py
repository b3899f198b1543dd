"""The durable side of a live run: collects rows and frames, commits them together, then shows the frames.

Nothing is shown before it is durable (reliability.md 3.1, G1 and G5): rows of nodes, the event log and the end of
the run go into one shared commit, and only then do watchers see the frames. While a commit is under way the engine
goes on; whatever it tells meanwhile goes into the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from orrery.apps.runs import statements
from orrery.apps.runs.event_log import EventLog
from orrery.apps.runs.node_rows import NodeRows
from orrery.apps.runs.spec import RunSpec
from orrery.database.group_commit import Entry, GroupCommit
from orrery.workflow.journal import JournalEntry

LEASE = timedelta(seconds=30)
"""How long a run belongs to a process that stopped renewing."""


class LeaseLost(Exception):
    """Another process owns the run now; this one must stop writing."""


class RunRecorder:
    """Implements the engine's `Journal`. One per live run; all calls happen on the event loop."""

    def __init__(self, spec: RunSpec, group: GroupCommit, log: EventLog, nodes: NodeRows, *, lease_token: int) -> None:
        self._spec = spec
        self._group = group
        self._nodes = nodes
        self.log = log
        self.lease_token = lease_token
        self._entries: list[Entry] = []
        self._frames: list[str] = []
        self._flush: asyncio.Task[None] | None = None
        self._end: Callable[[], Sequence[Entry]] | None = None
        self._lost: LeaseLost | None = None

    def show(self, frames: Sequence[str]) -> None:
        """Frames to log and show, in order."""
        if frames:
            self._frames.extend(frames)
            self._start_flush()

    def write(self, entries: Sequence[Entry]) -> None:
        """Rows to commit with the next flush."""
        self._entries.extend(entries)

    def record(self, entry: JournalEntry) -> None:
        self._nodes.journal(entry)

    async def barrier(self) -> None:
        """Returns when all that was told so far is durable. Raises `LeaseLost`."""
        self._start_flush()
        while self._flush is not None:
            await asyncio.shield(self._flush)
        if self._lost is not None:
            raise self._lost

    async def finish(self, end: Callable[[], Sequence[Entry]]) -> None:
        """Commits everything with the rows of ``end`` (whose first is `FINISH_RUN`). Raises `LeaseLost`."""
        self._end = end
        await self.barrier()
        self.log.close()

    def _start_flush(self) -> None:
        if self._flush is None and self._lost is None:
            self._flush = asyncio.create_task(self._flush_all(), name=f"run-flush-{self._spec.run_id}")

    async def _flush_all(self) -> None:
        # One turn of the loop lets nodes that don't wait tell everything, so that short runs need a single commit.
        await asyncio.sleep(0)
        try:
            while self._frames or self._entries or self._end is not None or self._nodes.waiting:
                await self._flush_once()
        except LeaseLost as lost:
            self._lost = lost
            self.log.close()
        finally:
            self._flush = None

    async def _flush_once(self) -> None:
        entries, self._entries = self._entries, []
        texts, self._frames = self._frames, []
        end, self._end = self._end, None
        entries = [*self._nodes.take(), *entries]
        frames = self.log.number(texts)
        if frames:
            row = {
                "run_id": self._spec.run_id,
                "first_seq": frames[0].seq,
                "frames": msgspec.json.encode(frames).decode(),
                "created_at": datetime.now(UTC),
            }
            entries.append((statements.INSERT_EVENTS, row))
        if end is not None:
            finishing = end()
            held = await self._group.commit_fenced([finishing[0], *entries, *finishing[1:]])
        elif entries:
            held = await self._group.commit_fenced([self._hold(), *entries])
        else:
            return
        if not held:
            raise LeaseLost(f"run {self._spec.run_id} belongs to another process")
        self.log.publish(frames)

    def _hold(self) -> Entry:
        row = {
            "b_id": self._spec.run_id,
            "b_token": self.lease_token,
            "b_expires": datetime.now(UTC) + LEASE,
        }
        return statements.HOLD_LEASE, row
