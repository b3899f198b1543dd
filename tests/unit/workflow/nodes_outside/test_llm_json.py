"""JSON with mistakes, and texts that are made to take long."""

from __future__ import annotations

import json
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.workflow.nodes import llm_json
from orrery.workflow.nodes.llm_json import BrokenJson, read_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60)
@given(VALUES)
async def test_proper_json_is_read_exactly(value: object):
    assert await read_json(json.dumps(value)) == value


async def test_whole_numbers_keep_their_digits():
    assert await read_json("[123456789012345678901234567890]") == [123456789012345678901234567890]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'a': 1,}", {"a": 1}),
        ('```json\n{"a": [1, 2\n```', {"a": [1, 2]}),
        ('Here: {"a": "x"} and so on', {"a": "x"}),
        ('{"a": "line\nbreak"}', {"a": "line\nbreak"}),
        ("{a: True, b: None}", {"a": True, "b": None}),
        ("no json at all", ""),
    ],
)
async def test_mistakes_are_mended(text: str, value: object):
    assert await read_json(text) == value


@pytest.mark.parametrize("text", ['["' + "]e,{" * 5000, "[" * 100_000, "{" * 20_000])
async def test_a_text_that_takes_too_long_is_given_up(text: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(llm_json, "MAX_SECONDS", 0.1)
    started = time.process_time()
    with pytest.raises(BrokenJson):
        await read_json(text)
    assert time.process_time() - started < 30
    assert sys.getprofile() is None


async def test_a_text_that_is_too_long_is_not_tried(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(llm_json, "MAX_CHARACTERS", 10)
    assert await read_json("[1, 2, 3, 4, 5]") == [1, 2, 3, 4, 5]
    with pytest.raises(BrokenJson, match="too long"):
        await read_json("{'a': 'aaaaaaaa'}")
