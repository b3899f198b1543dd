"""What a run's operation makes of a stored conversation variable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from orrery.workflow.conversation_writes import ConversationWrite


def written_variable(stored: object, row: Mapping[str, object]) -> object:
    """The variable item with its new value; ``row`` holds the operation as ``write``, and ``item`` as declared."""
    item = cast("Mapping[str, object]", stored if isinstance(stored, dict) else row["item"])
    write = cast("ConversationWrite", row["write"])
    return {**item, "value": write.on(item.get("value"))}
