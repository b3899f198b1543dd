"""What a run asks of the database."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from sqlalchemy.pool import QueuePool
from tests.integration.runs.house import House
from tests.support.dsl import chain, end, llm, start

from orrery.apps.runs.tables import WorkflowRun
from orrery.database import Database

MOST = 6


@contextmanager
def statements_of(database: Database) -> Generator[list[str]]:
    """Every statement that goes to a server, `executemany` as one."""
    seen: list[str] = []

    def note(*arguments: object) -> None:
        seen.append(str(arguments[2]))

    engine = database.reader.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def test_a_short_run_is_few_statements_and_one_commit(home: House) -> None:
    if home.database.dialect == "sqlite":
        pytest.skip("SQLite gets the same rows past the engine that is listened to here")
    app_id = await home.new_app("workflow", chain(start("word"), end(said=("start", "word"))))
    request = await home.request(app_id, {"word": "hi"}, streaming=True)
    commits = home.office.group.commits
    with statements_of(home.database) as seen:
        live = await home.office.runs.start(request)
        await live.outcome
    assert any(WorkflowRun.__tablename__ in statement for statement in seen)
    assert len(seen) <= MOST, seen
    assert home.office.group.commits - commits == 1


async def test_a_run_that_waits_for_its_model_holds_no_connection(home: House) -> None:
    asking = chain(start("word"), llm("mock", "Say {{#start.word#}}"), end(said=("llm", "text")))
    app_id = await home.new_app("workflow", asking)
    home.office.models.hold()
    live = await home.office.runs.start(await home.request(app_id, {"word": "hi"}, streaming=True))
    async with asyncio.timeout(60):
        await home.office.models.asked.wait()
    await live.recorder.barrier()
    pools = [engine.sync_engine.pool for engine in {home.database.reader, home.database.writer}]
    # What was written is on its way back; a connection that the run holds would stay away until the model answers.
    async with asyncio.timeout(60):
        while any(pool.checkedout() for pool in pools if isinstance(pool, QueuePool)):
            await asyncio.sleep(0.01)
    assert all(isinstance(pool, QueuePool) for pool in pools)
    home.office.models.let_go()
    await live.outcome
