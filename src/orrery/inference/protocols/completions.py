"""The older text completions (``POST /completions``), for models without a chat form."""

from __future__ import annotations

from orrery.inference.endpoint import Endpoint
from orrery.inference.framing import EventStream
from orrery.inference.json_shapes import JsonObject
from orrery.inference.protocols.openai_answer import ChatDecoder
from orrery.inference.protocols.openai_chat import plain_parameters, stop_words
from orrery.inference.transport import WireRequest
from orrery.inference.types import LLMCall


class TextCompletions:
    """Implements `LLMProtocol`: the messages' texts, joined, are the prompt."""

    def request(self, endpoint: Endpoint, call: LLMCall) -> WireRequest:
        payload: JsonObject = {
            "model": endpoint.model or call.model.name,
            "prompt": "\n\n".join(text for m in call.messages if (text := m.text())),
            **plain_parameters(call.parameters, endpoint.traits),
            "stream": True,
        }
        if endpoint.traits.stream_usage:
            payload["stream_options"] = {"include_usage": True}
        stop = stop_words(call)
        if stop:
            payload["stop"] = stop
        return WireRequest("/completions", payload)

    def framing(self) -> EventStream:
        return EventStream()

    def decoder(self, endpoint: Endpoint) -> ChatDecoder:
        return ChatDecoder(endpoint)
