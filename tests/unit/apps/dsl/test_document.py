"""Texts to checked documents: the contract's words for what is wrong, and nothing that a text can break."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.apps.dsl.document import CURRENT_VERSION, MOST_BYTES, DslError, load_yaml, parse, status_for

WORKFLOW: dict[str, Any] = {
    "version": CURRENT_VERSION,
    "kind": "app",
    "app": {"name": "An app", "mode": "workflow"},
    "workflow": {"graph": {"nodes": [], "edges": []}},
}


def text_of(document: Mapping[str, Any], **changes: object) -> str:
    return json.dumps({**document, **changes})


def refused(text: str) -> str:
    with pytest.raises(DslError) as error:
        parse(text)
    return error.value.message


def test_a_good_file_is_read() -> None:
    document = parse(text_of(WORKFLOW, dependencies=[{"type": "marketplace"}]))
    assert (document.version, document.mode) == (CURRENT_VERSION, "workflow")
    assert document.workflow == WORKFLOW["workflow"]
    assert document.model_config is None
    assert document.dependencies == [{"type": "marketplace"}]


@pytest.mark.parametrize("version", [None, "", 0, False])
def test_a_missing_version_is_the_first_one(version: object) -> None:
    assert parse(text_of(WORKFLOW, version=version)).version == "0.1.0"


@pytest.mark.parametrize("kind", [None, "pipeline", 7, []])
def test_the_kind_is_of_no_account(kind: object) -> None:
    assert parse(text_of(WORKFLOW, kind=kind)).mode == "workflow"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 0.5}, "Invalid version type, expected str, got <class 'float'>"),
        ({"version": ["0.5.0"]}, "Invalid version type, expected str, got <class 'list'>"),
        ({"app": None}, "Missing app data in YAML content"),
        ({"app": {}}, "Missing app data in YAML content"),
        ({"app": "An app"}, "Missing app data in YAML content"),
        ({"app": {"name": "An app"}}, "loss app mode"),
        ({"workflow": None}, "Missing workflow data for workflow/advanced chat app"),
        ({"app": {"mode": "advanced-chat"}, "workflow": []}, "Missing workflow data for workflow/advanced chat app"),
        ({"app": {"mode": "chat"}}, "Missing model_config for chat/agent-chat/completion app"),
        ({"app": {"mode": "agent-chat"}}, "Missing model_config for chat/agent-chat/completion app"),
        ({"app": {"mode": "completion"}, "model_config": 3}, "Missing model_config for chat/agent-chat/completion app"),
    ],
)
def test_what_is_wrong_is_said_in_the_contracts_words(changes: dict[str, object], message: str) -> None:
    assert refused(text_of(WORKFLOW, **changes)) == message


@pytest.mark.parametrize("mode", ["rag-pipeline", "channel", "Workflow", ["workflow"], {"a": 1}, 5])
def test_modes_that_no_app_can_have(mode: object) -> None:
    assert refused(text_of(WORKFLOW, app={"mode": mode})).startswith("Invalid app mode: ")


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ("0.5.0", "completed"),
        ("0.5.9", "pending"),
        ("0.6.0", "pending"),
        ("1.0.0", "pending"),
        ("0.4.9", "completed-with-warnings"),
        ("0.1.0", "completed-with-warnings"),
        ("0.5.0-beta1", "completed"),
    ],
)
def test_versions_by_the_contracts_table(version: str, status: str) -> None:
    assert status_for(version) == status


@pytest.mark.parametrize("version", ["latest", "0.5.x", "v", "0..5"])
def test_what_is_no_version(version: str) -> None:
    with pytest.raises(DslError, match=r"^Invalid version format$"):
        status_for(version)


@pytest.mark.parametrize("text", ["", "   ", "just words", "- a\n- b", "5", "null", "--- {}\n---\n{}"])
def test_a_root_that_is_no_mapping(text: str) -> None:
    assert refused(text).startswith(("Invalid YAML format: ", "Missing app data"))
    with pytest.raises(DslError, match="Invalid YAML format"):
        load_yaml(text)


def test_a_parser_error_says_where() -> None:
    assert refused("app:\n  name: 'open\n").startswith("Invalid YAML format: ")
    assert "line 2" in refused("a: 1\nb: c: d\n")


def test_halves_of_a_character_are_put_together() -> None:
    text = '{"app": {"icon": "\\ud83e\\udd16", "\\ud83e\\udd16": "lone \\ud83e"}}'
    assert load_yaml(text)["app"] == {"icon": "🤖", "🤖": "lone \ufffd"}


def test_times_and_odd_keys_stay_texts() -> None:
    assert load_yaml("d: 2024-01-31\n5: five\ntrue: yes\n") == {"d": "2024-01-31", "5": "five", "True": True}


def test_ten_megabytes_and_no_more() -> None:
    body = "a: " + "x" * (MOST_BYTES - 3)
    assert len(str(load_yaml(body)["a"])) == MOST_BYTES - 3
    with pytest.raises(DslError, match=r"^File size exceeds the limit of 10MB$"):
        load_yaml(body + "x")
    with pytest.raises(DslError, match="10MB"):
        load_yaml("a: " + "é" * (MOST_BYTES // 2))


def _aliases(levels: int, width: int, template: str) -> str:
    lines = ["a0: &a0 [x, y]" if "<<" not in template else "a0: &a0 {x: 1, y: 2}"]
    for level in range(levels):
        items = ", ".join(f"*a{level}" for _ in range(width))
        lines.append(f"a{level + 1}: &a{level + 1} " + template.replace("ITEMS", items).replace("N", str(level)))
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(_aliases(12, 9, "[ITEMS]"), id="aliases"),
        pytest.param(_aliases(12, 9, "{<<: [ITEMS], kN: 1}"), id="merges"),
        pytest.param("t: &t " + "x" * 200_000 + "\nl: [" + ", ".join(["*t"] * 2000) + "]", id="long-texts"),
        pytest.param("a: &a [*a]", id="itself"),
        pytest.param("a: &a {<<: *a}", id="merged-into-itself"),
        pytest.param("a: " + "[" * 100_000, id="open-brackets"),
        pytest.param("a: " + "[" * 100_000 + "]" * 100_000, id="brackets"),
        pytest.param("{a: " * 20_000 + "}" * 20_000, id="braces"),
        pytest.param("- " * 20_000 + "a", id="dashes"),
        pytest.param("\n".join(" " * i + "a:" for i in range(2000)), id="indents"),
    ],
)
def test_bombs_are_refused_soon(text: str) -> None:
    before = time.process_time()
    with pytest.raises(DslError, match="Invalid YAML format: "):
        load_yaml(text)
    assert time.process_time() - before < 60


@pytest.mark.parametrize(
    "text",
    [
        "a: !!int ''",
        "a: !!bool x",
        "a: !!timestamp x",
        "a: !!float x",
        "a: !!binary aGk=",
        "a: !!timestamp 2024-01-31",
        "a: !!python/object/apply:os.system [ls]",
        "a: !custom 5",
        "? [a]\n: b",
        "a: " + "9" * 5000,
        "a: *nobody",
        "a: \x01",
        "a: \ud800",
    ],
)
def test_values_that_can_not_be_kept(text: str) -> None:
    with pytest.raises(DslError, match="Invalid YAML format: "):
        load_yaml(text)


def test_sensible_merges_work() -> None:
    found = load_yaml("base: &b {x: 1}\nmore: {<<: *b, y: 2}\nboth: {<<: [*b, {z: 3}]}")
    assert found["more"] == {"x": 1, "y": 2}
    assert found["both"] == {"x": 1, "z": 3}


# The dumper of the library writes a next-line character as a line break.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x85"), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(TEXT, JSON, max_size=4))
def test_json_that_is_yaml_reads_as_it_is(value: dict[str, Any]) -> None:
    assert load_yaml(json.dumps(value)) == value
    assert load_yaml(yaml.safe_dump(value, allow_unicode=True)) == value


GOOD = yaml.safe_dump(
    {
        **WORKFLOW,
        "workflow": {
            "graph": {"nodes": [{"id": "a", "data": {"type": "start", "variables": []}}], "edges": []},
            "environment_variables": [{"name": "e", "value_type": "secret", "value": "x"}],
        },
    }
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_broken_texts_raise_nothing_but_the_one_error(data: st.DataObject) -> None:
    text = GOOD
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        gone = data.draw(st.integers(0, 6))
        put = data.draw(st.text(st.sampled_from("{}[]&*!|>:-#'\"\\%@?,~ \n\tax0<"), max_size=5))
        text = text[:at] + put + text[at + gone :]
    try:
        parse(text)
    except DslError as error:
        assert error.message


@pytest.mark.parametrize(
    ("agent_mode", "mode"),
    [
        ({"enabled": True, "strategy": "react"}, "agent-chat"),
        ({"enabled": True, "strategy": "function_call"}, "agent-chat"),
        ({"enabled": True, "strategy": "router"}, "chat"),
        ({"enabled": False, "strategy": "react"}, "chat"),
        ("odd", "chat"),
        (None, "chat"),
    ],
)
def test_chats_from_before_agents_had_a_mode_are_agents(agent_mode: object, mode: str) -> None:
    text = json.dumps({"app": {"mode": "chat", "name": "a"}, "model_config": {"agent_mode": agent_mode}})
    assert parse(text).mode == mode
