"""The llm node: prompts in, streamed text and records out."""

from __future__ import annotations

import base64
from decimal import Decimal

import pytest

from orrery.inference.types import (
    InvokeRateLimitError,
    LLMDelta,
    MediaPart,
    Message,
    ModelFeatures,
    ModelNotFound,
    TextPart,
    Usage,
)
from orrery.workflow.events import ReasoningChunk
from orrery.workflow.node import NodeFailure
from orrery.workflow.nodes.llm import LlmNode
from orrery.workflow.nodes.llm_data import ModelNodeOptions

from .outside import Context, Memory, ScriptedModels

USAGE = Usage(prompt_tokens=3, completion_tokens=2, total_tokens=5, total_price=Decimal("0.25"), latency=0.5)
END = LLMDelta(finish_reason="stop", usage=USAGE)
MODEL = {"provider": "openai", "name": "gpt", "mode": "chat", "completion_params": {"temperature": 0.1, "stop": ["X"]}}
SEEING = ModelFeatures(context_size=8000, vision=True)


def node(options: ModelNodeOptions | None = None, **data: object) -> LlmNode:
    data = {"type": "llm", "title": "t", "model": MODEL, "prompt_template": [{"role": "user", "text": "hi"}]} | data
    return LlmNode.configured(options or ModelNodeOptions()).parse("llm1", data)


def context(*script: LLMDelta | Exception, features: ModelFeatures | Exception | None = None) -> Context:
    made = Context()
    made.services.models = ScriptedModels(script or [LLMDelta(text="ok"), END], features=features)
    made.variables.put("sys", "query", "what?")
    return made


async def sent(made: Context, llm: LlmNode) -> tuple[Message, ...]:
    await llm.run(made)
    return made.services.models.calls[0].messages


async def test_streams_pieces_and_records_the_call():
    made = context(LLMDelta(text="Hel"), LLMDelta(text="lo"), END)
    made.variables.put("start", "name", "Ada")
    llm = node(prompt_template=[{"role": "system", "text": "Be {{#start.name#}}"}, {"role": "user", "text": "hi"}])
    outcome = await llm.run(made)
    assert made.chunks == [("text", "Hel", False), ("text", "lo", False), ("text", "", True)]
    assert outcome.outputs == {
        "text": "Hello",
        "reasoning_content": "",
        "usage": USAGE.as_wire(),
        "finish_reason": "stop",
    }
    assert outcome.inputs == {"#start.name#": "Ada"}
    assert outcome.process_data == {
        "model_mode": "chat",
        "prompts": [
            {"role": "system", "text": "Be Ada", "files": []},
            {"role": "user", "text": "hi", "files": []},
        ],
        "usage": USAGE.as_wire(),
        "finish_reason": "stop",
        "model_provider": "openai",
        "model_name": "gpt",
    }
    assert outcome.metadata == {"total_tokens": 5, "total_price": "0.25", "currency": "USD"}
    call = made.services.models.calls[0]
    assert (dict(call.parameters), call.stop) == ({"temperature": 0.1}, ("X",))
    assert made.barriers == 1


def test_only_a_node_with_retry_is_repeatable():
    assert not node().repeatable
    assert node(retry_config={"retry_enabled": True, "max_retries": 2}).repeatable


def test_wrong_data_names_the_field():
    with pytest.raises(ValueError, match=r"prompt_template"):
        node(prompt_template=[{"role": "robot", "text": "x"}])
    with pytest.raises(ValueError, match=r"model"):
        LlmNode.parse("x", {"prompt_template": []})


def test_references_name_every_selector():
    llm = node(
        prompt_template=[{"role": "user", "text": "{{#a.b#}}"}, {"edition_type": "jinja2", "jinja2_text": "{{ v }}"}],
        prompt_config={"jinja2_variables": [{"variable": "v", "value_selector": ["c", "d"]}]},
        context={"enabled": True, "variable_selector": ["k", "result"]},
        vision={"enabled": True, "configs": {"variable_selector": ["sys", "files"], "detail": "low"}},
        memory={"window": {"enabled": False, "size": 10}, "query_prompt_template": "{{#e.f#}}"},
    )
    assert [tuple(s) for s in llm.references()] == [
        ("a", "b"),
        ("e", "f"),
        ("c", "d"),
        ("k", "result"),
        ("sys", "files"),
    ]


async def test_a_missing_variable_fails_and_a_null_one_is_empty():
    made = context()
    made.variables.put("a", "none", None)
    with pytest.raises(NodeFailure, match=r"^Variable #a\.gone# not found$") as caught:
        await node(prompt_template=[{"role": "user", "text": "x{{#a.gone#}}"}]).run(made)
    assert type(caught.value).__name__ == "VariableNotFoundError"
    assert (await sent(made, node(prompt_template=[{"role": "user", "text": "x{{#a.none#}}y"}])))[0].text() == "xy"


async def test_what_a_user_writes_is_never_a_reference():
    made = context()
    made.variables.put("env", "key", "secret")
    made.variables.put("sys", "query", "{{#env.key#}} {{#context#}}")
    llm = node(
        prompt_template=[{"role": "system", "text": "{{#sys.query#}}"}],
        memory={"window": {"enabled": False}, "query_prompt_template": "{{#sys.query#}}"},
    )
    assert [m.text() for m in await sent(made, llm)] == ["{{#env.key#}} {{#context#}}"] * 2


async def test_jinja_prompts_get_raw_values_and_show_knowledge_by_content():
    made = context()
    made.variables.put("k", "result", [{"metadata": {"_source": "knowledge"}, "content": "C1"}, {"n": 1}])
    llm = node(
        prompt_template=[
            {"role": "user", "edition_type": "jinja2", "jinja2_text": "{{ r[0].content }}|{{ gone }}|", "text": ""}
        ],
        prompt_config={
            "jinja2_variables": [
                {"variable": "r", "value_selector": ["k", "result"]},
                {"variable": "gone", "value_selector": ["no", "where"]},
            ]
        },
    )
    outcome = await llm.run(made)
    assert made.services.models.calls[0].messages[0].text() == "C1||"
    assert outcome.inputs == {"r": 'C1\n{"n": 1}', "gone": ""}


async def test_a_broken_jinja_prompt_fails_as_code():
    with pytest.raises(NodeFailure) as caught:
        await node(prompt_template=[{"edition_type": "jinja2", "jinja2_text": "{{ 1/0 }}"}]).run(context())
    assert caught.value.error_type == "CodeExecutionError"


KNOWN = {
    "metadata": {"_source": "knowledge", "dataset_id": "d", "segment_id": "s", "segment_hit_count": 4, "position": 1},
    "title": "T",
    "content": "body",
    "summary": "short",
    "files": [],
}


async def test_context_is_put_in_and_cited():
    made = context()
    made.variables.put("k", "result", ["plain", KNOWN])
    llm = node(
        prompt_template=[{"role": "system", "text": "Use: {{#context#}}."}],
        context={"enabled": True, "variable_selector": ["k", "result"]},
    )
    outcome = await llm.run(made)
    assert made.services.models.calls[0].messages[0].text() == "Use: plain\nshort\nbody."
    assert outcome.inputs == {"#context#": "plain\nshort\nbody"}
    [resource] = outcome.retriever_resources
    assert resource["hit_count"] == 4
    assert (resource["dataset_id"], resource["content"], resource["title"]) == ("d", "body", "T")


async def test_context_without_content_is_refused():
    made = context()
    made.variables.put("k", "result", [{"a": 1}])
    with pytest.raises(NodeFailure, match=r"^Invalid context structure: \{'a': 1\}$"):
        await node(context={"enabled": True, "variable_selector": ["k", "result"]}).run(made)


async def test_history_and_query_follow_the_prompt_and_the_window_counts_rounds():
    made = context()
    past = [Message("user", "q1"), Message("assistant", "a1")]
    made.services.memory = Memory(past)
    llm = node(prompt_template=[{"role": "system", "text": "S"}], memory={"window": {"enabled": True, "size": 7}})
    messages = await sent(made, llm)
    assert [(m.role, m.text()) for m in messages] == [
        ("system", "S"),
        ("user", "q1"),
        ("assistant", "a1"),
        ("user", "what?"),
    ]
    assert made.services.memory.limits == [7]


@pytest.mark.parametrize(
    ("window", "limit"), [({"enabled": False, "size": 3}, 500), ({"enabled": True, "size": 900}, 500)]
)
async def test_history_is_capped(window: dict[str, object], limit: int):
    made = context()
    made.services.memory = Memory()
    await node(memory={"window": window}).run(made)
    assert made.services.memory.limits == [limit]


async def test_history_gives_way_to_the_models_context():
    made = context(features=ModelFeatures(context_size=20))
    made.services.memory = Memory(
        [
            Message("user", "one two three"),
            Message("assistant", "one two three"),
            Message("user", "four five"),
            Message("assistant", "six"),
        ]
    )
    llm = node(
        model=MODEL | {"completion_params": {"max_tokens": 12}},
        prompt_template=[{"role": "system", "text": "S"}],
        memory={"window": {"enabled": False}},
    )
    # 20 - 12 for the answer - 2 for prompt and query: the newer round fits, half of the older one is not sent.
    assert [m.text() for m in await sent(made, llm)] == ["S", "four five", "six", "what?"]


async def test_completion_prompts_take_history_and_query_at_their_marks():
    made = context()
    made.services.memory = Memory(
        [Message("user", "q"), Message("assistant", (TextPart("a"), MediaPart("image", "image/png", url="u")))]
    )
    made.variables.put("a", "b", "#histories#")
    llm = node(
        model=MODEL | {"mode": "completion"},
        prompt_template={"text": "<{{#histories#}}>\nHuman: {{#sys.query#}} {{#a.b#}}"},
        memory={"role_prefix": {"user": "H", "assistant": "A"}, "window": {"enabled": False}},
    )
    messages = await sent(made, llm)
    assert [(m.role, m.text()) for m in messages] == [("user", "<H: q\nA: a\n[image]>\nHuman: what? #histories#")]


async def test_completion_history_without_a_mark_comes_first():
    made = context()
    made.services.memory = Memory([Message("user", "q")])
    llm = node(
        prompt_template={"text": "ask #sys.query#"},
        memory={"role_prefix": {"user": "H", "assistant": "A"}, "window": {"enabled": False}},
    )
    assert (await sent(made, llm))[0].text() == "H: q\nask what?"


async def test_completion_memory_needs_names():
    with pytest.raises(NodeFailure, match="Memory role prefix is required for completion model"):
        await node(prompt_template={"text": "x"}, memory={"window": {"enabled": False}}).run(context())


async def test_files_go_before_the_last_users_text():
    made = context(features=SEEING)
    image = made.services.files.add(b"png", name="a.png", mime_type="image/png", kind="image")
    sound = made.services.files.add(b"mp3", name="a.mp3", mime_type="audio/mpeg", kind="audio")
    made.variables.put("sys", "files", [image, sound])
    outcome = await (
        llm := node(vision={"enabled": True, "configs": {"variable_selector": ["sys", "files"], "detail": "low"}})
    ).run(made)
    assert llm.node_id == "llm1"
    [message] = made.services.models.calls[0].messages
    assert message.content == (
        MediaPart("image", "image/png", data=base64.b64encode(b"png").decode(), filename="a.png", detail="low"),
        TextPart("hi"),
    )
    assert outcome.inputs["#files#"] == [image, sound]
    [prompt] = outcome.process_data["prompts"]
    assert prompt["files"][0] == {"type": "image", "data": "data:image...[TRUNCATED]...ase64,cG5n", "detail": "low"}


async def test_files_by_url_are_not_read():
    made = context(features=SEEING)
    image = made.services.files.add(b"png", name="a.png", mime_type="image/png", kind="image")
    made.services.files.contents.clear()
    made.variables.put("a", "pic", image)
    llm = node(ModelNodeOptions(media_format="url"), prompt_template=[{"role": "user", "text": "see {{#a.pic#}}"}])
    messages = await sent(made, llm)
    assert [m.role for m in messages] == ["user", "user"]
    assert messages[1].content[0].url == "https://files.test/file-1?signed"


async def test_nothing_to_send_is_an_error():
    with pytest.raises(NodeFailure, match=r"^No prompt found in the LLM configuration"):
        await node(prompt_template=[{"role": "user", "text": ""}]).run(context())


@pytest.mark.parametrize("fmt", ["tagged", "separated"])
async def test_reasoning_stands_in_marks_or_apart(fmt: str):
    made = context(LLMDelta(reasoning="I "), LLMDelta(reasoning="think"), LLMDelta(text="Answer"), END)
    outputs = (await node(reasoning_format=fmt).run(made)).outputs
    expected = ("<think>\nI think\n</think>Answer", "") if fmt == "tagged" else ("Answer", "I think")
    assert (outputs["text"], outputs["reasoning_content"]) == expected
    assert "".join(text for _, text, _ in made.chunks) == expected[0]
    told = [(event.text, event.is_final) for event in made.events if isinstance(event, ReasoningChunk)]
    assert told == ([] if fmt == "tagged" else [("I", False), (" think", False), ("", True)])


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}


async def test_structured_output_uses_the_models_own_option():
    made = context(LLMDelta(text='{"n": 1}'), END, features=ModelFeatures(structured_output=True))
    outputs = (await node(structured_output_enabled=True, structured_output={"schema": SCHEMA}).run(made)).outputs
    assert outputs["structured_output"] == {"n": 1}
    assert made.services.models.calls[0].json_schema == SCHEMA


async def test_structured_output_falls_back_to_the_prompt():
    made = context(LLMDelta(text="<think>{}</think>```json\n[1, {'n': 1,}]\n```"), END)
    outputs = (await node(structured_output_enabled=True, structured_output={"schema": SCHEMA}).run(made)).outputs
    assert outputs["structured_output"] == {"n": 1}
    call = made.services.models.calls[0]
    assert call.json_schema is None
    assert '"integer"' in call.messages[0].text()


async def test_structured_output_that_is_none_fails():
    made = context(LLMDelta(text="sorry"), END)
    with pytest.raises(NodeFailure, match=r"^Failed to parse structured output: sorry$") as caught:
        await node(structured_output_enabled=True, structured_output={"schema": SCHEMA}).run(made)
    assert caught.value.process_data["finish_reason"] == "stop"
    with pytest.raises(NodeFailure, match=r"^Please provide a valid structured output schema$"):
        await node(structured_output_enabled=True).run(context())


async def test_pictures_in_the_answer_are_kept():
    picture = MediaPart("image", "image/png", data=base64.b64encode(b"PNG").decode())
    made = context(LLMDelta(text="Look: "), LLMDelta(images=(picture,)), END)
    outputs = (await node().run(made)).outputs
    assert outputs["text"] == "Look: ![](https://files.test/file-1?signed)"
    [file] = outputs["files"]
    assert (file["filename"], file["mime_type"]) == ("image-1.png", "image/png")
    assert made.services.files.contents["file-1"] == b"PNG"


async def test_failures_carry_the_name_of_the_error_and_what_was_asked():
    made = context(LLMDelta(text="par"), InvokeRateLimitError("slow down"))
    with pytest.raises(NodeFailure, match=r"^slow down$") as caught:
        await node().run(made)
    assert caught.value.error_type == "InvokeRateLimitError"
    assert caught.value.process_data["prompts"][0]["text"] == "hi"
    with pytest.raises(NodeFailure, match=r"^Model gpt not exist\.$") as caught:
        await node().run(context(features=ModelNotFound("?")))
    assert type(caught.value).__name__ == "ModelNotExistError"
