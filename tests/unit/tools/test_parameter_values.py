from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.tools.entity import ToolDescription, ToolEntity, ToolIdentity, ToolOption, ToolParameter
from orrery.tools.errors import ToolParameterValidationError
from orrery.tools.parameter_values import argument_schema, cast_value, configured, typed


@pytest.mark.parametrize(
    ("kind", "given_value", "result"),
    [
        ("string", None, ""),
        ("string", 3, "3"),
        ("string", {"a": "ä"}, '{"a": "ä"}'),
        ("number", "3", 3),
        ("number", "3.5", 3.5),
        ("number", "", None),
        ("boolean", "no", False),
        ("boolean", "Yes", True),
        ("boolean", "maybe", True),
        ("boolean", None, False),
        ("files", {"id": 1}, [{"id": 1}]),
        ("file", [{"id": 1}], {"id": 1}),
        ("array", '["a"]', ["a"]),
        ("array", "a", ["a"]),
        ("object", '{"a": 1}', {"a": 1}),
        ("object", [], {}),
        ("any", [1, "a"], [1, "a"]),
    ],
)
def test_values_take_the_type_of_their_parameter(kind: str, given_value: object, result: object):
    assert cast_value(ToolParameter(name="p", type=kind), given_value) == result  # type: ignore[arg-type]


def test_what_can_t_be_cast_is_named():
    with pytest.raises(ToolParameterValidationError, match="'x' is not in correct type of number"):
        cast_value(ToolParameter(name="p", type="number"), "x")
    with pytest.raises(ToolParameterValidationError, match="only accepts one file"):
        cast_value(ToolParameter(name="p", type="file"), [{}, {}])
    with pytest.raises(ToolParameterValidationError, match="correct type of object"):
        cast_value(ToolParameter(name="p", type="object"), "{")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["string", "number", "boolean", "array", "object", "any", "file", "files", "checkbox"]),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=6),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
        max_leaves=4,
    ),
)
def test_nothing_but_its_own_error_is_raised(kind: str, value: object):
    try:
        cast_value(ToolParameter(name="p", type=kind), value)  # type: ignore[arg-type]
    except ToolParameterValidationError as error:
        assert kind in str(error) or "one file" in str(error)


def test_what_forms_hold():
    choice = ToolParameter(name="c", type="select", default="a", options=(ToolOption("a"), ToolOption("b")))
    assert configured(choice, "") == "a"
    assert configured(choice, "b") == "b"
    with pytest.raises(ToolParameterValidationError, match=r"value z not in options \['a', 'b'\]"):
        configured(choice, "z")
    with pytest.raises(ToolParameterValidationError, match="tool parameter p not found in tool config"):
        configured(ToolParameter(name="p", required=True), None)
    assert configured(ToolParameter(name="p"), None) is None
    assert configured(ToolParameter(name="n", type="number"), 0) == 0


def test_what_a_model_is_told():
    entity = ToolEntity(
        identity=ToolIdentity(name="t", provider="p"),
        description=ToolDescription(llm="does things"),
        parameters=(
            ToolParameter(name="q", llm_description="question", required=True),
            ToolParameter(name="kind", options=(ToolOption("a"), ToolOption("b"))),
            ToolParameter(name="list", type="array", input_schema={"type": "array", "items": {"type": "number"}}),
            ToolParameter(name="limit", type="number", form="form"),
            ToolParameter(name="upload", type="file"),
            ToolParameter(name="fixed", required=True),
        ),
    )
    assert argument_schema(entity, hidden=frozenset({"fixed"})) == {
        "type": "object",
        "properties": {
            "q": {"type": "string", "description": "question"},
            "kind": {"type": "string", "description": "", "enum": ["a", "b"]},
            "list": {"type": "array", "items": {"type": "number"}},
        },
        "required": ["q"],
    }
    assert typed(entity, {"limit": "3", "unknown": "x"}) == {"limit": 3, "unknown": "x"}
