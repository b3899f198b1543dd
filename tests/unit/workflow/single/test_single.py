from __future__ import annotations

from typing import Any

import msgspec
import pytest

from orrery.errors import InvalidParam, NotFound
from orrery.inference.types import InvokeError
from orrery.workflow.engine import WorkflowRun
from orrery.workflow.events import Event, TextChunk
from orrery.workflow.pool import Pool
from orrery.workflow.registry import NodeRegistry
from orrery.workflow.segments import FILE_IDENTITY
from orrery.workflow.single import SingleNode, SingleRun, run_node
from orrery.workflow.single_inputs import MissingInput
from orrery.workflow.testing import ManualClock, ScriptedCode, ScriptedModels, Services, counting_ids
from workflow.graphs import answer, assign, condition, end, if_else, node, start, stored

MODEL = {"provider": "p", "name": "m", "mode": "chat"}
CODE = node(
    "code", "code", code_language="python3", code="def main(a, b): ...",
    variables=[{"variable": "a", "value_selector": ["llm", "text"]}, {"variable": "b", "value_selector": ["env", "key"]}],
    outputs={"result": {"type": "string"}},
)  # fmt: skip
LLM = node(
    "llm", "llm", model=MODEL, prompt_template=[{"role": "user", "text": "Say {{#start.word#}} {{#http.body#}}"}]
)
GRAPH = stored(start(variables=[{"variable": "word", "type": "text-input", "required": True}]), LLM, CODE, end(x="code.result"),
               edges_="start > llm > code > end")  # fmt: skip


async def single(graph: Any, node_id: str, inputs: Any = None, **options: Any) -> SingleRun:
    given: dict[str, Any] = {
        "services": Services(code=ScriptedCode(lambda _, values: {"result": str(values)})),
        "registry": NodeRegistry(),
        "new_id": counting_ids(),
        "clock": ManualClock(),
        **options,
    }
    return await run_node(graph, node_id, inputs or {}, **given)


async def outputs(graph: Any, node_id: str, inputs: Any = None, **options: Any) -> Any:
    done = (await single(graph, node_id, inputs, **options)).finished
    assert done is not None
    assert done.status == "succeeded", done.error
    return done.outputs


ENV = Pool()
ENV.declare("env", "key", "secret", "k-1")


@pytest.mark.parametrize("name", ["code.a", "a", "#llm.text#", "code.#llm.text#"])
async def test_every_spelling_of_an_input(name: str) -> None:
    assert await outputs(GRAPH, "code", {name: "hello"}, around=ENV) == {"result": "{'a': 'hello', 'b': 'k-1'}"}


async def test_drafts_stand_in_and_inputs_win() -> None:
    drafts = {"llm": {"text": "drafted"}}
    assert "drafted" in (await outputs(GRAPH, "code", draft_values=drafts, around=ENV))["result"]
    assert "given" in (await outputs(GRAPH, "code", {"a": "given"}, draft_values=drafts, around=ENV))["result"]


async def test_what_nobody_gave() -> None:
    with pytest.raises(MissingInput) as missing:
        await single(GRAPH, "llm", {"#start.word#": "x"})
    assert str(missing.value) == "Variable key llm.#http.body# not found in user inputs."
    assert missing.value.code == "invalid_param"
    with pytest.raises(NotFound):
        await single(GRAPH, "nowhere")


async def test_only_the_node_runs_and_its_record_is_told() -> None:
    heard: list[Event] = []
    done = await single(GRAPH, "llm", {"#start.word#": "x", "#http.body#": "y"}, emit=heard.append)
    assert done.finished is not None
    assert done.finished.outputs["text"] == "This is a mocked LLM response"
    assert done.finished.inputs == {"#start.word#": "x", "#http.body#": "y"}
    assert {getattr(event, "node_id", "llm") for event in heard} == {"llm"}
    assert heard == done.events
    assert not [event for event in heard if isinstance(event, TextChunk)]


async def test_strategies_and_retries_apply() -> None:
    def failing(**data: Any) -> Any:
        return stored(start(), {**LLM, "data": {**LLM["data"], **data}}, edges_="start > llm")

    broken = Services(models=ScriptedModels(error=InvokeError("out of order")))
    given = {"#start.word#": "x", "#http.body#": "y"}
    failed = (await single(failing(), "llm", given, services=broken)).finished
    assert failed is not None
    assert (failed.status, failed.error) == ("failed", "out of order")
    default = [{"key": "text", "type": "string", "value": "sorry"}]
    retry = {"retry_enabled": True, "max_retries": 2, "retry_interval": 0}
    data = {"error_strategy": "default-value", "default_value": default, "retry_config": retry}
    done = await single(failing(**data), "llm", given, services=broken)
    assert done.finished is not None
    assert (done.finished.status, done.finished.outputs["text"]) == ("exception", "sorry")
    assert [event.retry_index for event in done.events if type(event).__name__ == "NodeRetry"] == [1, 2]  # type: ignore[union-attr]
    branch = await single(failing(error_strategy="fail-branch"), "llm", given, services=broken)
    assert branch.finished is not None
    assert set(branch.finished.outputs) == {"error_message", "error_type"}


async def test_a_start_node_takes_a_whole_runs_inputs() -> None:
    made = await outputs(GRAPH, "start", {"word": "w", "extra": 1, "#sys.query#": "q"})
    assert made == {"word": "w", "sys.query": "q"}
    with pytest.raises(InvalidParam, match="word is required in input form"):
        await single(GRAPH, "start", {})


async def test_branches_and_answers_alone() -> None:
    graph = stored(
        start(), if_else("if", "a.n", ">", "3"), answer("say", "{{#a.n#}}!"), edges_="start > if, if:true > say"
    )
    assert await outputs(graph, "if", {"#a.n#": 5}) == {"result": True, "selected_case_id": "true"}
    assert (await outputs(graph, "say", {"#a.n#": 5}))["answer"] == "5!"


async def test_nested_values_keep_what_is_around() -> None:
    graph = stored(
        start(), if_else("if", "a.o.x.y", "is", "deep"), answer("say", "{{#a.o.x.y#}} {{#a.o.z#}}"), edges_="start > if"
    )
    assert (await outputs(graph, "if", {"#a.o.x.y#": "deep"}))["result"] is True
    drafts = {"a": {"o": {"z": 1, "x": {"w": 2}}}}
    assert (await outputs(graph, "say", {"#a.o.x.y#": "new"}, draft_values=drafts))["answer"] == "new 1"
    assert drafts == {"a": {"o": {"z": 1, "x": {"w": 2}}}}


async def test_files_are_converted() -> None:
    graph = stored(start(), node("l", "list-operator", variable=["start", "files"]), edges_="start > l")
    sent = {"type": "image", "transfer_method": "remote_url", "url": "http://a"}

    def read(mapping: Any) -> Any:
        return {**mapping, "dify_model_identity": FILE_IDENTITY}

    made = await outputs(graph, "l", {"variable": [sent]}, read_file=read)
    assert made["first_record"] == read(sent)


def iteration() -> Any:
    return stored(
        start(),
        node("it", "iteration", iterator_selector=["start", "list"], output_selector=["say", "output"], start_node_id="itstart"),
        node("itstart", "iteration-start", parent="it"),
        node("say", "template-transform", template="{{ x }}{{ y }}", parent="it",
             variables=[{"variable": "x", "value_selector": ["it", "item"]}, {"variable": "y", "value_selector": ["conversation", "c"]}]),
        end(x="it.output"),
        edges_="start > it > end, itstart > say",
    )  # fmt: skip


async def test_an_iteration_alone() -> None:
    done = await single(iteration(), "it", {"it.input_selector": ["a", "b"], "say.y": "!"})
    assert done.finished is not None
    assert done.finished.outputs == {"output": ["a!", "b!"]}
    names = [type(event).__name__ for event in done.events]
    assert (names.count("IterationNext"), names.count("IterationCompleted")) == (2, 1)
    with pytest.raises(MissingInput, match=r"it\.input_selector"):
        await single(iteration(), "it", {})
    assert {key for _, item in SingleNode(iteration(), "it", NodeRegistry()).wanted() for key in [item.key]} == {
        "input_selector",
        "y",
    }


async def test_an_inner_node_alone() -> None:
    assert await outputs(iteration(), "say", {"x": "one", "y": "two"}) == {"output": "onetwo"}


async def test_a_loop_alone() -> None:
    graph = stored(
        start(),
        node("lo", "loop", loop_count=5, break_conditions=[condition("lo.n", "≥", "{{#start.most#}}")],
             loop_variables=[{"label": "n", "var_type": "number", "value_type": "variable", "value": ["start", "n"]}]),
        node("lostart", "loop-start", parent="lo"),
        {**assign("inc", ("lo.n", "+=", 2)), "parentId": "lo"},
        edges_="start > lo, lostart > inc",
    )  # fmt: skip
    assert await outputs(graph, "lo", {"n": 1, "#start.most#": "5"}) == {"n": 5, "loop_round": 2}
    with pytest.raises(MissingInput, match=r"Variable key lo\.n not found"):
        await single(graph, "lo", {"#start.most#": "5"})


async def test_it_can_be_stopped_and_broken_nodes_say_why() -> None:
    def stop(run: WorkflowRun) -> None:
        run.abort("enough")

    stopped = await single(GRAPH, "llm", {"#start.word#": "x", "#http.body#": "y"}, on_run=stop)
    assert (stopped.finished, stopped.result.status, stopped.result.error) == (None, "stopped", "enough")
    odd = stored(start(), node("q", "quantum"), edges_="start > q")
    broken = (await single(odd, "q")).finished
    assert broken is not None
    assert broken.error == "Unknown node type: quantum"


async def test_an_aggregator_needs_only_what_is_there() -> None:
    graph = stored(
        start(), node("agg", "variable-aggregator", variables=[["a", "x"], ["b", "y"]]), edges_="start > agg"
    )
    assert await outputs(graph, "agg", {"#b.y#": 2}) == {"output": 2}
    assert await outputs(graph, "agg", {}) == {}


def test_results_encode() -> None:
    assert msgspec.json.encode(SingleNode(GRAPH, "code", NodeRegistry()).wanted()[0])
