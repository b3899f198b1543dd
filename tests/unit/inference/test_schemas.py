import pytest

from orrery.inference.schemas import answer_shape, qualifies_as_strict, thinned
from orrery.inference.types import InvokeBadRequestError, LLMCall, ModelRef


def call(**parameters: object) -> LLMCall:
    return LLMCall(model=ModelRef("openai", "m"), messages=(), parameters=parameters)


def test_shapes_out_of_parameters() -> None:
    assert answer_shape(call()).kind == "text"
    assert answer_shape(call(response_format="text")).kind == "text"
    assert answer_shape(call(response_format="JSON")).kind == "object"
    wrapped = answer_shape(call(response_format="json_schema", json_schema='{"name":"n","schema":{"type":"object"}}'))
    assert (wrapped.name, wrapped.schema) == ("n", {"type": "object"})
    bare = answer_shape(call(response_format="json_schema", json_schema={"type": "array"}))
    assert bare.schema == {"type": "array"}
    with pytest.raises(InvokeBadRequestError, match="must be a JSON object"):
        answer_shape(call(response_format="json_schema", json_schema="[]"))


def test_strictness_is_all_or_nothing() -> None:
    inner: dict[str, object] = {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "required": ["a"],
        "additionalProperties": False,
    }
    outer: dict[str, object] = {
        "type": "object",
        "properties": {"x": inner},
        "required": ["x"],
        "additionalProperties": False,
    }
    assert qualifies_as_strict(outer)
    assert not qualifies_as_strict({**outer, "required": []})
    assert not qualifies_as_strict({**outer, "properties": {"x": {**inner, "additionalProperties": True}}})


def test_thinned_keeps_property_names_and_drops_what_gemini_refuses() -> None:
    schema = {
        "$schema": "x",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "default": {"type": ["string", "null"], "default": "d"},
            "k": {"const": 1},
            "o": {"oneOf": [{"type": "string"}]},
        },
    }
    assert thinned(schema) == {
        "type": "object",
        "properties": {
            "default": {"type": "string", "nullable": True},
            "k": {"enum": [1]},
            "o": {"anyOf": [{"type": "string"}]},
        },
    }
