"""Sending the mails of forms, as a durable job for each form (queue ``mail``)."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import msgspec

from orrery.apps.forms import store
from orrery.apps.forms.mails import form_mail
from orrery.apps.forms.tables import HumanInputForm, HumanInputRecipient
from orrery.apps.forms.tokens import FormTokens
from orrery.apps.forms.waking import FormWaking
from orrery.database.engine import Database
from orrery.jobs.attempt import Attempt
from orrery.jobs.declaration import Due, Handler, job, scheduled
from orrery.jobs.errors import TryAgain
from orrery.jobs.outbox import JobOutbox
from orrery.mail.protocol import MailRefused, MailTransport, MailUnavailable

_log = logging.getLogger(__name__)

_RETRY_SECONDS = 60.0
_UNTOLD = timedelta(seconds=30)
"""How long a mail may wait without a job before somebody looks after it: its process died on the way."""
NO_SERVICE = "No mail service is set up: set MAIL_TYPE and the values that it needs."


class SendFormMails(msgspec.Struct, frozen=True):
    """The mails of one form."""

    form_id: str


class FormMails(msgspec.Struct, frozen=True, kw_only=True):
    """How mails are sent: ``base`` is the address of published apps, without a slash at its end."""

    database: Database
    tokens: FormTokens
    transport: MailTransport | None
    base: str

    def url_of(self, token: str) -> str:
        """Where a form is opened."""
        return f"{self.base}/form/{token}"


class FormJobs:
    """The room's jobs."""

    def __init__(self, mails: FormMails, waking: FormWaking, outbox: JobOutbox) -> None:
        self._mails = mails
        self._waking = waking
        self._outbox = outbox

    def declared(self) -> tuple[Handler, ...]:
        """For the catalog."""
        return (self.send, self.end_overdue)

    async def enqueue_mails(self, run_id: str) -> None:
        """Has the mails of a run's forms sent."""
        async with self._mails.database.read() as session:
            forms = await store.forms_to_mail(session, run_id=run_id)
        for form_id in forms:
            await self._outbox.enqueue_now(SendFormMails(form_id), key=form_id)

    @scheduled(cron="*/{HUMAN_INPUT_TIMEOUT_TASK_INTERVAL} * * * *", switch="ENABLE_HUMAN_INPUT_TIMEOUT_TASK")
    @job("human_input_form_timeout", queue="schedule_executor", retries=0, timeout=600.0)
    async def end_overdue(self, due: Due) -> None:
        """Ends forms whose time is over, and makes up for what a process that died left undone."""
        await self._waking.end_overdue()
        await self._waking.wake_answered()
        async with self._mails.database.read() as session:
            forms = await store.forms_to_mail(session, before=datetime.now(UTC) - _UNTOLD)
        for form_id in forms:
            await self._outbox.enqueue_now(SendFormMails(form_id), key=form_id)

    @job("send_human_input_mails", queue="mail", retries=10, timeout=600.0)
    async def send(self, wanted: SendFormMails, attempt: Attempt) -> None:
        """Sends what is still to be sent of a form's mails; one that the service refuses is not tried again."""
        async with self._mails.database.read() as session:
            form = await session.get(HumanInputForm, wanted.form_id)
            recipients = await store.mails_to_send(session, wanted.form_id)
        later: MailUnavailable | None = None
        for recipient in recipients:
            try:
                error = await self._send(form, recipient)
            except MailUnavailable as unavailable:
                later = unavailable
                if not attempt.last:
                    continue
                error = str(unavailable)
            await self._note(recipient.id, error)
        if later is not None and not attempt.last:
            raise TryAgain(str(later), after=_RETRY_SECONDS)

    async def _send(self, form: HumanInputForm | None, recipient: HumanInputRecipient) -> str | None:
        """What went wrong for good, None when the mail is out. Raises `MailUnavailable`."""
        if form is None or form.status != "waiting":
            return "The form waits no longer."
        if self._mails.transport is None:
            return NO_SERVICE
        url = self._mails.url_of(self._mails.tokens.of(recipient.id))
        try:
            await self._mails.transport.send(form_mail(recipient.email or "", recipient.mail, url))
        except MailRefused as refused:
            _log.warning("a mail of form %s was refused: %s", form.id, refused)
            return str(refused)
        return None

    async def _note(self, recipient_id: str, error: str | None) -> None:
        async with self._mails.database.write() as session:
            delivery = "sent" if error is None else "failed"
            await store.set_delivery(session, recipient_id, delivery, error=error, now=datetime.now(UTC))
