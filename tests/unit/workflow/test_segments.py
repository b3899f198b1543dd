from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.workflow.pool import Pool
from orrery.workflow.segments import (
    FILE_IDENTITY,
    TypeMismatch,
    build,
    infer_type,
    markdown_of,
    mask,
    text_of,
    zero_of,
)
from orrery.workflow.template import references_in, split_template

IMAGE = {
    "dify_model_identity": FILE_IDENTITY,
    "type": "image",
    "filename": "a.png",
    "url": "http://x/a",
    "extension": ".png",
    "size": 3,
}
PAPER = {"dify_model_identity": FILE_IDENTITY, "type": "document", "filename": "", "url": "http://x/b"}


@pytest.mark.parametrize(
    ("value", "value_type", "text", "markdown"),
    [
        (None, "none", "", ""),
        (True, "boolean", "True", "True"),
        (1, "integer", "1", "1"),
        (1.0, "float", "1.0", "1.0"),
        ("é", "string", "é", "é"),
        ({"a": [1], "é": None}, "object", '{"a": [1], "é": null}', '{\n  "a": [\n    1\n  ],\n  "é": null\n}'),
        ([], "array[any]", "", ""),
        (["a", "é"], "array[string]", '["a", "é"]', "- a\n- é"),
        ([1, 2.5], "array[number]", "[1, 2.5]", "- 1\n- 2.5"),
        ([True], "array[boolean]", "[True]", "- True"),
        ([{"a": 1}], "array[object]", "[{'a': 1}]", "- {'a': 1}"),
        ([1, "a"], "array[any]", "[1, 'a']", "- 1\n- a"),
        ([[1]], "array[any]", "[[1]]", "- [1]"),
        ([None], "array[any]", "[None]", "- None"),
        (IMAGE, "file", "", "![a.png](http://x/a)"),
        (PAPER, "file", "", "[http://x/b](http://x/b)"),
        ([IMAGE, PAPER], "array[file]", "", "![a.png](http://x/a)\n[http://x/b](http://x/b)"),
    ],
)
def test_types_and_texts_of_values(value: Any, value_type: str, text: str, markdown: str) -> None:
    assert (infer_type(value), text_of(value), markdown_of(value)) == (value_type, text, markdown)


@pytest.mark.parametrize(
    ("declared", "value", "error"),
    [
        ("none", None, None),
        ("string", None, "Type mismatch: expected string, but got None"),
        ("array[string]", [], None),
        ("string", [], "Type mismatch: expected string, but got empty list"),
        ("number", 1, None),
        ("number", 1.5, None),
        ("number", True, "Type mismatch: expected number, but got boolean, value=True"),
        ("array[number]", [1, 2.5], None),
        ("array[string]", [1, "a"], "Type mismatch: expected array[string], but got array[any], value=[1, 'a']"),
    ],
)
def test_declared_types_are_held(declared: str, value: Any, error: str | None) -> None:
    if error is None:
        assert build(declared, value) == value
        return
    with pytest.raises(TypeMismatch) as caught:
        build(declared, value)
    assert str(caught.value) == error


def test_zeros_and_masks() -> None:
    kinds = ("array[file]", "object", "string", "integer", "number", "float", "boolean")
    assert [zero_of(kind) for kind in kinds] == [[], {}, "", 0, 0, 0.0, False]
    assert zero_of("object") is not zero_of("object")
    assert (mask("short"), mask("sk-1234567890")) == ("*" * 20, "sk-123" + "*" * 12 + "90")


def pool() -> Pool:
    made = Pool(system={"query": "hi"})
    made.put_all(
        "n1", {"text": "T", "obj": {"a": {"b": 1}, "json": '{"x": 1}'}, "nothing": None, "list": [1], "f": IMAGE}
    )
    return made


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("n1", None),
        ("n1.text", "T"),
        ("n1.obj.a.b", 1),
        ("n1.obj.a.c", None),
        ("n1.obj.a.b.c", None),
        ("n1.obj.json.x", None),
        ("n1.list.0", None),
        ("n1.f.name", "a.png"),
        ("n1.f.extension", ".png"),
        ("n1.f.url", "http://x/a"),
        ("n1.f.content", None),
        ("sys.query", "hi"),
    ],
)
def test_selectors_walk_objects_and_files(path: str, value: Any) -> None:
    assert pool().get(path.split(".")) == value


def test_null_exists_and_nothing_does_not() -> None:
    assert pool().exists(["n1", "nothing"])
    assert not pool().exists(["n1", "missing"])
    assert not pool().exists(["n1"])


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{#n1.text#}} and {{#sys.query#}}", "T and hi"),
        ("{{#n1.missing#}}", "n1.missing"),
        ("{{#n1.obj.a#}}", '{"b": 1}'),
        ("{{#n1.nothing#}}", ""),
        ("{{# n1.text #}}", "{{# n1.text #}}"),
        ("{{#n1#}}", "{{#n1#}}"),
        (f"{{{{#n1.{'a' * 31}#}}}}", f"{{{{#n1.{'a' * 31}#}}}}"),
        ("sys.query", "hi"),  # a literal that happens to be a path
        ("sys.query ", "sys.query "),
        ("", ""),
    ],
)
def test_templates_render(template: str, text: str) -> None:
    assert pool().render(template) == text


NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,29}", fullmatch=True)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.tuples(NAMES, NAMES), st.text(alphabet="{}# .ab", max_size=12)), max_size=8))
def test_splitting_loses_nothing_and_finds_all_references(parts: list[Any]) -> None:
    template = "".join(f"{{{{#{part[0]}.{part[1]}#}}}}" if isinstance(part, tuple) else part for part in parts)
    pieces = split_template(template)
    back = "".join(f"{{{{#{piece.text}#}}}}" if piece.is_reference else piece.text for piece in pieces)
    assert back == template
    assert set(references_in(template)) >= {part for part in parts if isinstance(part, tuple) and "{" not in template}


def test_rendering_hostile_text_takes_linear_time() -> None:
    began = time.process_time()
    pool().render("{{#a" * 100_000)
    pool().render("{{#" + "a." * 100_000)
    assert time.process_time() - began < 30


def test_a_fork_sees_everything_and_gives_nothing_back() -> None:
    made = pool()
    made.declare("conversation", "v", "array[string]", [])
    child = made.fork()
    child.put("n1", "text", "changed")
    child.put("new", "x", 1)
    assert (made.get(["n1", "text"]), made.exists(["new", "x"])) == ("T", False)
    assert child.type_of(["conversation", "v"]) == "array[string]"


def test_secrets_are_masked_at_every_depth() -> None:
    made = Pool()
    made.declare("env", "key", "secret", "sk-1234567890")
    shown = made.masked({"a": ["Bearer sk-1234567890", 1], "b": "fine"})
    assert shown == {"a": ["Bearer " + mask("sk-1234567890"), 1], "b": "fine"}
    assert made.render("{{#env.key#}}") == "sk-1234567890"


def test_secrets_are_masked_in_every_spelling() -> None:
    made = Pool()
    made.declare("env", "short", "secret", "pass word")
    made.declare("env", "long", "secret", 'pass word"&ü')
    for told in (
        '{"k": "pass word\\"&\\u00fc"}',
        '{"k": "pass word\\"&ü"}',
        "/?k=pass%20word%22%26%C3%BC",
        "k=pass+word%22%26%C3%BC",
    ):
        shown = str(made.masked(told))
        assert "word" not in shown and "pass" in shown, shown
    assert made.masked("a pass word") == "a " + mask("pass word")
