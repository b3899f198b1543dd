"""Showing a form to whoever holds a token of it, and taking the answer (workflow.md 6.5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Literal, TypeAlias

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.files.protocol import FileValues
from orrery.apps.forms import store
from orrery.apps.forms.answer_files import has_files, with_files
from orrery.apps.forms.definition import TRIAL_PLACE, OpenForm, open_form
from orrery.apps.forms.errors import (
    FormExpired,
    FormNotFound,
    FormRecipientInvalid,
    FormSubmitted,
    InvalidFormData,
)
from orrery.apps.forms.tables import HumanInputForm, HumanInputRecipient
from orrery.apps.forms.tokens import FormTokens
from orrery.apps.runs import pauses
from orrery.apps.runs.spec import RunUser
from orrery.apps.runs.tables import WorkflowRun
from orrery.database.engine import Database
from orrery.workflow.nodes.human_input_answer import InvalidFormAnswer, check_answer

Door: TypeAlias = Literal["web", "service", "console"]
"""Where a token is used: a form's page, the Service API, the console."""

_TYPES: Mapping[Door, frozenset[str]] = {
    "web": frozenset({"standalone_web_app", "backstage", "email_member", "email_external"}),
    "service": frozenset({"standalone_web_app"}),
    "console": frozenset({"console", "backstage"}),
}


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """The door, and what its caller may reach: an app of the Service API, a workspace of the console."""

    door: Door
    app_id: str | None = None
    workspace_id: str | None = None


class Answer(msgspec.Struct, frozen=True):
    """What somebody sent. ``user`` is known except at a form's own page."""

    action_id: str
    inputs: Mapping[str, object]
    user: RunUser | None = None


class FormAnswers:
    """Shows and takes. ``resume`` goes on with a run that was woken, as soon as this process can."""

    def __init__(
        self, database: Database, tokens: FormTokens, files: FileValues, resume: Callable[[str], Awaitable[None]]
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._files = files
        self._resume = resume

    async def show(self, place: Place, token: str) -> OpenForm:
        """A form that waits. Raises `FormNotFound`, `FormSubmitted`, `FormExpired`."""
        return open_form((await self._waiting(place, token))[0])

    async def recipient_of(self, place: Place, token: str) -> str:
        """The recipient that a token of a waiting form stands for. Raises as `show`."""
        return (await self._waiting(place, token))[1].id

    async def _waiting(self, place: Place, token: str) -> tuple[HumanInputForm, HumanInputRecipient]:
        form, recipient = await self._find(place, token)
        if recipient.type not in _TYPES[place.door]:
            raise FormNotFound
        await self._check_open(form)
        return form, recipient

    async def submit(self, place: Place, token: str, answer: Answer) -> None:
        """Takes the first valid answer and wakes the run, in one transaction.

        Raises `FormNotFound`, `FormRecipientInvalid`, `FormSubmitted`, `FormExpired`, `InvalidFormData`.
        """
        form, recipient = await self._find(place, token)
        if recipient.type not in _TYPES[place.door]:
            raise FormRecipientInvalid if place.door == "service" else FormNotFound
        await self._check_open(form)
        values = await self._checked(open_form(form), answer)
        if await self._close(form, recipient, answer, values):
            await self._resume(form.workflow_run_id)

    async def _check_open(self, form: HumanInputForm) -> None:
        _check_waiting(form)
        if form.place == TRIAL_PLACE:
            return
        async with self._database.read() as session:
            run = await session.get(WorkflowRun, form.workflow_run_id)
        if run is None or run.status not in {"running", "paused"}:
            raise FormExpired(form.id)

    async def _find(self, place: Place, token: str) -> tuple[HumanInputForm, HumanInputRecipient]:
        async with self._database.read() as session:
            found = await store.by_token(session, self._tokens.hash_of(token))
        if found is None or _foreign(place, found[0]):
            raise FormNotFound
        return found

    async def _checked(self, form: OpenForm, answer: Answer) -> dict[str, object]:
        try:
            given = await self._with_files(form, answer)
            return check_answer(form.request(), answer.action_id, given)
        except (InvalidFormAnswer, ValueError) as error:
            raise InvalidFormData(str(error)) from error

    async def _with_files(self, form: OpenForm, answer: Answer) -> Mapping[str, object]:
        """The inputs with file values in file fields. Files are the run's user's, whoever fills in the form."""
        fields, user = form.definition.inputs, answer.user
        if not has_files(fields):
            return answer.inputs
        owner = user if user is not None and user.role == "account" else await self._owner(form)
        return await with_files(self._files, form.workspace_id, owner, fields, answer.inputs)

    async def _owner(self, form: OpenForm) -> RunUser:
        async with self._database.read() as session:
            user = await run_user(session, form.run_id)
        if user is None:
            raise FormExpired(form.id)
        return user

    async def _close(
        self, form: HumanInputForm, recipient: HumanInputRecipient, answer: Answer, values: Mapping[str, object]
    ) -> bool:
        """Whether the run was paused and is to go on. Raises `FormSubmitted`, `FormExpired` for who comes second."""
        now, user = datetime.now(UTC), answer.user
        async with self._database.write() as session:
            await pauses.hold(session, form.workflow_run_id)
            closed = await store.close(
                session,
                form.id,
                "submitted",
                {
                    "action_id": answer.action_id,
                    "values": values,
                    "answered_by": recipient.id,
                    "answered_by_role": None if user is None else user.role,
                    "answered_by_user": recipient.account_id if user is None else user.id,
                    "ended_at": now,
                },
            )
            if closed:
                woken = await pauses.wake(session, form.workflow_run_id)
                if woken:
                    await store.mark_woken(session, form.workflow_run_id, now)
                return woken
        async with self._database.read() as session:
            current = await session.get(HumanInputForm, form.id)
        if current is None:
            raise FormNotFound
        _check_waiting(current)
        raise FormExpired(form.id)


async def run_user(session: AsyncSession, run_id: str) -> RunUser | None:
    """Whoever started a run, as the owner of its files."""
    run = await session.get(WorkflowRun, run_id)
    if run is None:
        return None
    role: Literal["account", "end_user"] = "account" if run.created_by_role == "account" else "end_user"
    return RunUser(role, run.created_by, "")


def _foreign(place: Place, form: HumanInputForm) -> bool:
    if place.app_id is not None and form.app_id != place.app_id:
        return True
    return place.workspace_id is not None and form.tenant_id != place.workspace_id


def _check_waiting(form: HumanInputForm) -> None:
    if form.status == "submitted":
        raise FormSubmitted(form.id)
    if form.status != "waiting" or form.ends_at <= datetime.now(UTC):
        raise FormExpired(form.id)
