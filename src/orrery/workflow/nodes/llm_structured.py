"""Answers that must be a JSON object: how the model is asked, and how its text is read (workflow.md 3.10)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import msgspec

from orrery.inference.types import Message
from orrery.workflow.nodes.llm_errors import LLMNodeError, OutputParserError
from orrery.workflow.nodes.llm_json import BrokenJson, read_json
from orrery.workflow.nodes.llm_reasoning import split_reasoning
from orrery.workflow.nodes.prompt_template import is_list, is_mapping

_DEMAND = """

Answer with one JSON object and nothing else: no explanation, no code fence.
The object must satisfy this JSON Schema:
{schema}"""


def schema_of(structured: Mapping[str, object] | None) -> Mapping[str, object]:
    """Raises `LLMNodeError` when there is no schema to hold the answer to."""
    if not structured:
        raise LLMNodeError("Please provide a valid structured output schema")
    return structured


def demand_json(messages: Sequence[Message], schema: Mapping[str, object], *, completion: bool) -> tuple[Message, ...]:
    """The messages with the schema spelt out, for models without a schema option of their own."""
    demand = _DEMAND.format(schema=json.dumps(schema, ensure_ascii=False, indent=2))
    if completion and messages and isinstance(messages[0].content, str):
        return (msgspec.structs.replace(messages[0], content=messages[0].content + demand), *messages[1:])
    if messages and messages[0].role == "system" and isinstance(messages[0].content, str):
        return (msgspec.structs.replace(messages[0], content=messages[0].content + demand), *messages[1:])
    return (Message(role="system", content=demand.strip()), *messages)


async def read_object(text: str) -> dict[str, object] | None:
    """The JSON object in a model's answer, forgiving what models get wrong; None without one.

    Reasoning and code fences are left out; of a list, the first object counts.
    """
    answer, _ = split_reasoning(text)
    try:
        value = await read_json(answer)
    except BrokenJson:
        return None
    if is_list(value):
        value = next((item for item in value if is_mapping(item)), None)
    return dict(value) if is_mapping(value) else None


async def parse_structured(text: str) -> dict[str, object]:
    """Raises `OutputParserError`."""
    value = await read_object(text)
    if value is None:
        raise OutputParserError(f"Failed to parse structured output: {text}")
    return value
