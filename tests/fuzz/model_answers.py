"""Answers of model vendors, bent and cut anywhere: the same deltas or the same error however they are cut."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from typing import Any

from tests.support.model_server import anthropic_wire, gemini_wire, ollama_wire, openai_wire
from tests.support.model_server.behaviours import Reply, Turn

from orrery.inference.endpoint import Endpoint
from orrery.inference.framing import FramingError
from orrery.inference.protocols.anthropic_messages import AnthropicMessages
from orrery.inference.protocols.completions import TextCompletions
from orrery.inference.protocols.gemini import GeminiGenerate
from orrery.inference.protocols.ollama import OllamaChat
from orrery.inference.protocols.openai_chat import OpenAIChat
from orrery.inference.types import InvokeError
from orrery.inference.wire import LLMProtocol, MalformedEvent

from .mutations import bent_bytes, bent_tree, cut
from .target import Ready

AT = Endpoint(base_url="http://model.test", label="Test")
REPLY = Reply(
    text=["Grüße ", "aus 😀 ", "北京"], reasoning=["denk ", "mal"], calls=[("weather", '{"city":"Köln"}'), ("clock", "{}")],
    finish="tool_calls", prompt_tokens=7,
)  # fmt: skip
TURN = Turn("m", stream=True, messages=[], extras={"stream_options": {"include_usage": True}})
WIRES: dict[str, tuple[LLMProtocol, Callable[[], list[bytes]]]] = {
    "openai": (OpenAIChat(), lambda: openai_wire.chat_events(TURN, REPLY)),
    "anthropic": (AnthropicMessages(), lambda: anthropic_wire.events(TURN, REPLY)),
    "gemini": (GeminiGenerate(), lambda: gemini_wire.events(REPLY)),
    "ollama": (OllamaChat(), lambda: ollama_wire.lines(TURN, REPLY)),
    "completions": (TextCompletions(), lambda: openai_wire.chat_events(TURN, REPLY)),
}


def _bent_event(dice: random.Random, event: bytes) -> bytes:
    """One event whose JSON is another one of the same kind."""
    head, brace, rest = event.partition(b"{")
    if not brace:
        return event
    try:
        tree = json.loads(brace + rest)
    except ValueError:
        return event
    return (
        head
        + json.dumps(bent_tree(dice, tree, most=3), ensure_ascii=dice.random() < 0.5).encode("utf-8", "replace")
        + b"\n\n"
    )


class ModelAnswers(Ready):
    name = "model-answers"
    deadline = 3.0

    def make(self, dice: random.Random) -> bytes:
        name = dice.choice(list(WIRES))
        events = WIRES[name][1]()
        events = [_bent_event(dice, event) if dice.random() < 0.2 else event for event in events]
        if dice.random() < 0.3:
            dice.shuffle(events)
        wire = b"".join(events)
        if dice.random() < 0.6:
            wire = bent_bytes(dice, wire)
        return json.dumps([name, dice.randrange(10**9), base64.b64encode(wire).decode()]).encode()

    async def check(self, data: bytes) -> None:
        name, seed, coded = json.loads(data)
        protocol, wire = WIRES[name][0], base64.b64decode(coded)
        whole = _outcome(protocol, [wire])
        assert _outcome(protocol, cut(random.Random(seed), wire)) == whole


def _outcome(protocol: LLMProtocol, pieces: list[bytes]) -> Any:
    framing, decoder = protocol.framing(), protocol.decoder(AT)
    text, thought = "", ""
    try:
        for piece in [*pieces, None]:
            for payload in framing.close() if piece is None else framing.feed(piece):
                delta = decoder.feed(payload)
                if delta is not None:
                    text, thought = text + delta.text, thought + delta.reasoning
        last = decoder.last()
    except (InvokeError, MalformedEvent, FramingError) as refused:
        return (text, thought, type(refused).__name__)
    return (text, thought, last.finish_reason, last.usage, [(call.name, call.arguments) for call in last.tool_calls])
