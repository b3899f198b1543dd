"""What is removed with a run or a message, and what is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from tests.support.databases import BACKENDS, url_of
from tests.support.rows import fill_every_table

from orrery.apps.schema import schema
from orrery.database import Database
from orrery.database.migrate import migrate
from orrery.operations.retention import Window, clean_messages, clean_runs, count_messages, count_runs

T = datetime(2024, 6, 1, tzinfo=UTC)
TABLES = schema().tables


async def counts(database: Database) -> dict[str, int]:
    async with database.read() as session:
        return {
            name: await session.scalar(select(func.count()).select_from(table)) or 0 for name, table in TABLES.items()
        }


@pytest.mark.parametrize("backend", BACKENDS[::2])
async def test_runs_go_with_their_parts_and_messages_stay(backend: str, tmp_path: Path) -> None:
    database = Database(url_of(backend, tmp_path))
    await migrate(database, schema())
    await fill_every_table(database, rows=3)
    runs, steps = TABLES["workflow_runs"], TABLES["workflow_node_executions"]
    async with database.connection() as connection:
        ids = list(await connection.scalars(select(runs.c.id).order_by(runs.c.id)))
        for number, status in enumerate(("succeeded", "running", "failed")):
            values = {"status": status, "created_at": T + timedelta(days=number)}
            await connection.execute(update(runs).where(runs.c.id == ids[number]).values(**values))
        await connection.execute(update(steps).values(workflow_run_id=ids[0]))
    before = await counts(database)
    window = Window(None, T + timedelta(days=2))
    assert await count_runs(database, schema(), window) == 1
    assert await clean_runs(database, schema(), window, batch=1) == 1
    after = await counts(database)
    changed = {name: before[name] - after[name] for name in before if before[name] != after[name]}
    assert changed == {"workflow_runs": 1, "workflow_node_executions": 3}
    assert await clean_runs(database, schema(), Window(T, T + timedelta(days=9)), batch=100) == 1
    await database.close()


async def test_messages_go_with_what_belongs_to_them(tmp_path: Path) -> None:
    database = Database(url_of("sqlite", tmp_path))
    await migrate(database, schema())
    await fill_every_table(database, rows=3)
    messages = TABLES["messages"]
    async with database.connection() as connection:
        ids = list(await connection.scalars(select(messages.c.id).order_by(messages.c.id)))
        for number, message_id in enumerate(ids):
            moved = update(messages).where(messages.c.id == message_id).values(created_at=T + timedelta(days=number))
            await connection.execute(moved)
    before = await counts(database)
    window = Window(T, T + timedelta(days=2))
    assert await count_messages(database, schema(), window) == 2
    assert await clean_messages(database, schema(), window, batch=1) == 2
    after = await counts(database)
    changed = {name: before[name] - after[name] for name in before if before[name] != after[name]}
    belongings = ("message_files", "message_agent_thoughts", "message_feedbacks", "saved_messages")
    assert changed == {"messages": 2, **dict.fromkeys(belongings, 2)}
    await database.close()
