"""Telling operators when documents queue up faster than workers index them (deployment.md 3.5, ``queue_monitor_task``)."""

from __future__ import annotations

import html
import logging
from collections import Counter
from collections.abc import Sequence

import msgspec

from orrery.database.engine import Database
from orrery.jobs.attempt import Attempt
from orrery.jobs.declaration import Due, Handler, job, scheduled
from orrery.jobs.errors import TryAgain
from orrery.jobs.inspection import JobInspection
from orrery.jobs.outbox import JobOutbox
from orrery.mail.protocol import MailMessage, MailRefused, MailTransport, MailUnavailable

_log = logging.getLogger(__name__)

WATCHED = ("dataset", "priority_dataset")
"""The contract looks at the first only; without plans of payment every document goes through the second."""
_RETRY_SECONDS = 60.0


class Watching(msgspec.Struct, frozen=True, kw_only=True):
    """``threshold``: waiting jobs of one queue from which on everybody at ``addresses`` is told."""

    threshold: int
    addresses: tuple[str, ...]


class FullQueue(msgspec.Struct, frozen=True):
    """A queue with too many jobs that wait."""

    queue: str
    waiting: int


class QueueAlert(msgspec.Struct, frozen=True):
    """One mail to one address. A job of its own, so that a service that is away delays nobody else's."""

    to: str
    queues: tuple[FullQueue, ...]
    threshold: int


class QueueWatch:
    """Looks at the queues of documents. ``mail`` is None where no service is set up: then the log alone tells."""

    def __init__(
        self,
        database: Database,
        inspection: JobInspection,
        outbox: JobOutbox,
        mail: MailTransport | None,
        watching: Watching,
    ) -> None:
        self._database = database
        self._inspection = inspection
        self._outbox = outbox
        self._mail = mail
        self._watching = watching

    def declared(self) -> tuple[Handler, ...]:
        """For the catalog."""
        return (self.look, self.tell)

    @scheduled(cron="*/{QUEUE_MONITOR_INTERVAL} * * * *", switch="ENABLE_DATASETS_QUEUE_MONITOR")
    @job("queue_monitor_task", queue="monitor", retries=1, timeout=60.0)
    async def look(self, due: Due) -> None:
        """Tells of every queue that has reached the threshold; once for each due time and address."""
        waiting: Counter[str] = Counter()
        for count in await self._inspection.counts():
            # Most documents of a workspace with many are held until the others of it are done.
            if count.queue in WATCHED and count.status in ("waiting", "held"):
                waiting[count.queue] += count.number
        full = tuple(FullQueue(*one) for one in waiting.items() if one[1] >= self._watching.threshold)
        if not full:
            return
        _log.warning("too many jobs wait: %s", _listed(full))
        if self._mail is None:
            return
        async with self._database.write() as session:
            for address in self._watching.addresses:
                alert = QueueAlert(address, full, self._watching.threshold)
                await self._outbox.enqueue(session, alert, key=f"{due.due_at.isoformat()} {address}")

    @job("send_queue_alert", queue="mail", retries=5, timeout=120.0)
    async def tell(self, alert: QueueAlert, attempt: Attempt) -> None:
        """Sends one alert; an address that the service refuses is not tried again."""
        if self._mail is None:
            return
        try:
            await self._mail.send(alert_mail(alert))
        except MailRefused as refused:
            _log.warning("the alert to %s was refused: %s", alert.to, refused)
        except MailUnavailable as unavailable:
            raise TryAgain(str(unavailable), after=_RETRY_SECONDS) from unavailable


def alert_mail(alert: QueueAlert) -> MailMessage:
    """What is told, and what to do about it."""
    subject = f"Orrery: {_listed(alert.queues)}"
    text = (
        f"Documents wait to be indexed: {_listed(alert.queues)}; you asked to be told from {alert.threshold} on "
        "(QUEUE_MONITOR_THRESHOLD).\n\nStart another worker, or give the present ones more places "
        "(CELERY_WORKER_AMOUNT). The System page of the console lists jobs that failed, with their reasons."
    )
    body = "".join(f"<p>{html.escape(part)}</p>" for part in text.split("\n\n"))
    return MailMessage(to=alert.to, subject=subject, text=text, html=f"<!doctype html><html><body>{body}</body></html>")


def _listed(full: Sequence[FullQueue]) -> str:
    return ", ".join(f"{one.waiting} jobs in {one.queue}" for one in full)
