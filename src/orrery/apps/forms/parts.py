"""The services of this room, built once from what they need."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from orrery.apps.files.protocol import FileValues
from orrery.apps.forms.answering import FormAnswers
from orrery.apps.forms.attending import FormAttending, PauseNews
from orrery.apps.forms.delivery import FormJobs, FormMails
from orrery.apps.forms.pause_details import PauseDetails
from orrery.apps.forms.rate import FormRate
from orrery.apps.forms.tokens import FormTokens
from orrery.apps.forms.trials import FormTrials
from orrery.apps.forms.uploading import FormUploads
from orrery.apps.forms.waking import FormWaking
from orrery.apps.runs.single_step import SingleSteps
from orrery.database.engine import Database
from orrery.jobs.outbox import JobOutbox
from orrery.mail.protocol import MailTransport


class FormNeeds(msgspec.Struct, frozen=True, kw_only=True):
    """What the room is built from. ``resume`` goes on with a run that was woken; ``base`` is where forms are opened."""

    database: Database
    tokens: FormTokens
    files: FileValues
    resume: Callable[[str], Awaitable[None]]
    outbox: JobOutbox
    transport: MailTransport | None
    base: str
    news: PauseNews
    rate: FormRate
    steps: SingleSteps


class Forms(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the services; `build` makes them and opens nothing."""

    tokens: FormTokens
    rate: FormRate
    answers: FormAnswers
    uploads: FormUploads
    waking: FormWaking
    mails: FormMails
    jobs: FormJobs
    attending: FormAttending
    trials: FormTrials
    details: PauseDetails

    @classmethod
    def build(cls, needs: FormNeeds) -> Forms:
        """The services."""
        waking = FormWaking(needs.database, needs.resume)
        mails = FormMails(
            database=needs.database,
            tokens=needs.tokens,
            transport=needs.transport,
            base=needs.base.rstrip("/"),
        )
        answers = FormAnswers(needs.database, needs.tokens, needs.files, needs.resume)
        jobs = FormJobs(mails, waking, needs.outbox)
        return cls(
            tokens=needs.tokens,
            rate=needs.rate,
            answers=answers,
            uploads=FormUploads(needs.database, needs.tokens, answers),
            waking=waking,
            mails=mails,
            jobs=jobs,
            attending=FormAttending(needs.news, waking, jobs),
            trials=FormTrials(needs.steps, needs.files, mails),
            details=PauseDetails(mails),
        )
