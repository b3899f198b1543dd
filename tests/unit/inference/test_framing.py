import itertools

from hypothesis import example, given, settings
from hypothesis import strategies as st

from orrery.inference.framing import EventStream, Framing, JsonLines


def fed(framing: Framing, pieces: list[bytes]) -> list[bytes]:
    out: list[bytes] = []
    for piece in pieces:
        out += framing.feed(piece)
    return out + framing.close()


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({min(c, len(data)) for c in cuts} | {0, len(data)})
    return [data[a:b] for a, b in itertools.pairwise(edges)]


STREAM = (
    '\ufeffdata: {"a":"Grüße"}\n\n: comment\r\nevent: x\r\ndata:two\r\ndata: lines\r\n\r\n'
    "id: 1\rdata: cr\r\r\n\ndata\n\ndata: 😀\n\ndata: [DONE]\n\n"
).encode()
EVENTS = ['{"a":"Grüße"}', "two\nlines", "cr", "", "😀", "[DONE]"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, len(STREAM)), max_size=30))
@example(list(range(len(STREAM))))
def test_events_do_not_depend_on_the_pieces(cuts: list[int]) -> None:
    assert fed(EventStream(), split(STREAM, cuts)) == [e.encode() for e in EVENTS]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1), max_size=8),
    st.data(),
)
def test_whatever_is_sent_comes_out(texts: list[str], data: st.DataObject) -> None:
    wire = "".join(f"data: {t}\n\n" for t in texts).encode()
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=12))
    assert fed(EventStream(), split(wire, cuts)) == [t.encode() for t in texts]


def test_an_event_comes_as_soon_as_it_is_whole() -> None:
    stream = EventStream()
    assert stream.feed(b"data: a\n") == []
    assert stream.feed(b"\n") == [b"a"]
    assert stream.feed(b"data: b\n\ndata: c") == [b"b"]
    assert stream.feed(b"\n\n") == [b"c"]
    assert stream.close() == []


def test_the_last_blank_line_may_be_missing() -> None:
    assert fed(EventStream(), [b"data: a"]) == [b"a"]
    assert fed(EventStream(), [b"data: a\r"]) == [b"a"]


def test_a_bare_error_document_is_an_event() -> None:
    assert fed(EventStream(), [b'{"error":"no"}\n']) == [b'{"error":"no"}']


def test_ten_megabytes_in_one_event_stay_linear() -> None:
    stream = EventStream()
    out: list[bytes] = stream.feed(b"data: ")
    for _ in range(10 * 1024):
        out += stream.feed(b"x" * 1024)
    out += stream.feed(b"\n\n")
    assert [len(e) for e in out] == [10 * 1024 * 1024]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 60), max_size=20))
def test_json_lines(cuts: list[int]) -> None:
    wire = '{"a":"ö"}\n\n{"b":1}\r\n{"c":[]}'.encode()
    assert fed(JsonLines(), split(wire, cuts)) == ['{"a":"ö"}'.encode(), b'{"b":1}', b'{"c":[]}']
