from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.settings.dotenv import read_dotenv, write_dotenv


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=1", "1"),
        ("export A=1", "1"),
        ("  A = spaced  ", "spaced"),
        ("A=1 # why", "1"),
        ("A=a#b", "a#b"),
        ("A=", ""),
        ("A=# only a comment", ""),
        ("A='$HOME # kept \\n'", "$HOME # kept \\n"),
        ('A="line\\nnext \\"q\\" \\$x" # why', 'line\nnext "q" $x'),
        ('A="two\nlines"', "two\nlines"),
        ("B=2\nA=${B}/$B", "2/2"),
        ("A=${NONE:-fallback}", "fallback"),
        ("A=${NONE-fallback}", "fallback"),
        ("A=$NONE.", "."),
        ("A=redis://:pa$$word@h", "redis://:pa$@h"),
        ("A=1\nA=2", "2"),
        ("A=1\r\nB=2\r\n", "1"),
        ("A=https://x/?a=b&c=d", "https://x/?a=b&c=d"),
    ],
)
def test_forms_of_values(text: str, value: str) -> None:
    assert read_dotenv(text, {})["A"] == value


def test_the_environment_wins_in_references() -> None:
    assert read_dotenv("B=file\nA=$B", {"B": "environment"})["A"] == "environment"


def test_lines_of_no_known_form_are_skipped() -> None:
    assert read_dotenv("# A=0\n\nnonsense\n=x\n1A=2\nB=1", {}) == {"B": "1"}


@settings(max_examples=100)
@given(st.dictionaries(st.from_regex(r"[A-Z_][A-Z0-9_]{0,9}", fullmatch=True), st.text(), max_size=4))
def test_what_is_written_is_read_back(values: dict[str, str]) -> None:
    assert read_dotenv(write_dotenv(values), {}) == values


@settings(max_examples=100)
@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    values = read_dotenv(text, {})
    assert all(name for name in values)
