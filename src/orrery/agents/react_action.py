"""Finds the tool that a model asks for in its text, in every shape that models write it in.

Shapes: an object (bare, fenced, or alone in a list) with a name and an input, under the usual keys; or the lines
``Action: name`` and ``Action Input: ...``. Work is linear in the length of the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final, cast

import json_repair
import msgspec

_NAMES: Final = ("action", "action_name", "tool", "tool_name", "name")
_INPUTS: Final = ("action_input", "input", "tool_input", "arguments", "args", "parameters")
_MAX_CHARS: Final = 200_000
_OBSERVATION: Final = re.compile(r"^[ \t>*#-]{0,8}observation\b[ \t*]{0,4}[:：]", re.IGNORECASE | re.MULTILINE)
_ACTION_LINE: Final = re.compile(
    r"^[ \t>*#-]{0,8}action[ \t*]{0,4}[:：][ \t*]{0,4}([^\n{]{1,200})$", re.IGNORECASE | re.MULTILINE
)
_INPUT_LINE: Final = re.compile(r"[ \t>*#-]{0,8}action[ \t_]?input[ \t*]{0,4}[:：][ \t*]{0,4}", re.IGNORECASE)
_LABEL: Final = re.compile(r"^[ \t>*#-]{0,8}thought[ \t*]{0,4}[:：][ \t*]{0,4}", re.IGNORECASE)
_LEFT_OVER: Final = re.compile(
    r"(?:\s|`{3,}[a-z_]{0,12}|\[|[>*#-]{0,4}[ \t]{0,2}\baction[ \t*]{0,4}[:：]\*{0,2})+$", re.IGNORECASE
)


class Action(msgspec.Struct, frozen=True):
    """A tool, and what it is to get: an object, a text, or any other JSON value."""

    name: str
    input: object

    @property
    def is_answer(self) -> bool:
        return self.name.strip().lower().replace("_", " ") in {"final answer", "finalanswer"}

    def answer(self) -> str:
        """The input as the text of an answer."""
        if isinstance(self.input, str):
            return self.input
        return "" if self.input is None else json.dumps(self.input, ensure_ascii=False)

    def shown(self) -> Mapping[str, object]:
        return {"action": self.name, "action_input": self.input}


def find_action(text: str) -> tuple[str, Action | None]:
    """The thought before the action, and the first action; what a model dreams up as an observation is cut off."""
    text = text[:_MAX_CHARS]
    made_up = _OBSERVATION.search(text)
    if made_up:
        text = text[: made_up.start()]
    for start, source in _objects(text):
        action = _action_of(_read(source))
        if action is not None:
            return plain_thought(text[:start]), action
    line = _ACTION_LINE.search(text)
    if line:
        return plain_thought(text[: line.start()]), _action_of_lines(line[1], text[line.end() :])
    return without_label(text), None


def without_label(text: str) -> str:
    """A text without the word that the protocol puts before thoughts."""
    return _LABEL.sub("", text.strip(), count=1).strip()


def plain_thought(text: str) -> str:
    """A thought without its label, and without what is left of an action that was cut out."""
    text = without_label(text)
    tail = _LEFT_OVER.search(text[-200:])
    return text[: len(text) - (min(len(text), 200) - tail.start())].strip() if tail else text.strip()


def _objects(text: str) -> Iterator[tuple[int, str]]:
    """Outermost ``{...}`` pieces with their places; the last one may be cut off by the end of the text."""
    depth = start = 0
    quoted = escaped = False
    for place, letter in enumerate(text):
        if quoted:
            if escaped:
                escaped = False
            elif letter == "\\":
                escaped = True
            elif letter == '"':
                quoted = False
        elif letter == "{":
            if depth == 0:
                start = place
            depth += 1
        elif depth and letter == "}":
            depth -= 1
            if depth == 0:
                yield start, text[start : place + 1]
        elif depth and letter == '"':
            quoted = True
    if depth:
        yield start, text[start:]


def _read(source: str, *, sure: bool = False) -> object:
    """``sure``: this is what the model wrote for us, so its faults are worth mending."""
    try:
        return cast("object", json.loads(source, strict=False))
    except (ValueError, RecursionError):
        pass
    if not sure and not any(key in source for key in ("action", "tool")):
        return None
    try:
        return cast("object", json_repair.loads(source))
    except (ValueError, RecursionError):
        return None


def _action_of(found: object) -> Action | None:
    if not isinstance(found, dict):
        return None
    fields = cast("Mapping[str, object]", found)
    name = next((key for key in _NAMES if isinstance(fields.get(key), str) and fields[key]), None)
    given = next((key for key in _INPUTS if key in fields), None)
    # A lone "name" or "tool" is any object of the world; only "action" may stand without an input.
    if name is None or (given is None and not name.startswith("action")):
        return None
    return Action(str(fields[name]).strip(), fields[given] if given else {})


def _action_of_lines(name: str, rest: str) -> Action:
    begin = _INPUT_LINE.match(rest.lstrip())
    given = rest.lstrip()[begin.end() :].strip().strip("`").strip() if begin else ""
    name = name.strip().strip("`*[]\"'").strip()
    if given.startswith(("{", "[", '"')):
        parsed = _read(given if given.startswith("{") else given.split("\n", 1)[0], sure=True)
        if parsed is not None:
            return Action(name, parsed)
    return Action(name, given)
