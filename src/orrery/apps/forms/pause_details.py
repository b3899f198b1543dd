"""What a paused run waits for, as the console shows it, and what its forms said, as messages show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from orrery.apps.forms import store
from orrery.apps.forms.definition import open_form
from orrery.apps.forms.delivery import FormMails
from orrery.apps.runs import pauses
from orrery.workflow.nodes.human_input_content import filled

JsonObject = dict[str, object]


class WaitingForm(msgspec.Struct, frozen=True):
    """A form that a run waits for; ``url`` is where the people who run the app may answer it."""

    form_id: str
    node_id: str
    node_title: str
    url: str


class PauseDetails:
    """Reads; runs and messages are the caller's to check."""

    def __init__(self, mails: FormMails) -> None:
        self._mails = mails

    async def of_run(self, run_id: str) -> tuple[datetime | None, list[WaitingForm]]:
        """When the run paused, if it waits, and for which forms."""
        async with self._mails.database.read() as session:
            pause = await pauses.latest(session, run_id)
            if pause is None or pause.resumed_at is not None:
                return None, []
            forms = [form for form in await store.of_runs(session, [run_id]) if form.status == "waiting"]
            recipients = await store.recipients_of(session, [form.id for form in forms], "backstage")
        waiting: list[WaitingForm] = []
        for form in map(open_form, forms):
            recipient_id = recipients.get(form.id)
            url = "" if recipient_id is None else self._mails.url_of(self._mails.tokens.of(recipient_id))
            waiting.append(WaitingForm(form.id, form.node_id, form.definition.node_title, url))
        return pause.paused_at, waiting

    async def contents(self, run_ids: Sequence[str]) -> Mapping[str, list[JsonObject]]:
        """``extra_contents`` of messages, by run: each form, and its answer once it has one."""
        if not run_ids:
            return {}
        async with self._mails.database.read() as session:
            rows = await store.of_runs(session, run_ids)
            shown = await store.recipients_of(session, [row.id for row in rows], *store.SHOWN_TYPES)
        found: dict[str, list[JsonObject]] = {}
        for form in map(open_form, rows):
            definition, token_of = form.definition, shown.get(form.id)
            title = next((a.get("title") for a in definition.actions if a.get("id") == form.action_id), "")
            answer: JsonObject = {
                "node_id": form.node_id,
                "node_title": definition.node_title,
                "rendered_content": filled(definition.content, form.values),
                "action_id": form.action_id,
                "action_text": title,
            }
            asked: JsonObject = {
                "form_id": form.id,
                "node_id": form.node_id,
                "node_title": definition.node_title,
                "form_content": definition.content,
                "inputs": list(definition.inputs),
                "actions": list(definition.actions),
                "display_in_ui": form.display_in_ui,
                "form_token": None if token_of is None else self._mails.tokens.of(token_of),
                "resolved_default_values": dict(definition.resolved_defaults),
                "expiration_time": int(definition.timeout_at),
            }
            found.setdefault(form.run_id, []).append(
                {
                    "workflow_run_id": form.run_id,
                    "submitted": form.status == "submitted",
                    "type": "human_input",
                    "form_definition": asked if form.status != "submitted" else None,
                    "form_submission_data": answer if form.status == "submitted" else None,
                }
            )
        return found
