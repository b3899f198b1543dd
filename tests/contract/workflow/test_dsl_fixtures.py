"""Apps as they are exported in the wild give the outputs, chunks and event orders that are known of them.

The fixtures lie beside the repository (``ORRERY_REFERENCE``, default ``<repo>/../shared/reference``).
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.workflow.events import NodeFinished, NodeStarted, TextChunk
from orrery.workflow.graph import Graph
from orrery.workflow.inputs import validate_inputs
from orrery.workflow.node import NodeFailure
from orrery.workflow.pool import Pool
from orrery.workflow.registry import BUILT_IN, NodeRegistry
from orrery.workflow.testing import MOCK_TEXT, ScriptedCode, Services, Trial, event_name, scripted_node, try_graph

REFERENCE = Path(os.environ.get("ORRERY_REFERENCE", Path(__file__).parents[4] / "shared" / "reference"))
FIXTURES = REFERENCE / "dsl-fixtures"

pytestmark = [
    pytest.mark.reference,
    pytest.mark.skipif(not FIXTURES.is_dir(), reason="the contract's fixtures are not beside the repository"),
]

DECLARED = {
    "string": lambda name: f"mocked_{name}",
    "number": lambda _: 42,
    "object": lambda _: {"key": "value"},
    "array[string]": lambda _: ["item1", "item2"],
    "array[number]": lambda _: [1, 2, 3],
    "array[object]": lambda _: [{"key": "value1"}, {"key": "value2"}],
}


def cases() -> Iterator[Any]:
    if not FIXTURES.is_dir():
        return
    expected = json.loads((FIXTURES / "expected.json").read_text())
    for fixture, variants in expected["fixtures"].items():
        for number, variant in enumerate(variants):
            name = f"{Path(fixture).stem}-{number}"
            if "property" not in variant and "graph only" not in variant.get("notes", ""):
                yield pytest.param(fixture, variant, id=name)


def workflow_of(fixture: str) -> dict[str, Any]:
    return yaml.safe_load((FIXTURES / fixture).read_text())["workflow"]


def edited(workflow: dict[str, Any], edit: Mapping[str, Any] | None) -> dict[str, Any]:
    changed = copy.deepcopy(workflow)
    if edit:
        for node in changed["graph"]["nodes"]:
            if node["id"] == edit["node"] or node["data"]["type"] == edit["node"]:
                node["data"] |= {key.removeprefix("data."): v for key, v in edit.items() if key.startswith("data.")}
    return changed


class Mocks:
    """The outside of one run, by the conventions written down with the fixtures."""

    def __init__(self, workflow: Mapping[str, Any], variant: Mapping[str, Any]) -> None:
        self.nodes = {node["id"]: node["data"] for node in workflow["graph"]["nodes"]}
        self.given = {key: value for key, value in variant.get("mocks", {}).items() if isinstance(value, dict)}

    def of(self, node_id: str, node_type: str) -> Mapping[str, Any]:
        for key, value in self.given.items():
            word = key.removeprefix("node ").split(" ")[0]
            if word == node_id or (word == node_type and (key == node_type or "(any)" in key)):
                return value
        return {}

    def script(self, node_type: str, defaults: Mapping[str, object]) -> Any:
        def outputs(context: Any) -> Mapping[str, object]:
            given = self.of(context.node_id, node_type)
            if "error" in given:
                raise NodeFailure(given["error"])
            if node_type == "code" and not given:
                declared = self.nodes[context.node_id]["outputs"]
                if context.node_id == "code_inner_node":
                    item = context.variables.get(["iteration_node", "item"])
                    return {"result": [item, item * 2]}
                return {name: DECLARED[spec["type"]](name) for name, spec in declared.items()}
            return {**defaults, **given}

        return outputs

    def registry(self) -> NodeRegistry:
        table = {
            "llm": scripted_node("llm", {}, self.script("llm", {"text": MOCK_TEXT}), streams="text"),
            "tool": scripted_node("tool", {}, self.script("tool", {"result": "mocked tool output"})),
            "code": scripted_node("code", {}, self.script("code", {})),
        }
        return NodeRegistry(BUILT_IN).extended({kind: {"1": node} for kind, node in table.items()})


async def run(fixture: str, variant: Mapping[str, Any]) -> Trial:
    workflow = edited(workflow_of(fixture), variant.get("edit_fixture"))
    mocks = Mocks(workflow, variant)
    registry = mocks.registry() if variant.get("auto_mock") else NodeRegistry()
    graph = Graph.parse(workflow["graph"], registry=registry)
    assert graph.problems == ()
    form = next(data for data in mocks.nodes.values() if data["type"] == "start").get("variables", [])
    system = {"query": variant["query"]} if "query" in variant else {}
    pool = Pool(inputs=validate_inputs(form, variant.get("inputs", {})), system=system)
    for variable in workflow["conversation_variables"]:
        pool.declare("conversation", variable["name"], variable["value_type"], variable["value"])
    return await try_graph(graph, pool, Services(code=ScriptedCode()))


def event_names(trial: Trial) -> list[str]:
    return [name for name in trial.names() if name != "retriever_resources"]


@pytest.mark.parametrize(("fixture", "variant"), list(cases()))
async def test_fixture(fixture: str, variant: dict[str, Any]) -> None:
    trial = await run(fixture, variant)
    if "outputs" in variant:
        got = {key: value for key, value in trial.result.outputs.items() if key in variant["outputs"] or key != "files"}
        assert got == variant["outputs"]
        assert trial.result.status in {"succeeded", "partial-succeeded"}
    if "expected_run" in variant:
        assert trial.result.status == variant["expected_run"]
    if "event_order" in variant:
        assert event_names(trial) == variant["event_order"]
    if "last_event" in variant:
        assert event_names(trial)[-1] == variant["last_event"]
    if "exceptions_count" in variant:
        assert trial.result.exceptions_count == variant["exceptions_count"]
    assert not set(variant.get("must_not_contain", ())) & set(event_names(trial))
    assert len(trial.chunks()) >= variant.get("chunk_count_min", 0)
    if "chunk_count" in variant:
        check_streaming_fixture(trial)
        assert len(trial.chunks()) == variant["chunk_count"]
    elif "chunks" in variant and all(isinstance(chunk, str) for chunk in variant["chunks"]):
        assert trial.chunks() == variant["chunks"]


def check_streaming_fixture(trial: Trial) -> None:
    """The order facts of the fixture that answers once in one piece and once in many."""
    started = {event.node_type: event.id for event in trial.events if isinstance(event, NodeStarted)}
    chunks = [event for event in trial.events if isinstance(event, TextChunk)]
    first_llm_end = next(
        index
        for index, event in enumerate(trial.events)
        if isinstance(event, NodeFinished) and event.node_type == "llm"
    )
    assert trial.events.index(chunks[0]) < first_llm_end
    assert chunks[0].id == started["start"]
    assert [chunk.node_type for chunk in chunks if chunk.text == "\n"] == ["end"]
    assert sum(isinstance(event, NodeStarted) and event.node_type == "end" for event in trial.events) == 1
    template_chunks = [chunk for chunk in chunks if chunk.node_type == "template-transform"]
    assert [chunk.id for chunk in template_chunks] == [started["template-transform"]]
    assert template_chunks[0].text == MOCK_TEXT


async def test_many_streamed_chunks_belong_to_their_llm() -> None:
    variant = {"query": "x", "inputs": {"query": "Hello, how are you?", "blocking": 2}, "auto_mock": True}
    trial = await run("conditional_streaming_vs_template_workflow.yml", variant)
    llms = {event.node_id: event.id for event in trial.events if isinstance(event, NodeStarted)}
    chunks = [event for event in trial.events if isinstance(event, TextChunk)]
    assert [chunk.text for chunk in chunks[:2]] == ["Hello, how are you?", "\n"]
    assert "".join(chunk.text for chunk in chunks[2:]) == MOCK_TEXT
    assert all(llms[chunk.node_id] == chunk.id and chunk.node_type == "llm" for chunk in chunks[2:])


@pytest.mark.parametrize(("switch", "missing"), [(1, "3"), (0, "1")])
async def test_two_of_three_codes_run_and_join_once(switch: int, missing: str) -> None:
    variant = {"inputs": {"switch": switch}, "auto_mock": True}
    trial = await run("conditional_parallel_code_execution_workflow.yml", variant)
    kinds = [event.node_type for event in trial.events if isinstance(event, NodeStarted)]
    assert kinds == ["start", "if-else", "code", "code", "end"]
    assert {name for name, value in trial.result.outputs.items() if value is None} == {missing}
    assert event_name(trial.events[-1]) == "graph_run_succeeded"


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=5000).filter(lambda text: "\x00" not in text))
async def test_any_text_passes_through(text: str) -> None:
    trial = await run("simple_passthrough_workflow.yml", {"inputs": {"query": text}})
    assert trial.result.outputs == {"query": text}
    assert "".join(trial.chunks()) == text
