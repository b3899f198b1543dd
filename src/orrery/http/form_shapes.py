"""Forms as JSON, the same at every door (workflow.md 6.5)."""

from __future__ import annotations

import msgspec

from orrery.apps.forms.definition import OpenForm

JsonObject = dict[str, object]


class FormAnswerBody(msgspec.Struct, kw_only=True):
    """What somebody sends: values by field, and the id of the button."""

    inputs: dict[str, object]
    action: str


def form_object(form: OpenForm) -> JsonObject:
    """What the person at the form sees."""
    shown = form.definition
    return {
        "form_content": shown.content,
        "inputs": list(shown.inputs),
        "resolved_default_values": dict(shown.resolved_defaults),
        "user_actions": list(shown.actions),
        "expiration_time": int(form.ends_at.timestamp()),
    }
