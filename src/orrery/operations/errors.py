"""What can be wrong with an operator's order."""

from __future__ import annotations

from orrery.errors import OrreryError


class OperationFailed(OrreryError):
    """The order can't be carried out, or was undone; the message says why and what to do."""

    default_message = "The operation failed."
