from __future__ import annotations

import pytest

from orrery.retrieval.cleaning import cleaned, storable, without_leading_marks, without_leading_stop
from orrery.retrieval.rules import ProcessRule

PLAIN = ProcessRule("custom")
SPACES = ProcessRule("custom", remove_extra_spaces=True)
ADDRESSES = ProcessRule("custom", remove_urls_emails=True)


def test_control_characters_go_and_special_tokens_lose_their_bars() -> None:
    assert cleaned("a\x00b\x07\x0b\x1f\x7f\ufffe\ud800 <|end|> \tc\r\n", PLAIN) == "ab <end> \tc\r\n"


def test_letters_that_share_bytes_with_control_characters_stay() -> None:
    assert cleaned("naïve ¿qué? ¾ ï¿¾", PLAIN) == "naïve ¿qué? ¾ ï¿¾"


def test_extra_spaces() -> None:
    assert cleaned("a  b\t\tc \u3000d\u00a0\u2003e f\n\n\n\ng\n\nh", SPACES) == "a b c d e f\n\ng\n\nh"
    assert cleaned("a  b\n\n\n\nc", PLAIN) == "a  b\n\n\n\nc"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("write to me.you+x@host-a.example.org, now", "write to , now"),
        ("see https://a.example/x?y=1 and http://b.example.", "see  and "),
        ("a [link](https://a.example/x) stays", "a [link](https://a.example/x) stays"),
        ("![i](http://a.example/i.png)https://b.example", "![i](http://a.example/i.png)"),
        ("[![alt](https://i.example)](https://l.example)", "[![alt](https://i.example)](https://l.example)"),
        ("no@dots and ftp://kept.example", "no@dots and ftp://kept.example"),
    ],
)
def test_addresses_go_but_not_out_of_markdown_links(text: str, left: str) -> None:
    assert cleaned(text, ADDRESSES) == left
    assert cleaned(text, PLAIN) == text


@pytest.mark.parametrize("part", ["a", "a@", "](http://a ", "[", "http://", "a.", " ", "\n", "@a."])
def test_no_pattern_is_worse_than_linear(part: str) -> None:
    rule = ProcessRule("custom", remove_extra_spaces=True, remove_urls_emails=True)
    assert len(cleaned(part * 300_000, rule)) <= 300_000 * len(part)  # squared, it would not end


@pytest.mark.parametrize(
    ("chunk", "left"),
    [
        (". and so", " and so"),
        ("。，然后", "，然后"),
        ("### Title", " Title"),
        ("[a](https://a.example) first", "[a](https://a.example) first"),
        ("[note] first", "note] first"),
        ("- item", "- item"),
        ("!x {y} |z \\w …v 【u", "!x {y} |z \\w …v 【u"),
        ("“quoted”", "quoted”"),
        ("42", "42"),
    ],
)
def test_leading_marks(chunk: str, left: str) -> None:
    assert without_leading_marks(chunk) == left


def test_only_one_leading_stop_of_a_parent_or_child() -> None:
    assert without_leading_stop("。。a") == "。a"
    assert without_leading_stop(".a") == "a"
    assert without_leading_stop(",a") == ",a"


def test_what_cannot_be_stored_can_be_made_so() -> None:
    assert storable("a\x00\udfff  <|b|>") == "a  <|b|>"
    storable("".join(map(chr, range(0x110000)))).encode()
