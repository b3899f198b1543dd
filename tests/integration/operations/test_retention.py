"""What is removed with a run or a message, and what is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from tests.support.databases import BACKENDS
from tests.support.migrated import migrated_url
from tests.support.rows import fill_every_table

from orrery.database import Database
from orrery.jobs import Due, JobCatalog
from orrery.operations.retention import Window, clean_messages, clean_runs, count_messages, count_runs
from orrery.operations.schedules import Kept, RetentionJobs
from orrery.schema import schema

T = datetime(2024, 6, 1, tzinfo=UTC)
TABLES = schema().tables


async def counts(database: Database) -> dict[str, int]:
    async with database.read() as session:
        return {
            name: await session.scalar(select(func.count()).select_from(table)) or 0 for name, table in TABLES.items()
        }


@pytest.mark.parametrize("backend", BACKENDS[::2])
async def test_runs_go_with_their_parts_and_messages_stay(backend: str, tmp_path: Path) -> None:
    database = Database(await migrated_url(backend, tmp_path))
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
    database = Database(await migrated_url("sqlite", tmp_path))
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


async def test_what_is_switched_on_removes_by_itself(tmp_path: Path) -> None:
    database = Database(await migrated_url("sqlite", tmp_path))
    await fill_every_table(database, rows=3)
    runs, messages = TABLES["workflow_runs"], TABLES["messages"]
    async with database.connection() as connection:
        await connection.execute(update(runs).values(status="succeeded", created_at=T))
        await connection.execute(update(messages).values(created_at=T - timedelta(days=20)))
    kept = Kept(runs_days=30, runs_batch=2, records_days=60, records_batch=2)
    jobs = RetentionJobs(database, schema(), kept)
    switches = {
        "WORKFLOW_LOG_CLEANUP_ENABLED": True,
        "ENABLE_WORKFLOW_RUN_CLEANUP_TASK": False,
        "ENABLE_CLEAN_MESSAGES": True,
        "CELERY_BEAT_SCHEDULER_TIME": 1,
    }
    catalog = JobCatalog(switches)
    catalog.add(jobs.declared())
    assert [schedule.job.declaration.name for schedule in catalog.schedules] == [
        "clean_workflow_runlogs_precise", "clean_messages",
    ]  # fmt: skip
    await jobs.clean_run_logs(Due(T + timedelta(days=30)))
    await jobs.clean_old_messages(Due(T + timedelta(days=40)))
    found = await counts(database)
    assert (found["workflow_runs"], found["messages"]) == (3, 3), "nothing is old enough yet"
    await jobs.clean_run_logs(Due(T + timedelta(days=31)))
    await jobs.clean_old_messages(Due(T + timedelta(days=41)))
    found = await counts(database)
    assert (found["workflow_runs"], found["messages"]) == (0, 0)
    await database.close()
