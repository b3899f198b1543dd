"""Halves of characters: joined, replaced, and never left in what a node gives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orrery.retrieval.extraction.plain import read_json as read_document
from orrery.whole_text import whole, whole_values
from orrery.workflow.nodes.assigner_operations import checked_value
from orrery.workflow.nodes.code import CodeNode
from orrery.workflow.nodes.llm_json import read_json
from orrery.workflow.nodes.template_transform import TemplateTransformNode
from orrery.workflow.testing import ScriptedCode, Services

from .graphs import end, node, run, start, stored

HALVES = st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\ud83e\udd16\ud800\udfff")))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("plain ü 🤖", "plain ü 🤖"),
        ("\ud83e\udd16!", "🤖!"),
        ("a\ud83eb", "a�b"),
        ("\udd16\ud83e", "��"),
        ("\ud83e\ud83e\udd16", "�🤖"),
    ],
)
def test_halves_are_joined_or_replaced(text: str, kept: str) -> None:
    assert whole(text) == kept
    assert whole_values({text: [text, 1, None, {"n": text}]}) == {kept: [kept, 1, None, {"n": kept}]}


@given(HALVES)
def test_every_text_can_be_encoded(text: str) -> None:
    assert whole(text).encode().decode() == whole(text)
    assert whole(whole(text)) == whole(text)


async def outputs_of(kind: str, services: Services, path: str, **data: Any) -> Mapping[str, object]:
    kinds: dict[str, Any] = {"code": CodeNode, "template-transform": TemplateTransformNode}
    graph = stored(start(), node("n", kind, **data), end(r=path), edges_="start > n > end")
    return (await run(graph, kinds=kinds, services=services)).result.outputs


async def test_snippets_and_templates_give_whole_texts() -> None:
    code = Services(code=ScriptedCode(lambda _source, _inputs: {"r": {"\ud83e": "\ud83e\udd16"}}))
    declared = {"r": {"type": "object", "children": None}}
    assert await outputs_of("code", code, "n.r", outputs=declared) == {"r": {"�": "🤖"}}
    template = "{{ '\\ud83e' }}!"
    assert await outputs_of("template-transform", Services(), "n.output", template=template) == {"r": "�!"}


async def test_json_texts_give_whole_values() -> None:
    text = json.dumps({"a": "\ud83e"})
    assert await read_json(text) == {"a": "�"}
    assert await read_json(text.replace('"a"', "a")) == {"a": "�"}
    assert checked_value("set", "object", text) == {"a": "�"}
    assert read_document(text.encode()) == '{\n  "a": "�"\n}'
