"""The texts of the ReAct protocol, and the messages made of them (workflow.md 1.7, ``agent_mode.prompt``)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

import msgspec

from orrery.agents.prompts import user_message, without_media
from orrery.agents.react_action import Action
from orrery.agents.request import AgentRequest
from orrery.inference.types import Message, ToolSpec

FIRST: Final = """{{instruction}}

You can use these tools, described in JSON:
{{tools}}

Work in steps. In each step write your reasoning, then exactly one action as a JSON object in a code block:

Thought: what you know and what to do next
Action:
```
{"action": "one of: {{tool_names}}", "action_input": {"parameter": "value"}}
```

Stop after the action. You will be given what came of it:

Observation: the outcome

When you know enough to answer, use the action "Final Answer":

Thought: I can answer now
Action:
```
{"action": "Final Answer", "action_input": "the whole answer for the user"}
```
"""
FIRST_WITHOUT_TOOLS: Final = """{{instruction}}

There are no tools to use any more. Give the user the best answer that you have, in this form:

Thought: I can answer now
Action:
```
{"action": "Final Answer", "action_input": "the whole answer for the user"}
```
"""
NEXT: Final = "Go on from the last observation."
_COMPLETION: Final = "{{prompt}}\n{{historic_messages}}\nQuestion: {{query}}\n{{agent_scratchpad}}\nThought:"


class Unit(msgspec.Struct, frozen=True):
    """One finished round."""

    thought: str
    action: Action
    observation: str

    def text(self) -> str:
        action = json.dumps(self.action.shown(), ensure_ascii=False)
        return f"Thought: {self.thought}\nAction:\n```\n{action}\n```\nObservation: {self.observation}"


def messages(request: AgentRequest, specs: Sequence[ToolSpec], units: Sequence[Unit]) -> list[Message]:
    """The whole prompt of a round."""
    first = _filled(request, specs, units)
    if request.model.mode == "completion":
        return [Message("user", first)]
    before = [*request.history, user_message(request)]
    if not units:
        return [Message("system", first), *before]
    scratchpad = "\n".join(unit.text() for unit in units)
    following = request.prompts.next if "{{" not in request.prompts.next else ""
    return [
        Message("system", first),
        *without_media(before),
        Message("assistant", scratchpad),
        Message("user", following or NEXT),
    ]


def _filled(request: AgentRequest, specs: Sequence[ToolSpec], units: Sequence[Unit]) -> str:
    first = request.prompts.first or (FIRST if specs else FIRST_WITHOUT_TOOLS)
    completion = request.model.mode == "completion"
    if completion and "{{agent_scratchpad}}" not in first:
        first = _COMPLETION.replace("{{prompt}}", first)
    described = [{"name": s.name, "description": s.description, "parameters": s.parameters} for s in specs]
    values = {
        "instruction": request.instruction,
        "tools": json.dumps(described, ensure_ascii=False),
        "tool_names": ", ".join(spec.name for spec in specs),
        "historic_messages": _history(request) if completion else "",
        "query": request.query if completion else "",
        "agent_scratchpad": "\n".join(unit.text() for unit in units) if completion else "",
    }
    # One pass, so that a value that looks like a placeholder stays text.
    pieces = first.split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, mark, rest = piece.partition("}}")
        filled.append(f"{values[name]}{rest}" if mark and name in values else "{{" + piece)
    return "".join(filled).strip() if not completion else "".join(filled)


def _history(request: AgentRequest) -> str:
    names = {"user": "Question", "assistant": "Answer"}
    lines = [f"{names[m.role]}: {m.text()}" for m in without_media(request.history) if m.role in names]
    return "\n".join(lines)
