"""What can be wrong with a trigger, or with whoever calls it (workflow.md 6.4)."""

from __future__ import annotations

from orrery.errors import InvalidParam, NotFound


class TriggerNotFound(NotFound):
    """No such trigger of this app."""

    default_message = "Trigger not found"


class WebhookNotFound(NotFound):
    """Nothing is at this address, or nothing that may be started."""


class WebhookNotSaved(NotFound):
    """The node has no address yet: it gets one when its draft is saved."""

    default_message = "Webhook trigger not found"


class TriggerRefused(InvalidParam):
    """A graph's triggers can't be kept or published; the text names the node and the mend."""
