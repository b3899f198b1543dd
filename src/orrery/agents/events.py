"""What an agent tells while it works."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from orrery.inference.types import Usage
from orrery.tools.messages import FileMessage, ImageMessage, LogMessage, RetrieverMessage, StoredFileMessage


class AgentText(msgspec.Struct, frozen=True):
    """The next piece of the answer."""

    text: str


class AgentThinking(msgspec.Struct, frozen=True):
    """The next piece of what the model thinks by itself; not part of the answer."""

    text: str


class AgentOutput(msgspec.Struct, frozen=True):
    """Something that a tool made and that people should get as well."""

    message: FileMessage | ImageMessage | StoredFileMessage | RetrieverMessage


class AgentStep(msgspec.Struct, frozen=True, kw_only=True):
    """One round as basic apps show and keep it (``agent_thought``, workflow.md 4.2); told again under the same id.

    ``tool``: names joined by ``;``. ``tool_input`` and ``observation``: JSON texts by tool name, empty without a tool.
    """

    id: str
    position: int
    stage: Literal["started", "decided", "observed"]
    thought: str = ""
    tool: str = ""
    tool_labels: Mapping[str, Mapping[str, str]] = {}
    tool_input: str = ""
    observation: str = ""
    usage: Usage = Usage()


class AgentEnd(msgspec.Struct, frozen=True, kw_only=True):
    """The last event. ``answer``: every round's text, each followed by a newline (workflow.md 1.7)."""

    answer: str
    usage: Usage
    rounds: int


AgentEvent: TypeAlias = AgentText | AgentThinking | AgentOutput | AgentStep | LogMessage | AgentEnd
