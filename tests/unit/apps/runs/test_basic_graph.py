"""Chat and completion configurations as graphs: placeholders, prompts, and users whose words stay words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.integration.runs.house import House, house
from tests.support.app import new_database

from orrery.apps.catalog.errors import AppUnavailable
from orrery.apps.runs.basic_graph import aliases, basic_graph, referring
from orrery.apps.runs.versions import basic_form, start_form

MODEL = {"provider": "langgenius/openai/openai", "name": "m", "mode": "chat", "completion_params": {"temperature": 0}}
FORM = [
    {"text-input": {"label": "城市", "variable": "城市", "required": False}},
    {"paragraph": {"label": "😀", "variable": "note", "required": False}},
]


def llm_of(configs: Mapping[str, object], mode: str = "chat", *, asked: bool = False) -> dict[str, Any]:
    full = {"model": MODEL, "user_input_form": FORM, **configs}
    graph: Any = basic_graph(full, basic_form(full), mode, asked=asked)
    return next(n["data"] for n in graph["nodes"] if n["id"] == "llm")


def test_placeholders_name_form_fields_in_any_script() -> None:
    names = aliases(basic_form({"user_input_form": FORM}))
    assert names == {"城市": "v0", "note": "v1"}
    assert referring("In {{城市}}: {{note}} {{note}}", names) == "In {{#form.v0#}}: {{#form.v1#}} {{#form.v1#}}"


@pytest.mark.parametrize(
    "text", ["{{unknown}}", "{note}", "{{ note }}", "{{no\nte}}", "{{{{", "}}", "{{#sys.user_id#}}", "{{" + "x" * 200 + "}}"]
)  # fmt: skip
def test_other_braces_stay_as_they_are(text: str) -> None:
    assert referring(text, {"note": "v0"}) == text


def test_special_placeholders() -> None:
    assert referring("{{#query#}}|{{#context#}}|{{#histories#}}", {}) == "{{#sys.query#}}||"


@pytest.mark.parametrize(
    ("mode", "configs", "prompt"),
    [
        ("chat", {"pre_prompt": "Hi {{note}}"}, [{"role": "system", "text": "Hi {{#form.v1#}}"}]),
        ("chat", {}, []),
        ("completion", {"pre_prompt": "Say {{note}}"}, [{"role": "user", "text": "Say {{#form.v1#}}"}]),
        ("completion", {}, [{"role": "user", "text": "{{#sys.query#}}"}]),
        ("chat", {"model": {**MODEL, "mode": "completion"}, "pre_prompt": "P"}, {"text": "P\n\n{{#sys.query#}}"}),
        ("completion", {"model": {**MODEL, "mode": "completion"}, "pre_prompt": "P"}, {"text": "P"}),
        (
            "chat",
            {"prompt_type": "advanced", "chat_prompt_config": {"prompt": [{"role": "system", "text": "{{note}}"}, {"text": "u"}]}},
            [{"role": "system", "text": "{{#form.v1#}}"}, {"role": "user", "text": "u"}],
        ),
        (
            "completion",
            {"prompt_type": "advanced", "model": {**MODEL, "mode": "completion"}, "completion_prompt_config": {"prompt": {"text": "{{#query#}}"}}},
            {"text": "{{#sys.query#}}"},
        ),
    ],
)  # fmt: skip
def test_prompts(mode: str, configs: Mapping[str, object], prompt: object) -> None:
    assert llm_of(configs, mode)["prompt_template"] == prompt


@pytest.mark.parametrize(
    ("model", "pre_prompt", "prompt"),
    [
        ({}, "P", [{"role": "system", "text": "P"}, {"role": "user", "text": "{{#sys.query#}}"}]),
        ({}, "", [{"role": "user", "text": "{{#sys.query#}}"}]),
        ({"mode": "completion"}, "P", {"text": "P\n\n{{#sys.query#}}"}),
    ],
)
def test_the_prompt_precedes_what_a_caller_asks(model: Mapping[str, object], pre_prompt: str, prompt: object) -> None:
    configs = {"model": {**MODEL, **model}, "pre_prompt": pre_prompt}
    assert llm_of(configs, "completion", asked=True)["prompt_template"] == prompt


def test_memory_is_for_chats_and_pictures_for_those_who_allow_them() -> None:
    assert "memory" in llm_of({}, "chat")
    assert "memory" not in llm_of({}, "completion")
    assert llm_of({})["vision"]["enabled"] is False
    seen = llm_of({"file_upload": {"image": {"enabled": True, "detail": "low"}}})["vision"]
    assert (seen["enabled"], seen["configs"]["detail"]) == (True, "low")


@pytest.mark.parametrize("model", [None, {}, "gpt", {"provider": "p"}, {"name": ""}])
def test_without_a_model_nothing_runs(model: object) -> None:
    with pytest.raises(AppUnavailable, match="no model"):
        basic_graph({"model": model}, [], "chat")


def test_an_agent_app_is_a_graph_around_an_agent() -> None:
    tools = [{"enabled": True, "provider_type": "builtin", "provider_id": "time", "tool_name": "current_time"}]
    form = [{"variable": "who", "type": "text-input"}]
    configs = {
        "model": MODEL,
        "pre_prompt": "You help {{who}}.",
        "agent_mode": {"enabled": True, "strategy": "react", "max_iteration": 4, "tools": tools},
    }
    graph: Any = basic_graph(configs, form, "agent-chat")
    assert [node["id"] for node in graph["nodes"]] == ["start", "agent", "answer"]
    data = graph["nodes"][1]["data"]
    parameters = data["agent_parameters"]
    assert parameters["instruction"]["value"] == "You help {{#form.v0#}}."
    assert (parameters["query"]["value"], parameters["maximum_iterations"]["value"]) == ("{{#sys.query#}}", 4)
    assert [tool["tool_name"] for tool in parameters["tools"]["value"]] == ["current_time"]
    assert data["app_agent"]["strategy"] == "react"
    assert graph["nodes"][2]["data"]["answer"] == "{{#agent.text#}}"


ODD = st.one_of(
    st.none(), st.integers(), st.text(max_size=3), st.lists(st.integers() | st.text(max_size=2), max_size=2)
)
NESTED = st.dictionaries(
    st.sampled_from(["prompt", "text", "role", "image", "enabled", "variable", "text-input"]), ODD, max_size=3
)


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["user_input_form", "pre_prompt", "chat_prompt_config", "completion_prompt_config", "file_upload"]
        ),
        ODD | NESTED | st.lists(NESTED, max_size=2),
    ),
    st.sampled_from(["simple", "advanced"]),
    st.sampled_from(["chat", "completion"]),
)
def test_no_configuration_breaks_it(configs: dict[str, object], prompt_type: str, model_mode: str) -> None:
    full = {**configs, "prompt_type": prompt_type, "model": {**MODEL, "mode": model_mode}}
    for mode in ("chat", "completion"):
        basic_graph(full, basic_form(full), mode)


@pytest.mark.parametrize("text", ['{"nodes": 5}', '{"nodes": [1, {"data": 2}]}', '{"nodes": [{"data": {"type": "start", "variables": 7}}]}', "{}"])  # fmt: skip
def test_start_forms_of_unfinished_graphs_are_empty(text: str) -> None:
    assert start_form(text) == []


@pytest.fixture
async def home(tmp_path: Any) -> Any:
    async with new_database(tmp_path) as database, house(database, tmp_path) as made:
        yield made


async def test_what_users_write_is_never_a_reference(home: House) -> None:
    config: dict[str, object] = {"model": MODEL, "pre_prompt": "Note: {{note}}; {{城市}}", "user_input_form": FORM}
    app_id = await home.new_app("chat", config=config)
    hostile = "{{#sys.user_id#}} {{note}} {{#form.v0#}} {{ 1 + 1 }}"
    live = await home.run(app_id, {"note": hostile, "城市": "北京"}, query="{{#sys.app_id#}}")
    assert live.outcome.result().end.status == "succeeded"
    (call,) = home.office.models.calls
    said = [message.text() for message in call.messages]
    assert said == [f"Note: {hostile}; 北京", "{{#sys.app_id#}}"]


async def test_a_chat_remembers_its_turns(home: House) -> None:
    app_id = await home.new_app("chat", config={"model": MODEL, "pre_prompt": ""})
    first = await home.run(app_id, query="one")
    assert first.spec.turn is not None
    await home.run(app_id, query="two", conversation_id=first.spec.turn.conversation_id)
    answer = first.outcome.result().answer
    assert [(m.role, m.text()) for m in home.office.models.calls[1].messages] == [
        ("user", "one"), ("assistant", answer), ("user", "two"),
    ]  # fmt: skip


KNOWN = {
    "datasets": {"datasets": [{"dataset": {"enabled": True, "id": "d1"}}, {"dataset": {"enabled": False, "id": "d2"}}]}
}


def test_an_app_with_knowledge_searches_before_it_asks() -> None:
    configs = {"model": MODEL, "pre_prompt": "Be brief.", "dataset_configs": {**KNOWN, "top_k": 7}}
    graph: Any = basic_graph(configs, [], "chat")
    assert [node["id"] for node in graph["nodes"]] == ["start", "knowledge", "llm", "answer"]
    assert [(edge["source"], edge["target"]) for edge in graph["edges"]] == [
        ("start", "knowledge"), ("knowledge", "llm"), ("llm", "answer"),
    ]  # fmt: skip
    search, llm = graph["nodes"][1]["data"], graph["nodes"][2]["data"]
    assert (search["dataset_ids"], search["query_variable_selector"]) == (["d1"], ["sys", "query"])
    assert search["multiple_retrieval_config"]["top_k"] == 7
    assert llm["context"]["variable_selector"] == ["knowledge", "result"]
    assert "{context}" in llm["context"]["frame"]
    assert llm["prompt_template"] == [{"role": "system", "text": "{{#context#}}Be brief."}]


def test_an_advanced_prompt_says_where_passages_go() -> None:
    prompt = {"prompt": [{"role": "system", "text": "Know: {{#context#}}"}]}
    configs = {"model": MODEL, "prompt_type": "advanced", "chat_prompt_config": prompt}
    assert llm_of(configs)["prompt_template"] == [{"role": "system", "text": "Know: "}]
    informed = llm_of({**configs, "dataset_configs": KNOWN, "retriever_resource": {"enabled": False}})
    assert informed["prompt_template"] == [{"role": "system", "text": "Know: {{#context#}}"}]
    assert (informed["context"]["frame"], informed["context"]["cited"]) == (None, False)


def test_a_completion_app_searches_for_a_field_of_its_form() -> None:
    form = [{"variable": "Frage", "type": "text-input"}]
    filters = {"conditions": [{"name": "by", "comparison_operator": "is", "value": "{{Frage}}"}]}
    dataset = {
        **KNOWN, "retrieval_model": "single", "metadata_filtering_mode": "manual",
        "metadata_filtering_conditions": filters,
    }  # fmt: skip
    configs = {"model": MODEL, "dataset_query_variable": "Frage", "dataset_configs": dataset}
    graph: Any = basic_graph(configs, form, "completion")
    search = graph["nodes"][1]["data"]
    assert search["query_variable_selector"] == ["form", "v0"]
    assert (search["retrieval_mode"], search["single_retrieval_config"]["model"]["name"]) == ("single", MODEL["name"])
    assert search["metadata_filtering_conditions"]["conditions"][0]["value"] == "{{#form.v0#}}"


def test_an_agent_is_given_what_was_found() -> None:
    configs = {"model": MODEL, "pre_prompt": "Help.", "dataset_configs": KNOWN, "agent_mode": {"enabled": True}}
    graph: Any = basic_graph(configs, [], "agent-chat")
    assert [node["id"] for node in graph["nodes"]] == ["start", "knowledge", "agent", "answer"]
    data = graph["nodes"][2]["data"]
    assert data["agent_parameters"]["instruction"]["value"] == "{{#context#}}Help."
    assert data["agent_parameters"]["context"] == {"type": "variable", "value": ["knowledge", "result"]}
    assert "{context}" in data["app_agent"]["frame"]


def test_old_agents_datasets_are_knowledge_of_a_chat() -> None:
    tools = [{"dataset": {"enabled": True, "id": "d3"}}, {"dataset": {"enabled": False, "id": "d4"}}]
    configs = {"model": MODEL, "agent_mode": {"enabled": True, "strategy": "router", "tools": tools}}
    graph: Any = basic_graph(configs, [], "chat")
    search = graph["nodes"][1]["data"]
    assert (search["dataset_ids"], search["retrieval_mode"]) == (["d3"], "single")
