"""The rounds of a basic app's agent as rows (workflow.md 4.2, ``agent_thought``)."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from orrery.apps.runs import statements
from orrery.apps.runs.spec import RunSpec
from orrery.database.group_commit import Entry
from orrery.workflow.events import AgentThought


def message_file_id(thought_id: str, place: int) -> str:
    """The id of the message's file that a round made: rows and frames name it without knowing of each other."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{thought_id}/file/{place}"))


def thought_rows(spec: RunSpec, event: AgentThought) -> list[Entry]:
    """The row of a round that begins, or what became of it, and the files that it made."""
    assert spec.turn is not None
    now = datetime.now(UTC)
    shown: dict[str, object] = {
        "thought": event.thought,
        "tool": event.tool,
        "tool_labels": dict(event.tool_labels),
        "tool_input": event.tool_input,
        "observation": event.observation,
        "message_files": file_ids(event),
        "tokens": event.usage.total_tokens,
    }
    if event.stage == "started":
        row = {
            "id": event.id,
            "message_id": spec.turn.message_id,
            "position": event.position,
            "created_by_role": spec.user.role,
            "created_by": spec.user.id,
            "created_at": now,
        }
        return [(statements.INSERT_THOUGHT, {**row, **shown})]
    change: Entry = (statements.SET_THOUGHT, {"b_id": event.id, **{f"b_{name}": shown[name] for name in shown}})
    if event.stage != "observed":
        return [change]
    return [change, *(_file_row(spec, event, place, now) for place in range(len(event.files)))]


def _file_row(spec: RunSpec, event: AgentThought, place: int, now: datetime) -> Entry:
    assert spec.turn is not None
    file = event.files[place]
    return statements.INSERT_MESSAGE_FILE, {
        "id": message_file_id(event.id, place),
        "message_id": spec.turn.message_id,
        "type": file.get("type"),
        "transfer_method": file.get("transfer_method"),
        "url": file.get("remote_url"),
        "belongs_to": "assistant",
        "upload_file_id": file.get("related_id"),
        "created_by_role": spec.user.role,
        "created_by": spec.user.id,
        "created_at": now,
    }


def file_ids(event: AgentThought) -> list[str]:
    """The ids of the files that the round has made so far."""
    return [message_file_id(event.id, place) for place in range(len(event.files))]
