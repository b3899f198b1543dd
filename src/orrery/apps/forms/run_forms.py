"""The forms of one run, for its human-input nodes: what they open is written with the run's own rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from orrery.apps.forms import store
from orrery.apps.forms.definition import definition_of, open_form, place_key
from orrery.apps.forms.recipients import Audience, Recipient, asks_members, audience
from orrery.apps.forms.tokens import FormTokens
from orrery.apps.runs import statements
from orrery.apps.runs.spec import RunSpec
from orrery.database.batch_writer import Entry
from orrery.database.engine import Database
from orrery.database.ids import new_id
from orrery.workflow.nodes.human_input_forms import Form, FormRequest, HumanForms

Write = Callable[[Sequence[Entry]], None]


class FormOpening(msgspec.Struct, frozen=True):
    """What all runs' forms share. ``deadline``: seconds after which no form waits any longer, whatever its node says."""

    database: Database
    tokens: FormTokens
    deadline: float

    def of_run(self, spec: RunSpec, write: Write) -> HumanForms:
        """The forms of a run whose recorder takes rows through ``write``."""
        return RunForms(self, spec, write)


class RunForms:
    """Implements `HumanForms`. A form that was opened here is known before its rows are durable."""

    def __init__(self, opening: FormOpening, spec: RunSpec, write: Write) -> None:
        self._opening = opening
        self._spec = spec
        self._write = write
        self._opened: dict[str, Form] = {}

    async def find(self, place: str) -> Form | None:
        """The form that this run opened at a place."""
        opened = self._opened.get(place)
        if opened is not None:
            return opened
        async with self._opening.database.read() as session:
            row = await store.at_place(session, self._spec.run_id, place_key(place))
            if row is None:
                return None
            shown = await store.shown_recipient(session, row.id)
        return open_form(row).as_engine(None if shown is None else self._opening.tokens.of(shown))

    async def open(self, request: FormRequest) -> Form:
        """Stores a form; its rows go into the same commit as the event that tells of it."""
        known = await self.find(request.place)
        if known is not None:
            return known
        asked = await self._audience(request)
        form_id, now = new_id(), datetime.now(UTC)
        ids = [new_id() for _ in asked.recipients]
        self._write(
            [
                (statements.INSERT_FORM, self._form_row(form_id, request, asked, now)),
                *(
                    (statements.INSERT_RECIPIENT, self._recipient_row(i, form_id, one, now))
                    for i, one in zip(ids, asked.recipients, strict=True)
                ),
            ]
        )
        token = None if asked.shown is None else self._opening.tokens.of(ids[asked.shown])
        form = Form(id=form_id, request=request, token=token, display_in_ui=asked.display_in_ui)
        self._opened[request.place] = form
        return form

    async def _audience(self, request: FormRequest) -> Audience:
        spec = self._spec
        members = []
        if asks_members(request.delivery_methods):
            async with self._opening.database.read() as session:
                members = await store.members(session, spec.workspace_id)
        return audience(request.delivery_methods, spec.invoke_from, spec.user, members)

    def _form_row(self, form_id: str, request: FormRequest, asked: Audience, now: datetime) -> dict[str, object]:
        spec = self._spec
        ends_at = min(datetime.fromtimestamp(request.expires_at, UTC), now + timedelta(seconds=self._opening.deadline))
        return {
            "id": form_id,
            "tenant_id": spec.workspace_id,
            "app_id": spec.app_id,
            "workflow_run_id": spec.run_id,
            "node_id": request.node_id,
            "place": place_key(request.place),
            "definition": definition_of(request),
            "display_in_ui": asked.display_in_ui,
            "status": "waiting",
            "ends_at": ends_at,
            "action_id": None,
            "values": None,
            "answered_by": None,
            "answered_by_role": None,
            "answered_by_user": None,
            "ended_at": None,
            "woken_at": None,
            "created_at": now,
        }

    def _recipient_row(self, recipient_id: str, form_id: str, one: Recipient, now: datetime) -> dict[str, object]:
        tokens = self._opening.tokens
        return {
            "id": recipient_id,
            "form_id": form_id,
            "type": one.type,
            "token_hash": tokens.hash_of(tokens.of(recipient_id)),
            "method_id": one.method_id,
            "account_id": one.account_id,
            "email": one.email,
            "mail": one.mail,
            "delivery": "pending" if one.mail is not None else None,
            "error": None,
            "sent_at": None,
            "created_at": now,
        }
