"""What the clock does for knowledge bases: vectors forgotten, unused documents switched off, owners told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from tests.support.databases import BACKENDS
from tests.support.mail_server import mail_server
from tests.support.migrated import migrated_url

from orrery.database import Database
from orrery.jobs import Due, EmbeddedJobs, JobNeeds, Jobs, RunnerLimits, Wake
from orrery.knowledge.datasets.tables import Dataset, DatasetQuery
from orrery.knowledge.documents.tables import Document
from orrery.knowledge.index.tables import StoredEmbedding
from orrery.knowledge.upkeep.jobs import UpkeepJobs
from orrery.knowledge.upkeep.tables import AutoDisableLog
from orrery.mail.smtp import SmtpServer, SmtpTransport
from orrery.workspaces.accounts.tables import Account
from orrery.workspaces.members.tables import Membership, Workspace

T = datetime(2024, 6, 3, 10, tzinfo=UTC)
SWITCHES = {"CELERY_BEAT_SCHEDULER_TIME": 1, "ENABLE_MAIL_CLEAN_DOCUMENT_NOTIFY_TASK": True}
OLD, NEW = T - timedelta(days=40), T - timedelta(days=2)


async def workspace(database: Database) -> tuple[str, str]:
    async with database.write() as session:
        owner, place = Account(name="Ann", email="ann@example.com"), Workspace(name="Library")
        session.add_all([owner, place])
        await session.flush()
        session.add(Membership(tenant_id=place.id, account_id=owner.id, role="owner"))
        return place.id, owner.id


async def dataset(
    database: Database,
    place: tuple[str, str],
    name: str,
    *,
    made: datetime,
    asked: datetime | None = None,
    **of: object,
) -> str:
    """A dataset of two documents; the first is as ``of`` says."""
    tenant, account = place
    async with database.write() as session:
        row = Dataset(tenant_id=tenant, name=name, created_by=account, created_at=made)
        session.add(row)
        await session.flush()
        for position in (1, 2):
            values: dict[str, object] = {"indexing_status": "completed", "updated_at": made} | (
                of if position == 1 else {}
            )
            session.add(
                Document(
                    tenant_id=tenant, dataset_id=row.id, position=position, name=f"{name} {position}", batch="1",
                    data_source_type="upload_file", created_from="api", created_by=account, created_at=made, **values,
                )
            )  # fmt: skip
        if asked is not None:
            session.add(
                DatasetQuery(
                    dataset_id=row.id, content="[]", source="app", created_by_role="account", created_by=account,
                    created_at=asked,
                )
            )  # fmt: skip
        return row.id


def upkeep(database: Database, mail: SmtpTransport | None = None) -> tuple[Jobs[Wake], UpkeepJobs]:
    jobs = Jobs.build(JobNeeds(database=database, announcer=Wake(), owner="test", settings=SWITCHES))
    regular = UpkeepJobs(database, jobs.outbox, mail, 30, now=lambda: T)
    return jobs, regular


async def switched_off(database: Database) -> list[str]:
    async with database.read() as session:
        return list(
            await session.scalars(select(Document.name).where(Document.disabled_at == T).order_by(Document.name))
        )


@pytest.mark.parametrize("backend", BACKENDS)
async def test_only_what_nobody_used_is_switched_off_once(backend: str, tmp_path: Path) -> None:
    database = Database(await migrated_url(backend, tmp_path))
    place = await workspace(database)
    unused = await dataset(database, place, "unused", made=OLD)
    await dataset(database, place, "asked long ago", made=OLD, asked=OLD, archived=True)
    await dataset(database, place, "asked", made=OLD, asked=NEW)
    await dataset(database, place, "changed", made=OLD, updated_at=NEW)
    await dataset(database, place, "new", made=NEW)
    gone = await dataset(database, place, "deleted", made=OLD)
    async with database.write() as session:
        await session.execute(update(Dataset).where(Dataset.id == gone).values(deleted_at=NEW))
    _, regular = upkeep(database)
    await regular.switch_off(Due(T))
    expected = ["asked long ago 2", "unused 1", "unused 2"]
    assert await switched_off(database) == expected
    await regular.switch_off(Due(T))
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(AutoDisableLog)) == len(expected), "noted once"
        states = await session.execute(select(Document.enabled).where(Document.dataset_id == unused))
        assert not any(states.scalars())
    await database.close()


async def test_the_owner_is_told_once_and_only_what_is_new(tmp_path: Path) -> None:
    database = Database(await migrated_url("sqlite", tmp_path))
    place = await workspace(database)
    await dataset(database, place, "Recipes <b>", made=OLD)
    with mail_server() as server:
        transport = SmtpTransport(SmtpServer(host="127.0.0.1", port=server.port, sender="no@example.com", tls="none"))
        jobs, regular = upkeep(database, transport)
        jobs.catalog.add([regular.notify, regular.tell])
        running = EmbeddedJobs(jobs, RunnerLimits(poll=0.2), schedules=False)
        await running.start()
        try:
            await regular.notify(Due(T))
            await regular.switch_off(Due(T))
            await regular.notify(Due(T))
            await regular.notify(Due(T))
            await until(lambda: len(server.mails) == 1)
            mail = server.mails[0]
            assert mail["To"] == "ann@example.com"
            assert "Recipes <b>: 2" in mail.get_body(("plain",)).get_content()  # pyright: ignore[reportOptionalMemberAccess]
            assert "<b>" not in mail.get_body(("html",)).get_content()  # pyright: ignore[reportOptionalMemberAccess]
            await settled(database)
            await dataset(database, place, "Later", made=OLD)
            await regular.switch_off(Due(T))
            await regular.notify(Due(T + timedelta(days=7)))
            await until(lambda: len(server.mails) == 2)
            assert "Recipes" not in server.mails[1].get_body(("plain",)).get_content()  # pyright: ignore[reportOptionalMemberAccess]
        finally:
            await running.close()
    await database.close()


async def test_vectors_are_forgotten_by_age(tmp_path: Path) -> None:
    database = Database(await migrated_url("sqlite", tmp_path))
    async with database.write() as session:
        for number in range(250):
            made = OLD if number < 230 else NEW
            session.add(
                StoredEmbedding(
                    tenant_id="t",
                    provider_name="p",
                    model_name="m",
                    hash=f"{number:064}",
                    embedding=b"\0\0\0\0",
                    created_at=made,
                )
            )
    _, regular = upkeep(database)
    await regular.forget_embeddings(Due(T))
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(StoredEmbedding)) == 20
    await database.close()


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not met():
            await asyncio.sleep(0.02)


async def settled(database: Database) -> None:
    """Until no note is open."""
    async with asyncio.timeout(60):
        while True:
            async with database.read() as session:
                if not await session.scalar(select(func.count()).where(AutoDisableLog.notified.is_(False))):
                    return
            await asyncio.sleep(0.02)
