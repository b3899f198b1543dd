from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.deploy.interpolation import BrokenExpression, MissingValue, interpolate, names_in


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("plain", {}, "plain"),
        ("${A}", {"A": "1"}, "1"),
        ("$A-$B", {"A": "1", "B": "2"}, "1-2"),
        ("${A}", {}, ""),
        ("${A:-x}", {}, "x"),
        ("${A:-x}", {"A": ""}, "x"),
        ("${A-x}", {"A": ""}, ""),
        ("${A-x}", {}, "x"),
        ("${A:?why}", {"A": "1"}, "1"),
        ("${A:-redis://:${B}@redis:6379/1}", {"B": "pw"}, "redis://:pw@redis:6379/1"),
        ("${A:-http://localhost/e/{hook_id}}", {}, "http://localhost/e/{hook_id}"),
        ("$$HOME ${A:-$$}", {}, "$HOME $"),
    ],
)
def test_an_expression_becomes_its_value(text: str, values: dict[str, str], expected: str) -> None:
    assert interpolate(text, values) == expected


def test_a_needed_value_that_is_missing_is_named() -> None:
    with pytest.raises(MissingValue, match="A: run this"):
        interpolate("${A:?run this}", {"A": ""})


@pytest.mark.parametrize("text", ["${A", "${}", "$-", "${A!b}", "${1}"])
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(BrokenExpression):
        interpolate(text, {})


def test_names_of_defaults_count_too() -> None:
    assert names_in("${A:-${B}} $C $$D ${E:?${F}}") == {"A", "B", "C", "E"}


@settings(max_examples=50)
@given(st.text())
def test_escaped_text_comes_back_as_it_was(text: str) -> None:
    assert interpolate(text.replace("$", "$$"), {}) == text


@settings(max_examples=50)
@given(st.text(alphabet=st.characters(exclude_characters="${}", exclude_categories=("Cs",))))
def test_any_default_without_braces_is_given_back(default: str) -> None:
    assert interpolate(f"${{A:-{default}}}", {}) == default
