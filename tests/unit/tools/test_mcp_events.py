from __future__ import annotations

import base64
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.tools.mcp.content import messages_of
from orrery.tools.mcp.errors import McpError
from orrery.tools.mcp.events import EventCutter, ServerEvent
from orrery.tools.mcp.jsonrpc import answer_to, decode, is_answer, result_of
from orrery.tools.mcp.session import McpResult
from orrery.tools.messages import FileMessage, JsonMessage, LinkMessage, TextMessage

TEXTS = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1, max_size=12)


def cut(stream: bytes, places: list[int]) -> list[ServerEvent]:
    cutter = EventCutter()
    edges = [0, *sorted({place % (len(stream) + 1) for place in places}), len(stream)]
    return [
        event
        for begin, end in itertools.pairwise(edges)
        for event in cutter.feed(stream[begin:end])
    ]  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.lists(TEXTS, min_size=1, max_size=3), max_size=4),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.lists(st.integers(0, 500), max_size=8),
)
def test_events_don_t_depend_on_how_the_bytes_arrive(events: list[list[str]], end: str, places: list[int]):
    stream = "".join(
        f": note{end}event: message{end}" + "".join(f"data: {line}{end}" for line in lines) + end for lines in events
    )
    # A lone CR may be half of a CR LF, so only what follows it tells that the event is over.
    found = cut((stream + ":").encode(), places)
    assert found == [ServerEvent("message", "\n".join(lines)) for lines in events]


def test_an_event_that_the_end_cut_off_is_dropped():
    assert cut(b"event: endpoint\ndata: /here\n\ndata: half", []) == [ServerEvent("endpoint", "/here")]


def test_an_endless_event_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("orrery.tools.mcp.events.MAX_EVENT_CHARS", 100)
    cutter = EventCutter()
    with pytest.raises(McpError, match="too large"):
        for _ in range(20):
            list(cutter.feed(b"data: 0123456789\n"))


def test_what_a_server_may_ask_of_us():
    assert answer_to({"id": 3, "method": "ping"}) == {"jsonrpc": "2.0", "id": 3, "result": {}}
    refused = answer_to({"id": "x", "method": "sampling/createMessage"})
    assert refused is not None
    assert refused["error"] == {"code": -32601, "message": "Method not found"}
    assert answer_to({"method": "notifications/message"}) is None
    assert not is_answer({"id": 1, "method": "ping"}, 1)
    assert is_answer({"id": "1", "result": {}}, 1)


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"3", b'"text"', b"[" * 100_000])
def test_what_is_no_message_is_refused(body: bytes):
    with pytest.raises(McpError):
        decode(body)


def test_errors_carry_the_server_s_words():
    with pytest.raises(McpError, match="Server Not Found"):
        result_of({"error": {"code": -32600, "message": "Server Not Found"}})
    with pytest.raises(McpError):
        result_of({"id": 1, "result": "text"})


def test_kinds_of_content():
    picture = base64.b64encode(b"abc").decode()
    result = McpResult(
        content=(
            {"type": "text", "text": "plain [not json"},
            {"type": "text", "text": '[{"a": 1}, {"b": 2}]'},
            {"type": "text", "text": "[1, 2]"},
            {"type": "audio", "data": picture, "mimeType": "audio/mp3"},
            {"type": "resource_link", "uri": "https://x.test/doc"},
            {"type": "resource", "resource": {"uri": "file:///a/b.bin", "blob": picture}},
            {"type": "resource", "resource": {"uri": "file:///a.txt", "text": "words"}},
        )
    )
    assert list(messages_of(result, with_variables=False)) == [
        TextMessage("plain [not json"),
        JsonMessage({"a": 1}),
        JsonMessage({"b": 2}),
        TextMessage("[1, 2]"),
        FileMessage(b"abc", "audio/mp3"),
        LinkMessage("https://x.test/doc"),
        FileMessage(b"abc", "application/octet-stream", "b.bin"),
        TextMessage("words"),
    ]
    with pytest.raises(McpError, match="decoded"):
        list(messages_of(McpResult(content=({"type": "image", "data": "%%"},)), with_variables=False))
