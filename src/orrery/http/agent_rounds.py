"""An agent's rounds as messages show them, the same on every face (AgentThoughtItem of the contract)."""

from __future__ import annotations

from orrery.apps.conversations.tables import MessageAgentThought

JsonObject = dict[str, object]


def thought_object(row: MessageAgentThought) -> JsonObject:
    """One round of the agent that answered a message; ``files`` are ids of the message's files."""
    return {
        "id": row.id,
        "chain_id": None,
        "message_id": row.message_id,
        "position": row.position,
        "thought": row.thought,
        "tool": row.tool,
        "tool_labels": row.tool_labels,
        "tool_input": row.tool_input,
        "created_at": int(row.created_at.timestamp()),
        "observation": row.observation,
        "files": row.message_files,
    }
