"""Operators are told when too many documents wait, once for each look and address."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from tests.support.mail_server import mail_server
from tests.support.migrated import migrated_url

from orrery.database import Database
from orrery.jobs import Due, EmbeddedJobs, JobNeeds, Jobs, RunnerLimits, Wake, job
from orrery.mail.smtp import SmtpServer, SmtpTransport
from orrery.operations.queue_watch import QueueWatch, Watching

T = datetime(2024, 6, 1, tzinfo=UTC)


class Document(msgspec.Struct, frozen=True):
    number: int
    tenant_id: str = "t"


class Indexing:
    @job("index", queue="priority_dataset", tenant="tenant_id")
    async def index(self, document: Document) -> None:
        raise AssertionError("not in this test")


def watched(database: Database, transport: SmtpTransport | None, *, on: bool) -> tuple[Jobs[Wake], QueueWatch]:
    settings = {"ENABLE_DATASETS_QUEUE_MONITOR": on, "QUEUE_MONITOR_INTERVAL": 30}
    jobs = Jobs.build(JobNeeds(database=database, announcer=Wake(), owner="test", settings=settings))
    watching = Watching(threshold=3, addresses=("ann@example.com", "bob@example.com"))
    watch = QueueWatch(database, jobs.inspection, jobs.outbox, transport, watching)
    jobs.catalog.add([*watch.declared(), Indexing().index])
    return jobs, watch


def scheduled_names(jobs: Jobs[Wake]) -> list[str]:
    return [schedule.job.declaration.name for schedule in jobs.catalog.schedules]


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not met():
            await asyncio.sleep(0.02)


async def test_everybody_is_told_once_for_each_look(tmp_path: Path) -> None:
    database = Database(await migrated_url("sqlite", tmp_path))
    with mail_server() as server:
        transport = SmtpTransport(SmtpServer(host="127.0.0.1", port=server.port, sender="no@example.com", tls="none"))
        jobs, watch = watched(database, transport, on=True)
        await jobs.outbox.enqueue_now(Document(1))
        await jobs.outbox.enqueue_now(Document(2))
        await watch.look(Due(T))
        assert {count.queue for count in await jobs.inspection.counts()} == {"priority_dataset"}, "two are not too many"
        await jobs.outbox.enqueue_now(Document(3))
        await watch.look(Due(T))
        await watch.look(Due(T))  # a worker that died after the first look is followed by another
        running = EmbeddedJobs(jobs, RunnerLimits(poll=0.2), queues=("mail",), schedules=False)
        await running.start()
        try:
            await until(lambda: len(server.mails) == 2)
            assert sorted(str(mail["To"]) for mail in server.mails) == ["ann@example.com", "bob@example.com"]
            assert "3 jobs in priority_dataset" in str(server.mails[0]["Subject"])
            server.refused.add("bob@example.com")
            await watch.look(Due(T + timedelta(minutes=30)))
            await until(lambda: len(server.mails) == 3)
        finally:
            await running.close()
    await database.close()


async def test_it_is_a_schedule_where_it_is_switched_on_and_needs_no_mail(tmp_path: Path) -> None:
    database = Database(await migrated_url("sqlite", tmp_path))
    off, _ = watched(database, None, on=False)
    assert "queue_monitor_task" not in scheduled_names(off)
    jobs, watch = watched(database, None, on=True)
    assert "queue_monitor_task" in scheduled_names(jobs)
    for number in range(3):
        await jobs.outbox.enqueue_now(Document(number))
    await watch.look(Due(T))
    counts = await jobs.inspection.counts()
    assert {(count.status, count.number) for count in counts} == {("waiting", 1), ("held", 2)}, "nobody is written to"
    await database.close()
