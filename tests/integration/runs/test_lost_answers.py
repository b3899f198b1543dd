"""Connections that are lost while the database commits: done or not, nothing is written twice and no run is lost."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from sqlalchemy.exc import OperationalError
from tests.integration.runs.house import House
from tests.support.dsl import answer, chain, llm, start

from orrery.apps.runs import sure_commit
from orrery.database.batch_writer import Batch, BatchWriter


class LossyWriter:
    """Loses the answer to two of five commits, in turns after and before it was done."""

    def __init__(self, writer: BatchWriter) -> None:
        self._writer = writer
        self._turns = itertools.cycle(("done, but not told", "", "", "not done", ""))
        self.lost = 0

    async def write(self, batches: Sequence[Batch]) -> list[bool]:
        turn = next(self._turns)
        written = [] if turn == "not done" else await self._writer.write(batches)
        if turn:
            self.lost += 1
            raise OperationalError("shared commit", None, OSError("the connection is gone"))
        return written

    def is_unsure(self, error: Exception) -> bool:
        return isinstance(error, OperationalError)

    async def close(self) -> None:
        await self._writer.close()


@pytest.mark.parametrize("watched", [True, False])
async def test_lost_answers_lose_no_run(home: House, watched: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sure_commit, "WAITS", (0.001,) * 4)
    monkeypatch.setattr(sure_commit, "ACCEPT_WAITS", (0.001,) * 4)
    drawn = chain(start("word"), llm("mock"), answer("{{#start.word#}}: {{#llm.text#}}"))
    app_id = await home.new_app("advanced-chat", drawn)
    group = home.office.group
    lossy = LossyWriter(group._writer)
    group._writer = lossy
    for _ in range(6):
        live = await home.run(app_id, {"word": "hi"}, query="hello", streaming=watched)
        run_id = live.spec.run_id
        row = await home.row(app_id, run_id)
        assert (row.status, row.lease_token) == ("succeeded", 1)
        message = await home.records.message_of(app_id, run_id)
        assert message is not None
        assert message.answer.startswith("hi: ")
        numbers = [frame.seq for frame in await home.records.frames(run_id, 0)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert bool(numbers) is watched
        nodes = await home.records.nodes(app_id, run_id)
        assert [node.node_id for node in nodes] == ["start", "llm", "answer"]
    assert lossy.lost > 6
