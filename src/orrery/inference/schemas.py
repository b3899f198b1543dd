"""JSON Schemas as vendors want them: from app parameters, strict where they qualify, thinned where a vendor balks."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from orrery.inference.json_shapes import JsonObject, is_array, is_object
from orrery.inference.types import InvokeBadRequestError, LLMCall

_KEPT_BY_GEMINI = frozenset({
    "type", "format", "title", "description", "nullable", "enum", "items", "maxItems", "minItems", "properties",
    "required", "minProperties", "maxProperties", "minLength", "maxLength", "pattern", "anyOf", "propertyOrdering",
    "minimum", "maximum",
})  # fmt: skip


class AnswerShape(msgspec.Struct, frozen=True):
    """What the answer must look like: ``text``, any JSON ``object``, or a ``schema`` with its name."""

    kind: str = "text"
    name: str = "answer"
    schema: Mapping[str, object] = {}


def answer_shape(call: LLMCall) -> AnswerShape:
    """From the call's schema, or from the parameters ``response_format`` and ``json_schema`` of exported apps.

    Raises `InvokeBadRequestError` when ``json_schema`` is not a JSON object.
    """
    if call.json_schema is not None:
        return AnswerShape("schema", schema=call.json_schema)
    wanted = str(call.parameters.get("response_format") or "").lower()
    if wanted == "json_schema":
        return _shape_of(call.parameters.get("json_schema"))
    if wanted in {"json_object", "json"}:
        return AnswerShape("object")
    return AnswerShape()


def qualifies_as_strict(schema: object) -> bool:
    """Whether every object lists all its properties as required and closes itself, as strict mode demands."""
    if is_array(schema):
        return all(qualifies_as_strict(item) for item in schema)
    if not is_object(schema):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        properties = schema.get("properties")
        required = schema.get("required")
        names = set(properties) if is_object(properties) else set[str]()
        if schema.get("additionalProperties") is not False or not is_array(required):
            return False
        if {str(r) for r in required} != names:
            return False
    return all(qualifies_as_strict(value) for value in schema.values())


def thinned(schema: object, *, inside_properties: bool = False) -> object:
    """A schema reduced to the OpenAPI subset that gemini reads; type lists with null become nullable."""
    if is_array(schema):
        return [thinned(item) for item in schema]
    if not is_object(schema):
        return schema
    if inside_properties:
        return {name: thinned(value) for name, value in schema.items()}
    out: JsonObject = {}
    for name, value in schema.items():
        if name == "const":
            out["enum"] = [value]
        elif name == "oneOf":
            out["anyOf"] = thinned(value)
        elif name == "type" and is_array(value):
            kinds = [k for k in value if k != "null"]
            out["type"] = kinds[0] if kinds else "string"
            if len(kinds) != len(value):
                out["nullable"] = True
        elif name in _KEPT_BY_GEMINI:
            out[name] = thinned(value, inside_properties=name == "properties")
    return out


def _shape_of(value: object) -> AnswerShape:
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError as exc:
            raise InvokeBadRequestError(f"The parameter json_schema is not valid JSON: {exc}") from exc
    if not is_object(value):
        raise InvokeBadRequestError("The parameter json_schema must be a JSON object.")
    inner = value.get("schema")
    if is_object(inner):
        return AnswerShape("schema", name=str(value.get("name") or "answer"), schema=inner)
    return AnswerShape("schema", schema=value)
