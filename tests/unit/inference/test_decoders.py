"""An answer decodes to the same deltas however the network cuts it, for every protocol."""

import contextlib
import itertools
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.model_server import anthropic_wire, gemini_wire, ollama_wire, openai_wire
from tests.support.model_server.behaviours import Reply, Turn

from orrery.inference.endpoint import Endpoint
from orrery.inference.protocols.anthropic_messages import AnthropicMessages
from orrery.inference.protocols.gemini import GeminiGenerate
from orrery.inference.protocols.ollama import OllamaChat
from orrery.inference.protocols.openai_answer import ChatDecoder
from orrery.inference.protocols.openai_chat import OpenAIChat
from orrery.inference.types import InvokeError, LLMDelta
from orrery.inference.wire import LLMProtocol, MalformedEvent

AT = Endpoint(base_url="http://model.test", label="Test")
REPLY = Reply(
    text=["Grüße ", "aus 😀 ", "北京"],
    reasoning=["denk ", "mal"],
    calls=[("weather", '{"city":"Köln"}'), ("clock", "{}")],
    finish="tool_calls",
    prompt_tokens=7,
)
TURN = Turn("m", stream=True, messages=[], extras={"stream_options": {"include_usage": True}})
WIRES: dict[str, tuple[LLMProtocol, Callable[[], list[bytes]]]] = {
    "openai": (OpenAIChat(), lambda: openai_wire.chat_events(TURN, REPLY)),
    "anthropic": (AnthropicMessages(), lambda: anthropic_wire.events(TURN, REPLY)),
    "gemini": (GeminiGenerate(), lambda: gemini_wire.events(REPLY)),
    "ollama": (OllamaChat(), lambda: ollama_wire.lines(TURN, REPLY)),
}


def decoded(protocol: LLMProtocol, pieces: list[bytes]) -> list[LLMDelta]:
    framing, decoder = protocol.framing(), protocol.decoder(AT)
    payloads = [p for piece in pieces for p in framing.feed(piece)] + framing.close()
    out = [d for p in payloads if (d := decoder.feed(p)) is not None]
    assert decoder.finished
    return [*out, decoder.last()]


def shape(deltas: list[LLMDelta]) -> object:
    calls = [(c.name, c.arguments) for d in deltas for c in d.tool_calls]
    last = deltas[-1]
    return [(d.text, d.reasoning) for d in deltas], calls, last.finish_reason, last.usage


@pytest.mark.parametrize("name", WIRES)
def test_whole_answer(name: str) -> None:
    protocol, wire = WIRES[name]
    deltas = decoded(protocol, wire())
    assert "".join(d.text for d in deltas) == "Grüße aus 😀 北京"
    assert "".join(d.reasoning for d in deltas) == "denk mal"
    assert [(c.name, c.arguments) for c in deltas[-1].tool_calls] == REPLY.calls
    assert deltas[-1].usage is not None
    assert deltas[-1].usage.prompt_tokens == 7


@pytest.mark.parametrize("name", WIRES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_split_gives_the_same(name: str, data: st.DataObject) -> None:
    protocol, wire = WIRES[name]
    whole = b"".join(wire())
    cuts = data.draw(st.lists(st.integers(1, len(whole) - 1), max_size=40))
    edges = sorted({0, len(whole), *cuts})
    pieces = [whole[a:b] for a, b in itertools.pairwise(edges)]
    assert shape(decoded(protocol, pieces)) == shape(decoded(protocol, [whole]))


@pytest.mark.parametrize("name", WIRES)
def test_one_byte_at_a_time(name: str) -> None:
    protocol, wire = WIRES[name]
    whole = b"".join(wire())
    assert shape(decoded(protocol, [whole[i : i + 1] for i in range(len(whole))])) == shape(decoded(protocol, [whole]))


@pytest.mark.parametrize("name", WIRES)
@settings(max_examples=60, deadline=None)
@given(noise=st.binary(max_size=60))
def test_noise_is_a_known_error_and_never_a_crash(name: str, noise: bytes) -> None:
    decoder = WIRES[name][0].decoder(AT)
    with contextlib.suppress(MalformedEvent, InvokeError):
        decoder.feed(noise)


def openai(*payloads: bytes) -> list[LLMDelta]:
    decoder = ChatDecoder(AT)
    return [d for p in payloads if (d := decoder.feed(p)) is not None] + [decoder.last()]


def test_tool_calls_without_index_and_with_repeated_index() -> None:
    first = b'{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\\"x\\""}}]}}]}'
    more = b'{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":":1}"}}]}}]}'
    second = b'{"choices":[{"delta":{"tool_calls":[{"id":"b","function":{"name":"g","arguments":{"y":2}}}]}}]}'
    calls = openai(first, more, second)[-1].tool_calls
    assert [(c.id, c.name, c.arguments) for c in calls] == [("a", "f", '{"x":1}'), ("b", "g", '{"y":2}')]
    zero = b'{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"%s","function":{"name":"f","arguments":"{}"}}]}}]}'
    same = openai(zero % b"a", zero % b"b")[-1].tool_calls
    assert [c.id for c in same] == ["a", "b"]


def test_spellings_of_reasoning_and_usage() -> None:
    thinking = b'{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"yes"}]}}]}'
    routed = b'{"choices":[{"delta":{"content":"","reasoning":"so"}}]}'
    in_choice = b'{"choices":[{"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":3,"completion_tokens":4}}]}'
    deltas = openai(thinking, routed, in_choice)
    assert [(d.text, d.reasoning) for d in deltas[:2]] == [("yes", "hm"), ("", "so")]
    assert deltas[-1].usage is not None
    assert deltas[-1].usage.total_tokens == 7
    groq = openai(b'{"choices":[],"x_groq":{"usage":{"prompt_tokens":1,"completion_tokens":1}}}')
    assert groq[-1].usage is not None


def test_an_answer_that_came_unstreamed() -> None:
    whole = b'{"choices":[{"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}'
    deltas = openai(whole)
    assert (deltas[0].text, deltas[-1].finish_reason) == ("hi", "stop")


def test_pictures_in_an_answer() -> None:
    frame = (
        b'{"choices":[{"delta":{"images":[{"type":"image_url","image_url":{"url":"data:image/webp;base64,AAAA"}}]}}]}'
    )
    image = openai(frame)[0].images[0]
    assert (image.mime_type, image.data) == ("image/webp", "AAAA")
