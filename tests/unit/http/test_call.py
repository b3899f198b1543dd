"""Bodies as their structs: texts come without NUL, everything else as it was sent."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orrery.errors import InvalidParam
from orrery.http.call import decode_body, decode_object


class Body(msgspec.Struct):
    inputs: dict[str, object]
    name: str = ""


TEXTS = st.text(alphabet=st.one_of(st.sampled_from('\x00\\u0"\n'), st.characters(exclude_categories=["Cs"])))


@given(TEXTS, TEXTS)
def test_texts_come_without_nul(name: str, key: str) -> None:
    def clean(text: str) -> str:
        return text.replace("\x00", "")

    raw = json.dumps({"name": name, "inputs": {key: [name, 1, None]}}).encode()
    body = decode_body(raw, Body)
    assert isinstance(body, Body)
    assert (body.name, body.inputs) == (clean(name), {clean(key): [clean(name), 1, None]})
    assert decode_object(raw)["name"] == clean(name)


def test_a_body_that_is_no_json_is_refused() -> None:
    for raw in (b'{"inputs": {', b"\xff", b'{"name": "\\"\\u000"}'):
        with pytest.raises(InvalidParam, match="not valid JSON"):
            decode_body(raw, Body)
