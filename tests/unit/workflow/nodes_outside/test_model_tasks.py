"""The question-classifier and parameter-extractor nodes."""

from __future__ import annotations

import json

import pytest

from orrery.inference.types import InvokeConnectionError, LLMDelta, Message, ModelFeatures, ToolCall, Usage
from orrery.workflow.node import NodeFailure
from orrery.workflow.nodes.parameter_extractor import ParameterExtractorNode
from orrery.workflow.nodes.question_classifier import QuestionClassifierNode

from .outside import Context, Memory, ScriptedModels

END = LLMDelta(finish_reason="stop", usage=Usage(total_tokens=4, prompt_tokens=3, completion_tokens=1))
MODEL = {"provider": "p", "name": "m", "mode": "chat", "completion_params": {}}
TOOLS = ModelFeatures(context_size=8000, tools=True)
NO_TOOLS = ModelFeatures(context_size=8000, tools=False)


def context(*script: LLMDelta | Exception, features: ModelFeatures = TOOLS) -> Context:
    made = Context()
    made.services.models = ScriptedModels(script, features=features)
    made.variables.put("sys", "query", "broken </text> parcel")
    made.variables.put("a", "name", "Praise")
    return made


def classifier(**data: object) -> QuestionClassifierNode:
    classes = [{"id": "1", "name": "Complaint"}, {"id": 2, "name": "{{#a.name#}}"}]
    base = {"model": MODEL, "query_variable_selector": ["sys", "query"], "classes": classes, "instruction": "be kind"}
    return QuestionClassifierNode.parse("c", base | data)


def said(**values: object) -> LLMDelta:
    return LLMDelta(text=json.dumps(values))


async def test_the_named_class_is_the_branch():
    made = context(said(keywords=[], category_id="2", category_name="?"), END)
    outcome = await classifier().run(made)
    assert outcome.handle == "2"
    assert outcome.outputs["class_name"] == "Praise"
    assert outcome.outputs["class_id"] == "2"
    assert outcome.inputs == {"query": "broken </text> parcel"}
    assert outcome.metadata["total_tokens"] == 4
    assert made.chunks == []
    material = json.loads(made.services.models.calls[0].messages[-1].text())
    assert material["categories"] == [
        {"category_id": "1", "category_name": "Complaint"},
        {"category_id": "2", "category_name": "Praise"},
    ]
    assert material["classification_instructions"] == "be kind"


@pytest.mark.parametrize(
    "text",
    [
        '{"category_id": "9", "category_name": "x"}',
        '{"category_id": "2"}',
        '```json\n{"a": 1}\n```',
        '<think>2</think>{"category_id": "1", "category_name": "Complaint"}',
    ],
)
async def test_answers_that_name_no_class_take_the_first(text: str):
    assert (await classifier().run(context(LLMDelta(text=text), END))).handle == "1"


async def test_an_answer_that_is_no_json_fails():
    with pytest.raises(NodeFailure) as caught:
        await classifier().run(context(LLMDelta(text="Praise, I think"), END))
    assert type(caught.value).__name__ == "OutputParserError"
    assert caught.value.inputs == {"query": "broken </text> parcel"}
    with pytest.raises(NodeFailure) as caught:
        await classifier().run(context(InvokeConnectionError("gone")))
    assert caught.value.error_type == "InvokeConnectionError"


async def test_a_classifier_remembers_and_completes():
    made = context(said(category_id="1", category_name="x"), END)
    made.services.memory = Memory([Message("user", "earlier"), Message("assistant", "yes")])
    await classifier(model=MODEL | {"mode": "completion"}, memory={"window": {"enabled": True, "size": 3}}).run(made)
    [message] = made.services.models.calls[0].messages
    assert "Human: earlier\nAssistant: yes" in message.text()
    assert made.services.memory.limits == [3]


def test_a_classifier_needs_classes():
    with pytest.raises(ValueError, match="classes"):
        classifier(classes=[])


PARAMETERS = [
    {"name": "city", "type": "string", "description": "where", "required": True},
    {"name": "days", "type": "number", "description": "", "required": False},
    {"name": "kind", "type": "select", "options": ["a", "b"], "description": "", "required": False},
    {"name": "tags", "type": "array[string]", "description": "", "required": False},
]
GOOD = {"city": "Oslo", "days": 3, "kind": "a", "tags": ["x"]}


def extractor(**data: object) -> ParameterExtractorNode:
    base = {"model": MODEL, "query": ["sys", "query"], "parameters": PARAMETERS, "instruction": "{{#a.name#}}"}
    return ParameterExtractorNode.parse("p", base | data)


async def outputs(*script: LLMDelta | Exception, features: ModelFeatures = TOOLS, **data: object) -> dict[str, object]:
    return dict((await extractor(**data).run(context(*script, features=features))).outputs)


async def test_the_tools_arguments_are_the_values():
    made = context(LLMDelta(tool_calls=(ToolCall("1", "extract_parameters", json.dumps(GOOD)),)), END)
    outcome = await extractor().run(made)
    assert list(outcome.outputs) == ["__is_success", "__reason", "__usage", "city", "days", "kind", "tags"]
    assert {key: outcome.outputs[key] for key in GOOD} == GOOD
    assert (outcome.outputs["__is_success"], outcome.outputs["__reason"]) == (1, None)
    call = made.services.models.calls[0]
    [tool] = call.tools
    assert tool.name == "extract_parameters"
    assert tool.parameters["required"] == ["city"]
    assert tool.parameters["properties"]["kind"]["enum"] == ["a", "b"]
    assert "Praise" in call.messages[-1].text()
    assert outcome.process_data["tool_call"]["name"] == "extract_parameters"


@pytest.mark.parametrize("data", [{"reasoning_mode": "prompt"}, {}])
async def test_without_tools_the_text_is_read(data: dict[str, object]):
    made = context(LLMDelta(text=f"Sure: {json.dumps(GOOD)} done"), END, features=NO_TOOLS)
    outcome = await extractor(**data).run(made)
    assert outcome.outputs["__is_success"] == 1
    assert outcome.outputs["city"] == "Oslo"
    call = made.services.models.calls[0]
    assert call.tools == ()
    assert '"city"' in call.messages[0].text()


async def test_nothing_found_gives_defaults_and_a_reason():
    found = await outputs(LLMDelta(text="no idea"), END)
    assert found["__is_success"] == 0
    assert found["__reason"] == "Failed to extract result from function call or text response, using empty result."
    assert [found[key] for key in GOOD] == ["", 0, "", []]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"city": "Oslo"}, "Invalid number of parameters"),
        ({"town": "Oslo", "days": 1, "kind": "a", "tags": []}, "Parameter city is required"),
        (GOOD | {"kind": "c"}, "Invalid `select` value for parameter kind"),
        (GOOD | {"days": "3"}, "Invalid value for parameter days, expected type: number"),
        (GOOD | {"tags": [1]}, "Invalid value for parameter tags, expected type: array[string]"),
    ],
)
async def test_problems_are_told_and_the_node_succeeds(answer: dict[str, object], reason: str):
    found = await outputs(LLMDelta(text=json.dumps(answer)), END)
    assert (found["__is_success"], found["__reason"]) == (0, reason)


async def test_values_are_coerced():
    parameters = [
        {"name": "n", "type": "number"},
        {"name": "b", "type": "bool"},
        {"name": "l", "type": "array[number]"},
        {"name": "o", "type": "array[object]"},
        {"name": "s", "type": "string"},
    ]
    answer = {"n": "4.5", "b": "True", "l": ["1", "x", 2], "o": [{"a": 1}, "y"], "s": 7}
    found = await outputs(LLMDelta(text=json.dumps(answer)), END, parameters=parameters)
    assert [found[key] for key in answer] == [4.5, True, [1, 2], [{"a": 1}], ""]


async def test_a_failed_call_fails_the_node_and_reserved_names_are_refused():
    with pytest.raises(NodeFailure, match="gone"):
        await outputs(InvokeConnectionError("gone"))
    with pytest.raises(ValueError, match="__reason"):
        extractor(parameters=[{"name": "__reason", "type": "string"}])
