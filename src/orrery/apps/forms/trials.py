"""Forms of drafts, tried while an app is made: looked at, answered in the place of a person, sent as a mail."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from orrery.apps.catalog.tables import App
from orrery.apps.files.protocol import FileValues
from orrery.apps.forms import store
from orrery.apps.forms.answer_files import with_files
from orrery.apps.forms.definition import TRIAL_PLACE, definition_of
from orrery.apps.forms.delivery import NO_SERVICE, FormMails
from orrery.apps.forms.errors import InvalidFormData
from orrery.apps.forms.mails import form_mail
from orrery.apps.forms.recipients import Recipient, audience
from orrery.apps.forms.tables import HumanInputForm, HumanInputRecipient
from orrery.apps.runs.single_step import SingleSteps, StepInputs
from orrery.apps.runs.spec import RunUser
from orrery.apps.runs.tables import NodeExecution
from orrery.apps.runs.versions import AppVersion
from orrery.database.ids import new_id
from orrery.errors import BadRequest, InvalidParam, NotFound
from orrery.mail.protocol import MailRefused, MailUnavailable
from orrery.workflow.nodes.human_input_answer import check_answer
from orrery.workflow.nodes.human_input_forms import Form, FormRequest

_TRIAL_SECONDS = 3600


class DraftNode(msgspec.Struct, frozen=True, kw_only=True):
    """A human-input node of a draft, and who tries it with which values of the variables that it reads."""

    app: App
    version: AppVersion
    user: RunUser
    node_id: str
    inputs: Mapping[str, object]


class AnsweredForm:
    """Implements `HumanForms` for one node: its form is answered as soon as it is opened."""

    def __init__(self, action_id: str, values: Mapping[str, object]) -> None:
        self._action_id = action_id
        self._values = values

    async def find(self, place: str) -> Form | None:
        """There is none before it is opened."""
        return None

    async def open(self, request: FormRequest) -> Form:
        """The form with its answer."""
        return Form(id=new_id(), request=request, status="submitted", action_id=self._action_id, values=self._values)


class FormTrials:
    """Use cases of the editor. Each raises `NotFound` for an unknown node and `InvalidParam` for one of another kind."""

    def __init__(self, steps: SingleSteps, files: FileValues, mails: FormMails) -> None:
        self._steps = steps
        self._files = files
        self._mails = mails

    async def preview(self, node: DraftNode) -> FormRequest:
        """The form as people would see it; nothing is opened."""
        inputs = StepInputs(values=node.inputs)
        return await self._steps.form(node.app, node.version, node.user, node.node_id, inputs, now=time.time())

    async def answer(self, node: DraftNode, action_id: str, values: Mapping[str, object]) -> NodeExecution:
        """Runs the node with an answer, as a single step. Raises `InvalidFormData`."""
        form = await self.preview(node)
        try:
            given = await with_files(self._files, node.app.tenant_id, node.user, form.inputs, values)
            checked = check_answer(form, action_id, given)
        except ValueError as error:
            raise InvalidFormData(str(error)) from error
        forms = AnsweredForm(action_id, checked)
        inputs = StepInputs(values=node.inputs)
        return await self._steps.run(node.app, node.version, node.user, node.node_id, inputs, forms=forms)

    async def send(self, node: DraftNode, method_id: str) -> None:
        """Sends the mails of a delivery method as a debug run would, with a link to a form that belongs to no run.

        Raises `InvalidParam` for a method that is no mail, `BadRequest` when no mail can be sent.
        """
        form = await self.preview(node)
        method = next((m for m in form.delivery_methods if m.get("id") == method_id), None)
        if method is None:
            raise NotFound("Delivery method not found.")
        if method.get("type") != "email":
            raise InvalidParam("Only delivery by mail can be tested.", params="delivery_method_id")
        transport = self._mails.transport
        if transport is None:
            raise BadRequest(NO_SERVICE)
        async with self._mails.database.read() as session:
            members = await store.members(session, node.app.tenant_id)
        asked = audience([{**method, "enabled": True}], "debugger", node.user, members)
        people = [one for one in asked.recipients if one.mail is not None]
        if not people:
            raise BadRequest("The delivery method names nobody: add recipients to it.")
        for person, token in await self._open(node, form, people):
            try:
                await transport.send(form_mail(person.email or "", person.mail, self._mails.url_of(token)))
            except (MailRefused, MailUnavailable) as error:
                raise BadRequest(f"The mail to {person.email} can't be sent: {error}") from error

    async def _open(self, node: DraftNode, form: FormRequest, people: list[Recipient]) -> list[tuple[Recipient, str]]:
        now, tokens = datetime.now(UTC), self._mails.tokens
        row = HumanInputForm(
            id=new_id(),
            tenant_id=node.app.tenant_id,
            app_id=node.app.id,
            workflow_run_id=new_id(),
            node_id=node.node_id,
            place=TRIAL_PLACE,
            definition=definition_of(form),
            status="waiting",
            ends_at=now + timedelta(seconds=_TRIAL_SECONDS),
        )
        opened: list[tuple[Recipient, str]] = []
        async with self._mails.database.write() as session:
            session.add(row)
            await session.flush()
            for person in people:
                recipient_id = new_id()
                token = tokens.of(recipient_id)
                session.add(
                    HumanInputRecipient(
                        id=recipient_id,
                        form_id=row.id,
                        type=person.type,
                        token_hash=tokens.hash_of(token),
                        method_id=person.method_id,
                        account_id=person.account_id,
                        email=person.email,
                        mail=person.mail,
                        delivery="sent",
                        sent_at=now,
                    )
                )
                opened.append((person, token))
        return opened
