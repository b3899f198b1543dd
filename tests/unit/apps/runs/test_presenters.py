"""Each event of the engine as watchers see it: names, envelopes, order of fields, both forms, cuts."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.unit.apps.runs.specs import ended, spec, turn

from orrery.apps.runs.debugging import told_before
from orrery.apps.runs.graph_frames import GraphFrames
from orrery.apps.runs.presenters import ChatPresenter, ErrorFrame, presenter_for
from orrery.apps.runs.spec import RunSpec, RunUser
from orrery.apps.runs.truncation import DisplayLimits
from orrery.inference.types import Usage
from orrery.workflow.events import (
    AgentLog,
    HumanInputFilled,
    HumanInputRequired,
    HumanInputTimeout,
    IterationCompleted,
    IterationNext,
    IterationStarted,
    LoopCompleted,
    LoopNext,
    LoopStarted,
    Marks,
    NodeFinished,
    NodePaused,
    NodeRetry,
    NodeStarted,
    ReasoningChunk,
    RetrieverResources,
    RunFailed,
    RunPaused,
    RunStarted,
    RunStopped,
    TextChunk,
)
from orrery.workflow.graph import Graph
from orrery.workflow.journal import FinishedNode, Resume
from orrery.workflow.registry import BUILT_IN, NodeRegistry

LIMITS = DisplayLimits(max_size=1000, string_length=10, array_length=2)
NODE: dict[str, Any] = {
    "id": "x1", "node_id": "n", "node_type": "tool", "title": "T", "index": 7, "started_at": 5.9,
    "predecessor_node_id": "before", "marks": Marks(iteration_id="it"),
}  # fmt: skip
FILE = {
    "dify_model_identity": "__dify__file__", "id": None, "tenant_id": "t", "type": "image",
    "transfer_method": "local_file", "remote_url": None, "related_id": "f1", "filename": "a.png",
    "extension": ".png", "mime_type": "image/png", "size": 3, "url": "",
}  # fmt: skip
FINISHED: dict[str, Any] = {
    **NODE, "status": "succeeded", "inputs": {"a": "x" * 50}, "process_data": {"p": [1, 2, 3]},
    "outputs": {"f": FILE, "s": "ok"}, "error": "e", "error_type": "E", "metadata": {"total_tokens": 3},
    "elapsed": 0.25, "finished_at": 6.2,
}  # fmt: skip
CONTAINER: dict[str, Any] = {**NODE, "node_type": "iteration"}
CLOSED: dict[str, Any] = {
    "status": "failed", "inputs": {"i": 1}, "outputs": {"output": ["x" * 50]}, "metadata": {"m": 1}, "steps": 2,
    "elapsed": 1.5, "finished_at": 9.1, "total_tokens": 4, "error": "inside",
}  # fmt: skip
NODE_FINISHED = [
    "id",
    "node_id",
    "node_type",
    "title",
    "index",
    "predecessor_node_id",
    "inputs",
    "inputs_truncated",
    "process_data",
    "process_data_truncated",
    "outputs",
    "outputs_truncated",
    "status",
    "error",
    "elapsed_time",
    "execution_metadata",
    "created_at",
    "finished_at",
    "files",
    "iteration_id",
    "loop_id",
]


def shown(run: RunSpec, event: Any) -> list[dict[str, Any]]:
    graph = GraphFrames(run, lambda file: f"https://f/{file['related_id']}", LIMITS)
    return [json.loads(text) for text in presenter_for(run, graph).frames(event)]


def data_of(run: RunSpec, event: Any) -> dict[str, Any]:
    (frame,) = shown(run, event)
    assert list(frame) == ["event", "workflow_run_id", "task_id", "data"]
    assert (frame["workflow_run_id"], frame["task_id"]) == (run.run_id, run.task_id)
    return {"event": frame["event"], **frame["data"]}


def chat(**given: Any) -> RunSpec:
    return spec(**{"kind": "chat", "app_mode": "advanced-chat", "turn": turn(), **given})


def test_the_beginning() -> None:
    run = spec()
    data = data_of(run, RunStarted(started_at=9.9, inputs={"a": 1, "f": FILE}))
    assert list(data) == ["event", "id", "workflow_id", "inputs", "created_at", "reason"]
    assert (data["event"], data["id"], data["created_at"], data["reason"]) == (
        "workflow_started", run.run_id, int(run.created_at), "initial",
    )  # fmt: skip
    assert data["inputs"]["f"]["url"] == "https://f/f1"


def test_the_end() -> None:
    run = spec(user=RunUser("account", "a1", "s", "Ada", "ada@x"))
    data = data_of(run, ended(outputs={"f": FILE, "long": "x" * 99}))
    assert " ".join(data) == (
        "event id workflow_id status outputs error elapsed_time total_tokens total_steps created_by created_at "
        "finished_at exceptions_count files"
    )
    assert data["created_by"] == {"id": "a1", "name": "Ada", "email": "ada@x"}
    assert data["outputs"]["long"] == "x" * 99
    assert data["files"] == [{**FILE, "url": "https://f/f1"}]


@pytest.mark.parametrize(
    ("by_limit", "status", "error"), [(False, "stopped", "Stopped by user."), (True, "failed", "too long")]
)
def test_stops(by_limit: bool, status: str, error: str) -> None:
    data = data_of(spec(), ended(RunStopped, error="too long", by_limit=by_limit))
    assert (data["status"], data["error"]) == (status, error)


def test_a_pause() -> None:
    data = data_of(spec(), ended(RunPaused, paused_nodes=["h"], reasons=[{"why": 1}]))
    assert (data["event"], data["paused_nodes"], data["reasons"], data["status"]) == (
        "workflow_paused", ["h"], [{"why": 1}], "paused",
    )  # fmt: skip


def test_a_node_begins() -> None:
    data = data_of(spec(), NodeStarted(**NODE, extras={"icon": "i"}))
    assert " ".join(data) == (
        "event id node_id node_type title index predecessor_node_id inputs inputs_truncated created_at extras "
        "iteration_id loop_id agent_strategy"
    )
    assert (data["index"], data["predecessor_node_id"], data["inputs"], data["extras"], data["created_at"]) == (
        1, None, None, {"icon": "i"}, 5,
    )  # fmt: skip
    assert data["iteration_id"] == "it"


def test_a_node_ends_for_programs_uncut() -> None:
    data = data_of(spec(), NodeFinished(**FINISHED))
    assert list(data)[1:] == NODE_FINISHED
    assert data["inputs"] == {"a": "x" * 50}
    assert [data[f"{name}_truncated"] for name in ("inputs", "process_data", "outputs")] == [False] * 3
    assert data["files"][0]["filename"] == "a.png"
    assert data["outputs"]["f"]["url"] == "https://f/f1"


def test_a_node_ends_for_people_cut() -> None:
    data = data_of(spec(invoke_from="debugger"), NodeFinished(**FINISHED))
    assert data["inputs"] == {"a": "x" * 10 + "..."}
    assert data["process_data"] == {"p": [1, 2]}
    assert [data[f"{name}_truncated"] for name in ("inputs", "process_data")] == [True, True]
    assert data["execution_metadata"] == {"total_tokens": 3}


def test_end_users_see_no_values_of_nodes() -> None:
    run = spec(invoke_from="web-app", watched="simple")
    data = data_of(run, NodeFinished(**FINISHED))
    assert [data[n] for n in ("inputs", "process_data", "outputs", "error", "execution_metadata")] == [None] * 5
    assert data["files"] == []
    begins = data_of(run, NodeStarted(**NODE, extras={"icon": "i"}))
    assert (begins["inputs"], begins["extras"]) == (None, {})
    assert not [name for name in (*data, *begins) if name.endswith("_truncated")]


def test_a_retry() -> None:
    retry = NodeRetry(**NODE, retry_index=2, error="bad", error_type="E", elapsed=0.1, finished_at=6.0)
    data = data_of(spec(), retry)
    assert list(data)[1:] == [*NODE_FINISHED, "retry_index"]
    assert (data["event"], data["status"], data["retry_index"], data["error"]) == ("node_retry", "retry", 2, "bad")
    assert data["execution_metadata"] is None


@pytest.mark.parametrize("kind", ["iteration", "loop"])
def test_containers_have_frames_of_their_own(kind: str) -> None:
    run = spec()
    box: dict[str, Any] = {**CONTAINER, "node_type": kind}
    finished: dict[str, Any] = {**FINISHED, **box}
    for hidden in (
        NodeStarted(**box),
        NodeFinished(**finished),
        NodeRetry(**box, retry_index=1, error="", error_type="", elapsed=0, finished_at=0),
        NodePaused(**box, reason={}),
    ):
        assert shown(run, hidden) == []
    begun, following, done = (
        (IterationStarted, IterationNext, IterationCompleted) if kind == "iteration" else (LoopStarted, LoopNext, LoopCompleted)
    )  # fmt: skip
    started = data_of(run, begun(**box, inputs={"i": 1}, metadata={"length": 3}))
    assert " ".join(started) == "event id node_id node_type title created_at extras metadata inputs inputs_truncated"
    assert (started["event"], started["id"]) == (f"{kind}_started", "n")
    stepped = data_of(run, following(**box, round=1))
    assert (stepped["event"], stepped["index"]) == (f"{kind}_next", 1)
    assert ("pre_loop_output" in stepped) is (kind == "loop")
    closed = data_of(run, done(**box, **CLOSED))
    assert " ".join(closed) == (
        "event id node_id node_type title outputs outputs_truncated created_at extras inputs inputs_truncated status "
        "error elapsed_time total_tokens execution_metadata finished_at steps"
    )
    assert (closed["status"], closed["error"], closed["steps"]) == ("failed", None, 2)


def test_agents_and_forms() -> None:
    run = spec()
    step = AgentLog(id="l", node_execution_id="x", node_id="n", label="L", status="start", parent_id="p")
    assert (
        " ".join(data_of(run, step)) == "event node_execution_id id label parent_id error status data metadata node_id"
    )
    thought = ReasoningChunk("x", "n", "Hm", is_final=False)
    said = {"reasoning": "Hm", "node_id": "n", "is_final": False}
    assert data_of(run, thought) == {"event": "reasoning_chunk", "message_id": None, **said}
    talk = chat()
    (frame,) = shown(talk, thought)
    assert talk.turn is not None
    assert frame["data"] == {"message_id": talk.turn.message_id, **said}
    asked = HumanInputRequired(node_id="n", node_title="T", form_id="f", form_content="c", expiration_time=5.0)
    data = data_of(run, asked)
    assert data["event"] == "human_input_required"
    assert {*data} == {"event", *msgspec.structs.asdict(asked)}
    filled = HumanInputFilled(node_id="n", node_title="T", rendered_content="r", action_id="a", action_text="A")
    assert data_of(run, filled)["event"] == "human_input_form_filled"
    late = HumanInputTimeout(node_id="n", node_title="T", expiration_time=1.0)
    assert data_of(run, late)["event"] == "human_input_form_timeout"


def test_text_of_workflows_and_chatflows() -> None:
    chunk = TextChunk(id="x", node_id="llm", node_type="llm", selector=["llm", "text"], text="Hé", is_final=False)
    data = data_of(spec(), chunk)
    assert data == {"event": "text_chunk", "text": "Hé", "from_variable_selector": ["llm", "text"]}
    (message,) = shown(chat(), chunk)
    assert " ".join(message) == ("event conversation_id message_id created_at task_id id answer from_variable_selector")
    assert (message["answer"], message["from_variable_selector"]) == ("Hé", ["llm", "text"])


def test_text_of_basic_apps() -> None:
    chunk = TextChunk(id="x", node_id="llm", node_type="llm", selector=["llm", "text"], text="a", is_final=False)
    empty = TextChunk(id="x", node_id="llm", node_type="llm", selector=["llm", "text"], text="", is_final=True)
    run = chat(kind="basic", app_mode="completion")
    (message,) = shown(run, chunk)
    assert list(message)[:3] == ["event", "message_id", "created_at"]
    assert "conversation_id" not in message
    assert message["from_variable_selector"] is None
    assert shown(run, empty) == []
    for hidden in (RunStarted(started_at=1), NodeStarted(**NODE), NodeFinished(**FINISHED)):
        assert shown(run, hidden) == []
    (end,) = shown(run, ended())
    assert (end["event"], end["files"]) == ("message_end", None)


def test_graph_frames_of_chatflows_carry_both_ids() -> None:
    run = chat()
    (frame,) = shown(run, NodeStarted(**NODE))
    assert " ".join(frame) == "event conversation_id message_id created_at task_id workflow_run_id data"


def test_the_end_of_a_turn() -> None:
    finished, end = shown(chat(), ended(usage=Usage(prompt_tokens=1, completion_tokens=2, total_tokens=3)))
    assert (finished["event"], end["event"], end["files"]) == ("workflow_finished", "message_end", [])
    assert " ".join(end["metadata"]) == "annotation_reply retriever_resources usage"
    assert end["metadata"]["usage"]["total_tokens"] == 3
    assert end["metadata"]["usage"]["total_price"] == "0.0"
    _, simple = shown(chat(watched="simple", invoke_from="web-app"), ended())
    assert list(simple["metadata"]) == ["retriever_resources"]


@pytest.mark.parametrize(
    ("kind", "code", "message"),
    [("chat", "invalid_param", "Run failed: no"), ("basic", "completion_request_error", "no")],
)
def test_failed_turns_end_with_an_error(kind: str, code: str, message: str) -> None:
    for end in (ended(RunFailed, error="no"), ended(RunStopped, error="no", by_limit=True)):
        frames = shown(chat(kind=kind, app_mode="chat"), end)
        assert frames[-1]["event"] == "error"
        assert (frames[-1]["code"], frames[-1]["status"], frames[-1]["message"]) == (code, 400, message)
        assert "task_id" not in frames[-1]
    assert [f["event"] for f in shown(chat(), ended(RunStopped))] == ["workflow_finished", "message_end"]
    assert [f["event"] for f in shown(chat(), ended(RunPaused))] == ["workflow_paused"]


def test_sources_are_counted_once_and_from_one() -> None:
    run = chat(watched="simple", invoke_from="web-app")
    presenter = presenter_for(run, GraphFrames(run, lambda _: "", LIMITS))
    first = {"dataset_id": "d", "document_id": "1", "position": 9, "score": 0.5, "content": "c", "word_count": 3}
    presenter.frames(RetrieverResources(node_id="k", resources=[first, {**first, "score": 0.1}]))
    presenter.frames(RetrieverResources(node_id="k", resources=[{**first, "document_id": "2"}]))
    found = json.loads(presenter.frames(ended())[-1])["metadata"]["retriever_resources"]
    assert [one["position"] for one in found] == [1, 2]
    assert set(found[0]) == {"position", "score", "content"}


def test_a_resumed_turn_shows_what_its_earlier_part_found() -> None:
    run = chat()
    presenter = presenter_for(run, GraphFrames(run, lambda file: f"/link/{file['related_id']}", LIMITS))
    assert isinstance(presenter, ChatPresenter)
    nodes = [{"id": "s", "data": {"type": "start"}}, {"id": "a", "data": {"type": "answer", "answer": ""}}]
    graph = Graph.parse({"nodes": nodes, "edges": [{"source": "s", "target": "a"}]}, registry=NodeRegistry(BUILT_IN))
    source = {"dataset_id": "d", "document_id": "1"}
    done = FinishedNode(node_id="a", execution_id="x", status="succeeded", outputs={"answer": "", "files": [FILE]},
                        retriever_resources=[source])  # fmt: skip
    gone = FinishedNode(node_id="gone", execution_id="y", status="succeeded", outputs={"files": [FILE]})
    for event, resources in told_before(graph, Resume(finished=[done, gone])):
        presenter.recall(event, resources)
    end = json.loads(presenter.frames(ended())[-1])
    assert end["metadata"]["retriever_resources"] == [{**source, "position": 1}]
    assert end["files"] == [{**FILE, "url": "/link/f1"}]


def test_unwatched_runs_collect_their_answer_and_show_nothing() -> None:
    for run in (spec(watched=None), chat(watched=None), chat(watched=None, kind="basic", app_mode="chat")):
        presenter = presenter_for(run, GraphFrames(run, lambda _: "", LIMITS))
        chunk = TextChunk(id="x", node_id="a", node_type="llm", selector=["a", "b"], text="hi", is_final=False)
        for event in (RunStarted(started_at=1), NodeStarted(**NODE), chunk, NodeFinished(**FINISHED), ended()):
            assert presenter.frames(event) == []
        assert presenter.answer == ["hi"]


def test_error_frames_carry_no_task() -> None:
    run = spec()
    frame = json.loads(presenter_for(run, GraphFrames(run, lambda _: "", LIMITS)).error(ErrorFrame("c", "m", 500)))
    assert frame == {"event": "error", "workflow_run_id": run.run_id, "code": "c", "status": 500, "message": "m"}
