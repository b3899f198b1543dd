"""What a model of a given name does, in no vendor's words.

| name | answer |
|---|---|
| ``echo`` (and any unknown name) | the last user text, in pieces of up to 4 words |
| ``words:N`` | ``w0 w1 ... w(N-1)``, one piece each |
| ``slow:MS`` or ``slow:MS:N`` | as ``words:N`` (10), MS milliseconds before each piece |
| ``paced:MS`` | as ``echo``, MS milliseconds before each piece |
| ``text:...`` | the text after the colon |
| ``tool`` | calls the first tool offered, arguments from the last user text if it is JSON; after a tool's answer: ``tool said: ...`` |
| ``tools2`` | calls the first two tools (or the first twice) at once |
| ``json`` | the smallest document that fits the schema asked for, else ``{"answer": "<last user text>"}`` |
| ``reasoning`` | thinks ``let me think``, then echoes |
| ``think-tag`` | ``<think>let me think</think>`` in the text, then echoes |
| ``vision`` | ``<kind> <mime or url> <bytes>`` of each medium sent |
| ``long:N`` | one piece of N characters ``x`` |
| ``length`` | echoes, finish reason ``length`` |
| ``no-usage`` | echoes, leaves usage out |
| ``bytewise`` | echoes, one byte of the body at a time |
| ``history`` | roles and texts of all messages as JSON |
| ``parameters`` | the request's other fields as JSON |
| ``error:STATUS`` or ``error:STATUS:SECONDS`` | that status, with Retry-After |
| ``flaky:N`` or ``flaky:N:STATUS`` | fails the first N requests (503), then echoes |
| ``error-mid`` | two pieces, then an error object inside the stream |
| ``cut`` | two pieces, then the connection is cut |
| ``cut-utf8`` | as ``cut``, in the middle of a character |
| ``end-early`` | two pieces, then a clean end without a finish |
| ``hang`` | takes the request and never answers |
| ``hang-headers`` | answers 200 and sends nothing |
| ``hang-mid`` | two pieces, then nothing |
| ``garbage`` | a piece, then bytes that are no event of the protocol |
| ``html`` | 200 with a web page |
| ``embed:D`` | embeddings of D dimensions (8 otherwise), the same for the same text |
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Turn:
    """A request in no vendor's words. ``media`` are (kind, mime type or URL, size in bytes)."""

    model: str
    stream: bool
    messages: list[tuple[str, str]]
    tools: list[str] = field(default_factory=list[str])
    media: list[tuple[str, str, int]] = field(default_factory=list[tuple[str, str, int]])
    schema: dict[str, Any] | None = None
    json_mode: bool = False
    extras: dict[str, Any] = field(default_factory=dict[str, Any])

    def last(self, role: str) -> str:
        return next((text for r, text in reversed(self.messages) if r == role), "")


@dataclass
class Reply:
    """An answer in no vendor's words; ``fault`` names how it goes wrong, ``pause`` is seconds before each piece."""

    text: list[str] = field(default_factory=list[str])
    reasoning: list[str] = field(default_factory=list[str])
    calls: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    finish: str = "stop"
    usage: bool = True
    pause: float = 0.0
    fault: str = ""
    status: int = 200
    retry_after: str | None = None
    prompt_tokens: int = 0

    @property
    def completion_tokens(self) -> int:
        return max(1, sum(len(p.split()) for p in (*self.reasoning, *self.text)) + 5 * len(self.calls))


FAULTS = {
    "cut", "cut-utf8", "end-early", "hang", "hang-headers", "hang-mid", "garbage", "html", "error-mid", "bytewise",
}  # fmt: skip


class Behaviours:
    """Decides replies; remembers how often ``flaky`` models were asked."""

    def __init__(self) -> None:
        self._asked: dict[str, int] = {}

    def reply(self, turn: Turn) -> Reply:
        name, _, rest = turn.model.partition(":")
        reply = self._by_name(name, rest, turn)
        reply.prompt_tokens = sum(len(text.split()) for _, text in turn.messages) or 1
        if name in FAULTS:
            reply.fault = name
            reply.text = ["Grüße ", "aus Köln ", "und mehr"] if name != "bytewise" else reply.text
        return reply

    def _by_name(self, name: str, rest: str, turn: Turn) -> Reply:
        asked = turn.last("user")
        match name:
            case "words" | "slow":
                first, _, second = rest.partition(":")
                count = int((first if name == "words" else second) or 10)
                pause = float(first) / 1000 if name == "slow" else 0.0
                return Reply([f"w{i} " if i < count - 1 else f"w{i}" for i in range(count)], pause=pause)
            case "paced":
                return Reply(_pieces(asked), pause=float(rest or 20) / 1000)
            case "text":
                return Reply(_pieces(rest))
            case "tool" | "tools2":
                return self._calling(name, asked, turn)
            case "json":
                found = _smallest(turn.schema) if turn.schema else {"answer": asked}
                return Reply(_pieces(json.dumps(found, ensure_ascii=False)))
            case "reasoning":
                return Reply(_pieces(asked), reasoning=["let me ", "think"])
            case "think-tag":
                return Reply(["<th", "ink>let me think</think>", *_pieces(asked)])
            case "vision":
                return Reply(["; ".join(f"{k} {m} {n}" for k, m, n in turn.media) or "nothing to see"])
            case "long":
                return Reply(["x" * int(rest or 1000)])
            case "length":
                return Reply(_pieces(asked), finish="length")
            case "no-usage":
                return Reply(_pieces(asked), usage=False)
            case "history":
                return Reply([json.dumps(turn.messages, ensure_ascii=False)])
            case "parameters":
                return Reply([json.dumps(turn.extras, ensure_ascii=False, sort_keys=True)])
            case "error":
                status, _, seconds = rest.partition(":")
                return Reply(status=int(status or 500), retry_after=seconds or None)
            case "flaky":
                return self._flaky(turn.model, rest, asked)
            case _:
                return Reply(_pieces(asked))

    def _calling(self, name: str, asked: str, turn: Turn) -> Reply:
        if turn.messages and turn.messages[-1][0] == "tool":
            return Reply(_pieces(f"tool said: {turn.messages[-1][1]}"))
        if not turn.tools:
            return Reply(_pieces(asked))
        arguments = asked if asked.strip().startswith("{") else "{}"
        wanted = turn.tools[:1] if name == "tool" else (turn.tools * 2)[:2]
        return Reply(calls=[(tool, arguments) for tool in wanted], finish="tool_calls")

    def _flaky(self, model: str, rest: str, asked: str) -> Reply:
        times, _, status = rest.partition(":")
        seen = self._asked[model] = self._asked.get(model, 0) + 1
        return Reply(status=int(status or 503)) if seen <= int(times or 1) else Reply(_pieces(asked))


def _pieces(text: str) -> list[str]:
    """Up to four words a piece; joined again they are exactly ``text``."""
    words = text.split(" ")
    groups = [" ".join(words[i : i + 4]) for i in range(0, len(words), 4)]
    return [g + " " if i < len(groups) - 1 else g for i, g in enumerate(groups)]


def _smallest(schema: dict[str, Any]) -> Any:
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("anyOf"):
        return _smallest(schema["anyOf"][0])
    found: Any = schema.get("type", "object" if "properties" in schema else "string")
    kind = (found if isinstance(found, str) else str(found[0])).lower()
    if kind == "object":
        return {name: _smallest(sub) for name, sub in schema.get("properties", {}).items()}
    if kind == "array":
        return [_smallest(schema.get("items", {}))]
    return {"string": "text", "integer": 1, "number": 1.5, "boolean": True, "null": None}.get(kind, "text")
