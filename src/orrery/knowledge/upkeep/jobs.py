"""The regular jobs of knowledge bases, each behind its switch (deployment.md 3.5)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import delete, select

from orrery.database.engine import Database
from orrery.jobs.attempt import Attempt
from orrery.jobs.declaration import Due, Handler, job, scheduled
from orrery.jobs.errors import TryAgain
from orrery.jobs.outbox import JobOutbox
from orrery.knowledge.index.tables import StoredEmbedding
from orrery.knowledge.upkeep.notices import notice_for, notice_mail, settle, workspaces_to_tell
from orrery.knowledge.upkeep.unused import switch_off_unused
from orrery.mail.protocol import MailRefused, MailTransport, MailUnavailable

_log = logging.getLogger(__name__)

_BATCH = 100
_RETRY_SECONDS = 60.0


class TellOwner(msgspec.Struct, frozen=True):
    """Tell a workspace's owner which documents were switched off."""

    workspace_id: str


class UpkeepJobs:
    """``days`` without use after which vectors are forgotten and datasets count as unused.

    ``mail`` is None where no mail service is set up: then nobody is told, and the notes wait for one.
    """

    def __init__(
        self,
        database: Database,
        outbox: JobOutbox,
        mail: MailTransport | None,
        days: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._mail = mail
        self._days = days
        self._now = now

    def declared(self) -> tuple[Handler, ...]:
        """For the catalog."""
        return (self.forget_embeddings, self.switch_off, self.notify, self.tell)

    @scheduled(cron="0 2 */{CELERY_BEAT_SCHEDULER_TIME} * *", switch="ENABLE_CLEAN_EMBEDDING_CACHE_TASK")
    @job("clean_embedding_cache_task", queue="dataset", retries=1, timeout=6 * 3600.0)
    async def forget_embeddings(self, due: Due) -> None:
        """Remembered vectors of texts older than PLAN_SANDBOX_CLEAN_DAY_SETTING days; indexes keep theirs."""
        old = StoredEmbedding.created_at < self._limit(due)
        while True:
            async with self._database.write() as session:
                ids = list(await session.scalars(select(StoredEmbedding.id).where(old).limit(_BATCH)))
                if not ids:
                    return
                await session.execute(delete(StoredEmbedding).where(StoredEmbedding.id.in_(ids)))

    @scheduled(cron="0 3 */{CELERY_BEAT_SCHEDULER_TIME} * *", switch="ENABLE_CLEAN_UNUSED_DATASETS_TASK")
    @job("clean_unused_datasets_task", queue="dataset", retries=1, timeout=6 * 3600.0)
    async def switch_off(self, due: Due) -> None:
        """Documents of datasets that nobody asked or changed for as many days."""
        number = await switch_off_unused(self._database, self._limit(due), self._now())
        if number:
            _log.info("%d documents of unused datasets were switched off", number)

    @scheduled(cron="0 10 * * 1", switch="ENABLE_MAIL_CLEAN_DOCUMENT_NOTIFY_TASK")
    @job("mail_clean_document_notify_task", queue="dataset", retries=1, timeout=600.0)
    async def notify(self, due: Due) -> None:
        """Has each owner told, by a job of its own."""
        if self._mail is None:
            _log.warning("documents were switched off, but no mail service is set up: set MAIL_TYPE and its values")
            return
        async with self._database.write() as session:
            for workspace_id in await workspaces_to_tell(session):
                key = f"{due.due_at.isoformat()} {workspace_id}"
                await self._outbox.enqueue(session, TellOwner(workspace_id), key=key)

    @job("send_clean_document_notify", queue="mail", retries=5, timeout=120.0)
    async def tell(self, wanted: TellOwner, attempt: Attempt) -> None:
        """Sends one mail, then settles its notes; an address that the service refuses is not tried again."""
        async with self._database.read() as session:
            notice = await notice_for(session, wanted.workspace_id)
        if notice is None or self._mail is None:
            return
        try:
            await self._mail.send(notice_mail(notice, self._days))
        except MailUnavailable as unavailable:
            raise TryAgain(str(unavailable), after=_RETRY_SECONDS) from unavailable
        except MailRefused as refused:
            _log.warning(
                "the mail about unused documents of workspace %s was refused: %s", wanted.workspace_id, refused
            )
        async with self._database.write() as session:
            await settle(session, notice.logs)

    def _limit(self, due: Due) -> datetime:
        return due.due_at - timedelta(days=self._days)
