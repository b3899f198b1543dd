"""What a run that repeats an earlier one takes over from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from orrery.apps.runs.spec import RerunOf
from orrery.apps.runs.turns import PreparedTurn
from orrery.apps.workflows.variables import Variable
from orrery.workflow.journal import Resume


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """``conversation`` are the values of conversation variables, by name, when the earlier run began."""

    source: RerunOf
    resume: Resume
    inputs: Mapping[str, object]
    files: Sequence[Mapping[str, object]]
    dialogue_count: int | None = None
    conversation: Mapping[str, object] = {}

    def with_kept_writes(self, items: Sequence[Variable]) -> list[Variable]:
        """Conversation variables with what the nodes did to them that are taken over."""
        values = {str(item["name"]): item["value"] for item in items}
        for entry in sorted(self.resume.finished, key=lambda entry: entry.order):
            for write in entry.conversation_writes:
                if write.name in values:
                    values[write.name] = write.on(values[write.name]) if self.resume.as_begun else write.value
        return [{**item, "value": values[str(item["name"])]} for item in items]

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
