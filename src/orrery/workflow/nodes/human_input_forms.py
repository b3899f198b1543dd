"""Forms that a run waits for: what a human-input node asks of the product, and what it gets back (workflow.md 3.19).

A form belongs to a run and to a *place* in it: the node, and inside containers the round. A node that runs again,
because the run was resumed, finds the form it opened earlier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, TypeAlias, runtime_checkable

import msgspec

FormStatus: TypeAlias = Literal["waiting", "submitted", "timeout", "expired"]


class FormRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A form to be opened.

    ``content`` is Markdown whose references are resolved and whose fields (``{{#$output.name#}}``) stand as they are.
    ``inputs`` are the stored fields, with the options of a select filled in. ``expires_at`` is in seconds since the
    epoch. ``delivery_methods`` are the stored ones, those that are off included.
    """

    place: str
    node_id: str
    node_title: str
    content: str
    inputs: Sequence[Mapping[str, object]]
    actions: Sequence[Mapping[str, object]]
    resolved_defaults: Mapping[str, str]
    delivery_methods: Sequence[Mapping[str, object]]
    expires_at: float


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """A form as it stands. ``values`` and ``action_id`` count once it is submitted.

    ``token`` opens it in the web app, None when it goes out by e-mail only. ``request`` is how it was opened.
    """

    id: str
    request: FormRequest
    status: FormStatus = "waiting"
    token: str | None = None
    display_in_ui: bool = True
    action_id: str = ""
    values: Mapping[str, object] = {}


class HumanForms(Protocol):
    """The forms of one run."""

    async def find(self, place: str) -> Form | None:
        """The form that this run opened at a place, None when there is none yet."""
        ...

    async def open(self, request: FormRequest) -> Form:
        """Stores a form and tells its recipients. A second call for the same place returns the first form."""
        ...


@runtime_checkable
class OffersHumanForms(Protocol):
    """Services of a run that may wait for people."""

    @property
    def human_forms(self) -> HumanForms: ...
