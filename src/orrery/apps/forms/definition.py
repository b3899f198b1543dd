"""A form as it was opened: what its row keeps, and how the engine's words and the wire's are made of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from orrery.apps.forms.tables import HumanInputForm
from orrery.workflow.nodes.human_input_forms import Form, FormRequest, FormStatus

_LONGEST_PLACE = 255
TRIAL_PLACE = "delivery-test"
"""Of a form that belongs to no run: it only shows that mails arrive."""


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """What people see. ``timeout_at`` is the node's own end of waiting, seconds since the epoch."""

    node_title: str
    content: str
    inputs: Sequence[Mapping[str, object]]
    actions: Sequence[Mapping[str, object]]
    resolved_defaults: Mapping[str, str]
    timeout_at: float


class OpenForm(msgspec.Struct, frozen=True, kw_only=True):
    """A form out of the store. ``token`` is the one to show with it, None where nobody may see one."""

    id: str
    workspace_id: str
    app_id: str
    run_id: str
    node_id: str
    place: str
    definition: Definition
    display_in_ui: bool
    status: FormStatus
    ends_at: datetime
    action_id: str
    values: Mapping[str, object]

    def as_engine(self, token: str | None) -> Form:
        """The form as its node reads it."""
        return Form(
            id=self.id,
            request=self.request(),
            status=self.status,
            token=token,
            display_in_ui=self.display_in_ui,
            action_id=self.action_id,
            values=self.values,
        )

    def request(self) -> FormRequest:
        """How it was opened; without its delivery methods, which have done their part."""
        shown = self.definition
        return FormRequest(
            place=self.place,
            node_id=self.node_id,
            node_title=shown.node_title,
            content=shown.content,
            inputs=shown.inputs,
            actions=shown.actions,
            resolved_defaults=shown.resolved_defaults,
            delivery_methods=(),
            expires_at=shown.timeout_at,
        )


def definition_of(request: FormRequest) -> Definition:
    """What a row keeps of a request."""
    return Definition(
        node_title=request.node_title,
        content=request.content,
        inputs=request.inputs,
        actions=request.actions,
        resolved_defaults=request.resolved_defaults,
        timeout_at=request.expires_at,
    )


def open_form(row: HumanInputForm) -> OpenForm:
    """A row, read."""
    values = msgspec.convert(row.values or {}, dict[str, object])
    return OpenForm(
        id=row.id,
        workspace_id=row.tenant_id,
        app_id=row.app_id,
        run_id=row.workflow_run_id,
        node_id=row.node_id,
        place=row.place,
        definition=msgspec.convert(row.definition, Definition),
        display_in_ui=row.display_in_ui,
        status=msgspec.convert(row.status, FormStatus),
        ends_at=row.ends_at,
        action_id=row.action_id or "",
        values=values,
    )


def place_key(place: str) -> str:
    """The place as its column holds it: long ones by their SHA-256."""
    return place if len(place) <= _LONGEST_PLACE else hashlib.sha256(place.encode()).hexdigest()
