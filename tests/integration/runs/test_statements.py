"""What a run asks of the database."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from tests.integration.runs.house import House
from tests.support.dsl import chain, end, start

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
