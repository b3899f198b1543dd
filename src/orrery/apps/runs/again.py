"""What a run that repeats an earlier one takes over from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from orrery.apps.runs.spec import RerunOf
from orrery.apps.runs.turns import PreparedTurn
from orrery.workflow.journal import Resume


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """``conversation`` are the values of conversation variables, by name, when the earlier run began."""

    source: RerunOf
    resume: Resume
    inputs: Mapping[str, object]
    files: Sequence[Mapping[str, object]]
    dialogue_count: int | None = None
    conversation: Mapping[str, object] = {}

    def place_of(self, prepared: PreparedTurn | None) -> PreparedTurn | None:
        """The turn as the earlier run found it: its variables are set back, its number is the same."""
        if prepared is None:
            return None
        values = [
            {**item, "value": self.conversation.get(str(item["name"]), item["value"])} for item in prepared.values
        ]
        missing = {item["id"] for item in prepared.missing}
        return msgspec.structs.replace(
            prepared,
            dialogue_count=self.dialogue_count or prepared.dialogue_count,
            values=values,
            missing=[item for item in values if item["id"] in missing],
        )
