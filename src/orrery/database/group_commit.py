"""One commit shared by all runs of the process.

A durable commit costs milliseconds (a disk flush), a row costs microseconds. Callers hand over rows and await the
commit that contains them; whatever gathers while one commit is under way becomes the next one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from orrery.database.amendment import Amendment
from orrery.database.batch_writer import Batch, BatchWriter, Entry, Row, Statement, batch_writer
from orrery.database.engine import Database

__all__ = ["Entry", "GroupCommit", "Row"]

_log = logging.getLogger(__name__)


class _Waiting:
    """A batch, and the future that its caller waits on: whether it was written. ``alone``: it shares no commit."""

    __slots__ = ("alone", "batch", "done")

    def __init__(self, batch: Batch, done: asyncio.Future[bool], *, alone: bool) -> None:
        self.batch = batch
        self.done = done
        self.alone = alone


class GroupCommit:
    """Gathers rows of many callers into one transaction at a time.

    Statements must be prebuilt and reused (rows are grouped by the statement's identity and sent with executemany).
    ``order`` lists them as they must run inside one transaction, since a commit mixes rows of callers that are at
    different points of their work: parents before children, inserts before updates.
    When a shared commit fails, its batches are tried again one by one, so that one bad row fails only its owner. When
    its connection was lost nobody knows whether it was done: then all owners are told, and decide themselves.
    """

    def __init__(self, database: Database, order: Sequence[Statement], *, most_batches: int = 512) -> None:
        self._writer: BatchWriter = batch_writer(database, order)
        self._most = most_batches
        self._waiting: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None
        self.commits = 0

    async def commit(self, entries: Sequence[Entry], *, alone: bool = False) -> None:
        """Returns when all rows are durable, together. Raises what the database said about these rows.

        ``alone`` is for rows that failed before: they are kept from everybody else's.
        """
        await self._submit(Batch(None, entries), alone=alone)

    async def commit_fenced(self, entries: Sequence[Entry], *, alone: bool = False) -> bool:
        """Commits ``entries`` only if the first statement (an UPDATE guarded by a lease token) changes one row.

        False when the guard did not match: somebody else owns the run now, and nothing was written.
        """
        guard, row = entries[0]
        assert not isinstance(guard, Amendment)
        return await self._submit(Batch((guard, row), entries[1:]), alone=alone)

    def _submit(self, batch: Batch, *, alone: bool) -> asyncio.Future[bool]:
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(batch, done, alone=alone))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain(), name="group-commit")
        return done

    async def _drain(self) -> None:
        while self._waiting:
            taken = self._next()
            try:
                await self._write(taken)
            except Exception as error:  # noqa: BLE001  (the top loop of commits: nobody may wait for ever)
                if len(taken) == 1 or self._writer.is_unsure(error):
                    for one in taken:
                        _fail(one, error)
                    continue
                _log.warning("a shared commit of %d batches failed, trying each alone: %s", len(taken), error)
                await self._write_each(taken)

    def _next(self) -> list[_Waiting]:
        """The batches of the next commit: as many as wait, or one that is to be alone."""
        most = min(len(self._waiting), self._most)
        end = next((place for place in range(most) if self._waiting[place].alone), most) or 1
        taken, self._waiting = self._waiting[:end], self._waiting[end:]
        return taken

    async def _write_each(self, waiting: Sequence[_Waiting]) -> None:
        for one in waiting:
            try:
                await self._write([one])
            except Exception as error:  # noqa: BLE001  (as above)
                _fail(one, error)

    async def _write(self, waiting: Sequence[_Waiting]) -> None:
        self.commits += 1
        written = await self._writer.write([one.batch for one in waiting])
        for one, result in zip(waiting, written, strict=True):
            if not one.done.done():
                one.done.set_result(result)

    async def close(self) -> None:
        """Waits until everything handed over is written, then lets go of the connection."""
        while self._task is not None and not self._task.done():
            await self._task
        await self._writer.close()


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.done.done():
        waiting.done.set_exception(error)
