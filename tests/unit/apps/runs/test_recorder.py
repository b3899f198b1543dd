"""Nothing is shown before it is durable; short absences of the database are waited out; a lost lease ends it all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError, OperationalError
from tests.unit.apps.runs.specs import spec

from orrery.apps.runs import statements, sure_commit
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

    def is_unsure(self, error: Exception) -> bool:
        return isinstance(error, OperationalError)

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
    monkeypatch.setattr(sure_commit, "WAITS", (0.001, 0.001, 0.001))
    monkeypatch.setattr(sure_commit, "ACCEPT_WAITS", (0.001,))


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


async def test_a_run_that_can_not_be_accepted_is_told_soon() -> None:
    for script in ((away(), away()), (IntegrityError("x", None, OSError("taken")),)):
        desk = Desk(*script)
        desk.recorder.show(["a"])
        with pytest.raises(type(script[-1])):
            await desk.recorder.barrier()
        assert desk.writer.batches == []
        assert await desk.seen() == []


async def test_a_run_is_accepted_by_a_database_that_comes_back() -> None:
    desk = Desk(away())
    desk.recorder.show(["a"])
    await desk.recorder.finish(lambda: [FINISH])
    assert await desk.seen() == ["a"]


def there() -> IntegrityError:
    return IntegrityError("x", None, OSError("duplicate key"))


@pytest.mark.parametrize("held", [True, False])
async def test_rows_that_are_there_after_a_lost_answer_were_written_by_the_owner(held: bool) -> None:
    """The answer to a commit is lost, the second attempt finds the rows: ours, if the lease still is."""
    desk = Desk(True, away(), there(), held)
    await desk.recorder.barrier()
    desk.recorder.show(["a"])
    if held:
        await desk.recorder.barrier()
        desk.log.close()
        assert await desk.seen() == ["a"]
    else:
        with pytest.raises(LeaseLost):
            await desk.recorder.barrier()
        assert await desk.seen() == []


@pytest.mark.parametrize("mine", [True, False])
async def test_an_end_whose_answer_was_lost_is_told(mine: bool) -> None:
    desk = Desk(True, away(), False, mine)
    await desk.recorder.barrier()
    desk.recorder.show(["a"])
    if mine:
        await desk.recorder.finish(lambda: [FINISH])
        assert await desk.seen() == ["a"]
    else:
        with pytest.raises(LeaseLost, match="belongs to another process"):
            await desk.recorder.finish(lambda: [FINISH])
        assert await desk.seen() == []


async def test_rows_that_are_there_at_the_first_attempt_are_somebody_elses() -> None:
    desk = Desk(True, there())
    await desk.recorder.barrier()
    desk.recorder.show(["a"])
    with pytest.raises(LeaseLost):
        await desk.recorder.barrier()
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
    before = datetime.now(UTC)
    desk.recorder.write([(statements.INSERT_NODE, {"id": "n"})])
    await desk.recorder.barrier()
    guard = desk.writer.batches[0].guard
    assert guard is not None
    assert guard[0] is statements.HOLD_LEASE
    assert guard[1]["b_token"] == 3
    expires = guard[1]["b_expires"]
    assert isinstance(expires, datetime)
    assert before <= expires - timedelta(seconds=30) <= datetime.now(UTC)
