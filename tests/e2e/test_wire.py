"""Bytes on the wire of the Service API: frames, order of fields, headers, errors (wire-observed.md, workflow.md 4, 5)."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from tests.support import dsl
from tests.support.server import Console, OrreryServer
from tests.support.sse import Sent, read_frames

WORKFLOW_EVENT = ["event", "workflow_run_id", "task_id", "data"]
CHAT_ENVELOPE = ["event", "conversation_id", "message_id", "created_at", "task_id"]
NODE_STARTED = [
    "id", "node_id", "node_type", "title", "index", "predecessor_node_id", "inputs", "inputs_truncated", "created_at",
    "extras", "iteration_id", "loop_id", "agent_strategy",
]  # fmt: skip
NODE_FINISHED = [
    "id", "node_id", "node_type", "title", "index", "predecessor_node_id", "inputs", "inputs_truncated",
    "process_data", "process_data_truncated", "outputs", "outputs_truncated", "status", "error", "elapsed_time",
    "execution_metadata", "created_at", "finished_at", "files", "iteration_id", "loop_id",
]  # fmt: skip
WORKFLOW_FINISHED = [
    "id", "workflow_id", "status", "outputs", "error", "elapsed_time", "total_tokens", "total_steps", "created_by",
    "created_at", "finished_at", "exceptions_count", "files",
]  # fmt: skip


@pytest.fixture(scope="module")
def minimal(server: OrreryServer, console: Console) -> httpx.Client:
    """start -> end."""
    drawn = dsl.chain(dsl.start("q"), dsl.end(out=["start", "q"]))
    return server.service(console.add_app(dsl.workflow("wire minimal", drawn))[1])


@pytest.fixture(scope="module")
def branching(server: OrreryServer, console: Console) -> httpx.Client:
    """start -> if-else -> aggregator -> end."""
    condition = {
        "id": "c1",
        "comparison_operator": "contains",
        "value": "hi",
        "varType": "string",
        "variable_selector": ["start", "q"],
    }
    case = {"id": "true", "case_id": "true", "logical_operator": "and", "conditions": [condition]}
    cond = dsl.node("cond", "if-else", cases=[case])
    agg = dsl.node("agg", "variable-aggregator", output_type="string", variables=[["start", "q"]])
    drawn = dsl.graph(
        [dsl.start("q"), cond, agg, dsl.end(out=["agg", "output"])],
        [dsl.edge("start", "cond"), dsl.edge("cond", "agg", "true"), dsl.edge("cond", "agg", "false"),
         dsl.edge("agg", "end")],
    )  # fmt: skip
    return server.service(console.add_app(dsl.workflow("wire branching", drawn))[1])


@pytest.fixture(scope="module")
def chatflow(server: OrreryServer, console: Console) -> httpx.Client:
    """start -> answer."""
    drawn = dsl.chain(dsl.start(), dsl.answer("You said {{#sys.query#}}"))
    return server.service(console.add_app(dsl.chatflow("wire chatflow", drawn))[1])


def run(client: httpx.Client, text: str, mode: str, user: str = "ann") -> httpx.Response:
    return client.post("/workflows/run", json={"inputs": {"q": text}, "response_mode": mode, "user": user})


def ask(client: httpx.Client, query: str, mode: str, **more: object) -> httpx.Response:
    return client.post(
        "/chat-messages", json={"inputs": {}, "query": query, "response_mode": mode, "user": "ann", **more}
    )


def frames(answer: httpx.Response) -> list[Sent]:
    assert answer.status_code == 200, answer.text
    return list(read_frames([answer.content]))


def names(sent: list[Sent]) -> list[str]:
    """Each event with the node it speaks of."""
    found: list[str] = []
    for frame in sent:
        data: dict[str, object] = frame.data.get("data") or {}
        found.append(f"{frame.event} {data['node_id']}" if "node_id" in data else frame.event)
    return found


def data_of(sent: list[Sent], name: str) -> dict[str, Any]:
    return sent[names(sent).index(name)].data["data"]


def test_workflow_of_start_and_end(minimal: httpx.Client) -> None:
    sent = frames(run(minimal, "hi there", "streaming"))
    assert names(sent) == [
        "workflow_started", "node_started start", "text_chunk", "node_finished start", "node_started end",
        "node_finished end", "workflow_finished",
    ]  # fmt: skip
    assert all(list(frame.data) == WORKFLOW_EVENT for frame in sent)
    assert len({(frame.data["workflow_run_id"], frame.data["task_id"]) for frame in sent}) == 1
    assert list(data_of(sent, "node_started start")) == NODE_STARTED
    assert list(data_of(sent, "node_finished end")) == NODE_FINISHED
    assert list(data_of(sent, "workflow_finished")) == WORKFLOW_FINISHED
    chunk = data_of(sent, "text_chunk")
    assert chunk == {"text": "hi there", "from_variable_selector": ["start", "q"]}


def test_values_of_the_start_node(minimal: httpx.Client) -> None:
    sent = frames(run(minimal, "hi", "streaming", user="bob"))
    first, begun, done = sent[0].data["data"], sent[1].data["data"], data_of(sent, "node_finished start")
    system = {"sys.files", "sys.user_id", "sys.app_id", "sys.workflow_id", "sys.workflow_run_id"}
    assert set(first) >= {"id", "workflow_id", "inputs", "created_at"}
    assert set(first["inputs"]) == {"q", *system}
    assert first["inputs"]["sys.user_id"] == "bob"
    assert (begun["index"], begun["predecessor_node_id"], begun["inputs"], begun["extras"]) == (1, None, None, {})
    assert set(done["inputs"]) == {"q", *system, "sys.timestamp"}
    assert done["inputs"] == done["outputs"]
    assert (done["status"], done["error"], done["execution_metadata"], done["files"]) == ("succeeded", None, None, [])
    end = sent[-1].data["data"]
    assert (end["status"], end["outputs"], end["total_steps"], end["exceptions_count"]) == (
        "succeeded", {"out": "hi"}, 2, 0,
    )  # fmt: skip
    assert end["created_by"]["user"] == "bob"
    assert set(end["created_by"]) == {"id", "user"}


@pytest.mark.parametrize(("text", "taken"), [("hi there", True), ("bye", False)])
def test_workflow_of_branch_and_aggregator(branching: httpx.Client, text: str, taken: bool) -> None:
    sent = frames(run(branching, text, "streaming"))
    assert names(sent) == [
        "workflow_started", "node_started start", "node_finished start", "node_started cond", "node_finished cond",
        "node_started agg", "text_chunk", "node_finished agg", "node_started end", "node_finished end",
        "workflow_finished",
    ]  # fmt: skip
    cond, agg = data_of(sent, "node_finished cond"), data_of(sent, "node_finished agg")
    tried = {"actual_value": text, "expected_value": "hi", "comparison_operator": "contains"}
    assert cond["inputs"] == {"conditions": [tried]}
    (result,) = cond["process_data"]["condition_results"]
    assert list(result) == ["group", "results", "final_result"]
    assert {"case_id", "logical_operator", "conditions"} <= set(result["group"])
    assert (result["results"], result["final_result"]) == ([taken], taken)
    assert cond["outputs"] == {"result": taken, "selected_case_id": "true" if taken else "false"}
    assert (agg["inputs"], agg["outputs"]) == ({"q": text}, {"output": text})


def test_blocking_workflow(minimal: httpx.Client) -> None:
    answer = run(minimal, "hi", "blocking")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    body = answer.json()
    assert list(body) == ["task_id", "workflow_run_id", "data"]
    assert list(body["data"]) == [
        "id", "workflow_id", "status", "outputs", "error", "elapsed_time", "total_tokens", "total_steps",
        "created_at", "finished_at",
    ]  # fmt: skip
    assert body["data"]["id"] == body["workflow_run_id"]
    assert (body["data"]["status"], body["data"]["outputs"], body["data"]["error"]) == (
        "succeeded",
        {"out": "hi"},
        None,
    )


def test_chatflow_of_start_and_answer(chatflow: httpx.Client) -> None:
    sent = frames(ask(chatflow, "hello", "streaming"))
    found = names(sent)
    assert sorted(found) == sorted([
        "workflow_started", "node_started start", "message", "message", "node_finished start", "node_started answer",
        "node_finished answer", "workflow_finished", "message_end",
    ])  # fmt: skip
    assert [name for name in found if name != "message"] == [
        "workflow_started", "node_started start", "node_finished start", "node_started answer", "node_finished answer",
        "workflow_finished", "message_end",
    ]  # fmt: skip
    texts = [frame.data for frame in sent if frame.event == "message"]
    assert [(t["answer"], t["from_variable_selector"]) for t in texts] == [
        ("You said ", ["answer", "answer"]),
        ("hello", ["sys", "query"]),
    ]
    assert list(texts[0]) == [*CHAT_ENVELOPE, "id", "answer", "from_variable_selector"]
    assert all(text["id"] == text["message_id"] for text in texts)
    for frame in sent:
        assert list(frame.data)[:5] == CHAT_ENVELOPE
        if "data" in frame.data:
            assert list(frame.data) == [*CHAT_ENVELOPE, "workflow_run_id", "data"]
    last = sent[-1].data
    assert list(last) == [*CHAT_ENVELOPE, "id", "metadata", "files"]
    assert last["files"] == []
    assert list(last["metadata"]) == ["annotation_reply", "retriever_resources", "usage"]
    assert (last["metadata"]["annotation_reply"], last["metadata"]["retriever_resources"]) == (None, [])
    usage = last["metadata"]["usage"]
    assert (usage["total_tokens"], usage["total_price"], usage["currency"]) == (0, "0.0", "USD")
    assert {"latency", "time_to_first_token", "time_to_generate"} <= set(usage)


def test_system_variables_of_a_chatflow(chatflow: httpx.Client) -> None:
    sent = frames(ask(chatflow, "hello", "streaming"))
    first, done = sent[0].data["data"]["inputs"], data_of(sent, "node_finished start")["inputs"]
    assert (first["sys.query"], first["sys.dialogue_count"]) == ("hello", 1)
    assert done["sys.conversation_id"] == sent[0].data["conversation_id"]
    again = frames(ask(chatflow, "more", "streaming", conversation_id=sent[0].data["conversation_id"]))
    assert again[0].data["data"]["inputs"]["sys.dialogue_count"] == 2
    assert again[0].data["conversation_id"] == sent[0].data["conversation_id"]
    assert again[0].data["message_id"] != sent[0].data["message_id"]


def test_blocking_chatflow(chatflow: httpx.Client) -> None:
    body = ask(chatflow, "hello", "blocking").json()
    assert list(body) == [
        "event", "task_id", "id", "message_id", "conversation_id", "mode", "answer", "metadata", "created_at",
    ]  # fmt: skip
    assert (body["event"], body["mode"], body["answer"]) == ("message", "advanced-chat", "You said hello")
    assert body["id"] == body["message_id"]


def test_framing_and_headers_of_a_stream(minimal: httpx.Client) -> None:
    answer = run(minimal, "größe 你好", "streaming")
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["transfer-encoding"] == "chunked"
    assert {"x-version", "x-env"} <= set(answer.headers)
    assert answer.headers["x-env"] == "PRODUCTION"
    *blocks, rest = answer.content.split(b"\n\n")
    assert rest == b"", "each event ends with an empty line, and nothing follows the last"
    for block in blocks:
        assert block.startswith(b"data: {")
        assert b"\n" not in block
        assert b'": ' not in block.replace(b'"largest": ', b""), "keys stand without a space"
        json.loads(block[6:])
    assert "größe 你好".encode() in answer.content, "text goes as UTF-8"


def test_cors_of_the_service_api(minimal: httpx.Client) -> None:
    answer = minimal.post(
        "/workflows/run",
        json={"inputs": {"q": "x"}, "response_mode": "blocking", "user": "ann"},
        headers={"Origin": "https://somewhere.example"},
    )
    assert answer.headers["access-control-allow-origin"] == "*"
    exposed = {name.strip().lower() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert exposed == {"x-version", "x-env", "x-trace-id"}
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "Authorization header must be provided and start with 'Bearer'"),
        ({"Authorization": "app-123"}, "Authorization header must be provided and start with 'Bearer'"),
        ({"Authorization": "Basic app-123"}, "Authorization scheme must be 'Bearer'"),
        ({"Authorization": "Bearer app-nobodyhasthiskey000000"}, "Access token is invalid"),
    ],
)
def test_refused_keys(server: OrreryServer, console: Console, headers: dict[str, str], message: str) -> None:
    answer = httpx.post(f"{server.url}/v1/workflows/run", json={}, headers=headers, timeout=120, trust_env=False)
    assert answer.status_code == 401
    assert answer.json() == {"code": "unauthorized", "message": message, "status": 401}
    assert answer.headers["www-authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize(
    ("body", "code", "word"),
    [
        ({"inputs": {}, "response_mode": "blocking", "user": "ann"}, "invalid_param", "q is required"),
        ({"response_mode": "blocking", "user": "ann"}, "invalid_param", "inputs"),
        ({"inputs": {"q": "x"}, "response_mode": "blocking"}, "invalid_param", "user"),
        ({"inputs": {"q": "x" * 300}, "user": "ann"}, "invalid_param", "256"),
        ({"inputs": [], "user": "ann"}, "invalid_param", "inputs"),
    ],
)
@pytest.mark.parametrize("mode", ["blocking", "streaming"])
def test_refused_inputs(minimal: httpx.Client, mode: str, body: dict[str, object], code: str, word: str) -> None:
    answer = minimal.post("/workflows/run", json={**body, "response_mode": mode})
    assert answer.status_code == 400
    refusal = answer.json()
    assert set(refusal) <= {"code", "message", "status", "params"}
    assert (refusal["code"], refusal["status"]) == (code, 400)
    assert word in refusal["message"]


def test_the_wrong_route_for_the_app(minimal: httpx.Client, chatflow: httpx.Client) -> None:
    body: dict[str, object] = {"inputs": {}, "query": "x", "user": "ann"}
    found = {
        path: client.post(path, json=body).json()["code"]
        for client, path in [
            (minimal, "/chat-messages"),
            (minimal, "/completion-messages"),
            (chatflow, "/workflows/run"),
        ]
    }
    assert found == {
        "/chat-messages": "not_chat_app",
        "/completion-messages": "not_completion_app",
        "/workflows/run": "not_workflow_app",
    }


def test_unknown_conversation(chatflow: httpx.Client) -> None:
    answer = ask(chatflow, "x", "blocking", conversation_id="2d2f3a52-0000-4000-8000-000000000000")
    assert (answer.status_code, answer.json()) == (
        404,
        {"code": "not_found", "message": "Conversation Not Exists.", "status": 404},
    )


def test_a_failed_node(server: OrreryServer, console: Console) -> None:
    """A workflow that fails answers 200 and says so; a chatflow that fails ends with an error frame."""
    broken = dsl.code("broken", "def main():\n    raise RuntimeError('no')\n")
    workflow = server.service(
        console.add_app(
            dsl.workflow("wire fails", dsl.chain(dsl.start("q"), broken, dsl.end(out=["broken", "result"])))
        )[1]
    )
    sent = frames(run(workflow, "x", "streaming"))
    assert names(sent)[-2:] == ["node_finished broken", "workflow_finished"]
    assert sent[-2].data["data"]["status"] == "failed"
    assert sent[-1].data["data"]["status"] == "failed"
    whole = run(workflow, "x", "blocking")
    assert (whole.status_code, whole.json()["data"]["status"]) == (200, "failed")
    assert "RuntimeError" in whole.json()["data"]["error"]

    chatflow = server.service(
        console.add_app(dsl.chatflow("chat fails", dsl.chain(dsl.start(), broken, dsl.answer("{{#broken.result#}}"))))[
            1
        ]
    )
    sent = frames(ask(chatflow, "x", "streaming"))
    assert [frame.event for frame in sent[-2:]] == ["workflow_finished", "error"]
    assert list(sent[-1].data) == ["event", "conversation_id", "message_id", "created_at", "code", "status", "message"]
    assert (sent[-1].data["code"], sent[-1].data["status"]) == ("invalid_param", 400)
    assert sent[-1].data["message"].startswith("Run failed: ")
    whole = ask(chatflow, "x", "blocking")
    assert (whole.status_code, whole.json()["code"]) == (400, "invalid_param")
    assert whole.json()["message"].startswith("Run failed: ")
