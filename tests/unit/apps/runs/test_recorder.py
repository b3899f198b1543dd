"""Nothing is shown before it is durable; short absences of the database are waited out; a lost lease ends it all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError, OperationalError
from tests.unit.apps.runs.specs import spec

from orrery.apps.runs import recorder as recording
from orrery.apps.runs import statements
from orrery.apps.runs.event_log import EventLog
from orrery.apps.runs.node_rows import NodeRows
from orrery.apps.runs.recorder import LeaseLost, RunRecorder
from orrery.apps.runs.tables import WorkflowRun
from orrery.database.batch_writer import Batch
from orrery.database.group_commit import Entry, GroupCommit

ACCEPT: list[Entry] = [(insert(WorkflowRun), {"id": "1"})]
FINISH: Entry = (statements.FINISH_RUN, {"b_id": "1"})


class ScriptedWriter:
    """Implements `BatchWriter`: takes, refuses or fails what it is given, in the order of ``script``."""

    def __init__(self, *script: bool | Exception) -> None:
        self.script = list(script)
        self.batches: list[Batch] = []
        self.free = asyncio.Event()
        self.free.set()

    async def write(self, batches: Sequence[Batch]) -> list[bool]:
        await self.free.wait()
        answer = self.script.pop(0) if self.script else True
        if isinstance(answer, Exception):
            raise answer
        if answer:
            self.batches.extend(batches)
        return [answer for _ in batches]

    async def close(self) -> None:
        """Nothing is open."""


class Desk:
    def __init__(self, *script: bool | Exception, accept: Sequence[Entry] | None = ACCEPT) -> None:
        self.writer = ScriptedWriter(*script)
        group = GroupCommit.__new__(GroupCommit)
        group.__dict__.update(_writer=self.writer, _most=512, _waiting=[], _task=None, commits=0)
        self.log = EventLog()
        run = spec()
        self.nodes = NodeRows(run)
        self.recorder = RunRecorder(run, group, self.log, self.nodes, lease_token=3, accept=accept)

    async def seen(self) -> list[str]:
        return [frame.data for batch in [b async for b in self.log.follow()] for frame in batch]

    def rows(self) -> list[Any]:
        return [entry[0] for batch in self.writer.batches for entry in ([batch.guard] if batch.guard else []) + list(batch.entries)]  # fmt: skip


def away() -> OperationalError:
    return OperationalError("x", None, OSError("gone"))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    # The waits are seconds: only their number matters here.
    monkeypatch.setattr(recording, "_RETRY_SECONDS", (0.001, 0.001, 0.001))


async def test_beginning_and_end_of_a_short_run_are_one_commit() -> None:
    desk = Desk()
    desk.recorder.show(["a"])
    await desk.recorder.finish(lambda: [FINISH])
    assert len(desk.writer.batches) == 1
    assert desk.rows() == [ACCEPT[0][0], statements.INSERT_EVENTS, statements.FINISH_RUN]
    assert await desk.seen() == ["a"]


async def test_nothing_is_shown_before_it_is_durable() -> None:
    desk = Desk()
    desk.writer.free.clear()
    desk.recorder.show(["a"])
    watching = asyncio.create_task(desk.seen())
    waiting = asyncio.create_task(desk.recorder.barrier())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()
    assert desk.log._frames == []
    desk.recorder.show(["b"])
    desk.writer.free.set()
    await waiting
    desk.log.close()
    assert await watching == ["a", "b"]
    assert [row["first_seq"] for batch in desk.writer.batches for s, row in batch.entries if s is statements.INSERT_EVENTS] == [1, 2]  # fmt: skip


async def test_a_short_absence_of_the_database_is_waited_out() -> None:
    desk = Desk(True, away(), away())
    desk.recorder.show(["a"])
    await desk.recorder.barrier()
    desk.recorder.show(["b"])
    await desk.recorder.finish(lambda: [FINISH])
    assert await desk.seen() == ["a", "b"]


async def test_a_long_absence_ends_the_run_here() -> None:
    desk = Desk(True, *[away() for _ in range(9)])
    await desk.recorder.barrier()
    desk.recorder.write([(statements.INSERT_NODE, {})])
    with pytest.raises(LeaseLost):
        await desk.recorder.barrier()
    with pytest.raises(LeaseLost):
        await desk.recorder.finish(lambda: [FINISH])
    assert desk.log.closed
    assert await desk.seen() == []


async def test_a_run_that_can_not_be_accepted_is_not_tried_again() -> None:
    for failure in (away(), IntegrityError("x", None, OSError("taken"))):
        desk = Desk(failure)
        desk.recorder.show(["a"])
        with pytest.raises(type(failure)):
            await desk.recorder.barrier()
        assert desk.writer.batches == []
        assert await desk.seen() == []


async def test_a_lost_lease_closes_the_log_and_hides_what_was_not_written() -> None:
    desk = Desk(True, False)
    desk.recorder.show(["a"])
    await desk.recorder.barrier()
    desk.recorder.show(["b"])
    with pytest.raises(LeaseLost, match="belongs to another process"):
        await desk.recorder.finish(lambda: [FINISH])
    desk.recorder.show(["c"])
    await asyncio.sleep(0.01)
    assert desk.log.closed
    assert await desk.seen() == ["a"]
    assert len(desk.writer.batches) == 1


async def test_rows_that_can_not_be_built_are_told_and_nothing_follows() -> None:
    desk = Desk(True)
    await desk.recorder.barrier()

    def broken() -> Sequence[Entry]:
        raise TypeError("no row")

    desk.recorder.show(["a"])
    with pytest.raises(TypeError):
        await desk.recorder.finish(broken)
    assert desk.log.closed
    assert await desk.seen() == []


async def test_the_fence_of_a_taken_over_run_carries_its_token() -> None:
    desk = Desk(accept=None)
    desk.recorder._held_at = -1e9
    desk.recorder.write([(statements.INSERT_NODE, {"id": "n"})])
    await desk.recorder.barrier()
    guard = desk.writer.batches[0].guard
    assert guard is not None
    assert guard[0] is statements.HOLD_LEASE
    assert guard[1]["b_token"] == 3
    expires = guard[1]["b_expires"]
    assert isinstance(expires, datetime)
    assert 25 < (expires - datetime.now(UTC)).total_seconds() <= 30
