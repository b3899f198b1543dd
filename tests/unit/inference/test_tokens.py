from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.inference.tokens import message_tokens, text_tokens
from orrery.inference.types import MediaPart, Message, TextPart, ToolSpec

# Counts of a byte-pair vocabulary of 100 000 entries, known from its documentation and common use.
KNOWN = [
    ("Hello, world!", 4),
    ("hello world", 2),
    ("The quick brown fox jumps over the lazy dog.", 10),
    ("tiktoken is great!", 6),
    ("antidisestablishmentarianism", 6),
    ("2 + 2 = 4", 7),
]


def test_near_to_known_counts() -> None:
    for text, count in KNOWN:
        assert 0.6 * count - 1 <= text_tokens(text) <= 1.5 * count + 1, (text, text_tokens(text))
    assert abs(sum(text_tokens(t) for t, _ in KNOWN) / sum(c for _, c in KNOWN) - 1) < 0.25


def test_languages_stay_in_their_bounds() -> None:
    english = "Retrieval augmented generation combines search with language models. " * 20
    words = len(english.split())
    assert 1.0 * words < text_tokens(english) < 1.8 * words
    chinese = "检索增强生成把搜索与语言模型结合在一起" * 20
    assert 0.5 * len(chinese) < text_tokens(chinese) < 1.2 * len(chinese)
    code = "for i in range(10):\n    print(i * 2)\n" * 20
    assert len(code) / 5 < text_tokens(code) < len(code) / 1.8


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_bounded_by_length_and_nearly_additive(a: str, b: str) -> None:
    one, two, both = text_tokens(a), text_tokens(b), text_tokens(a + b)
    assert 0 <= one <= 2 * len(a) + 1
    assert (one > 0) is bool(a.strip(" ")) or len(a) != len(a.strip(" "))
    assert abs(both - one - two) <= 4 + 0.2 * (one + two)


def test_messages_count_media_calls_and_tools() -> None:
    plain = message_tokens([Message("user", "hello world")])
    image = MediaPart(kind="image", mime_type="image/png", data="AAAA")
    seen = message_tokens([Message("user", (TextPart("hello world"), image))])
    tooled = message_tokens([Message("user", "hello world")], [ToolSpec("f", "does things", {"type": "object"})])
    assert 0 < plain < tooled < seen
    assert message_tokens([]) == 0
