"""The published ``dify-client`` package, unmodified, drives the server: every method that it has."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import httpx
import pytest
from tests.support import dsl
from tests.support.server import Console, OrreryServer
from tests.support.sse import Sent, read_frames

dify_client: ModuleType = pytest.importorskip("dify_client", reason="the client package is not installed")

USER = "ann"


def client_of(kind: str, server: OrreryServer, key: str) -> Any:
    """A client of the package, told where the server is."""
    made = getattr(dify_client, kind)(key)
    made.base_url = f"{server.url}/v1"
    return made


def streamed(response: Any) -> Iterator[Sent]:
    """The events of a streaming answer, as they come."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/event-stream")
    yield from read_frames(response.iter_content(chunk_size=None))


def checked(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json()


@pytest.fixture(scope="module")
def chatflow(server: OrreryServer, console: Console) -> Any:
    drawn = dsl.chain(dsl.start(), dsl.answer("You said {{#sys.query#}}"))
    return client_of("ChatClient", server, console.add_app(dsl.chatflow("client chatflow", drawn))[1])


@pytest.fixture(scope="module")
def chat(server: OrreryServer, console: Console) -> Any:
    return client_of("ChatClient", server, console.add_app(dsl.basic("client chat", "chat", "echo"))[1])


@pytest.fixture(scope="module")
def slow_chat(server: OrreryServer, console: Console) -> Any:
    return client_of("ChatClient", server, console.add_app(dsl.basic("client slow", "chat", "slow:40:5000"))[1])


@pytest.fixture(scope="module")
def completion(server: OrreryServer, console: Console) -> Any:
    form = [{"paragraph": {"label": "query", "variable": "query", "required": True, "max_length": 500}}]
    document = dsl.basic("client completion", "completion", "echo", pre_prompt="{{query}}", user_input_form=form)
    return client_of("CompletionClient", server, console.add_app(document)[1])


@pytest.fixture(scope="module")
def workflow_key(server: OrreryServer, console: Console) -> str:
    drawn = dsl.chain(dsl.start("q"), dsl.llm("words:60", "{{#start.q#}}"), dsl.end(out=["llm", "text"]))
    return console.add_app(dsl.workflow("client workflow", drawn))[1]


@pytest.fixture(scope="module")
def slow_workflow_key(server: OrreryServer, console: Console) -> str:
    """It would run for minutes."""
    drawn = dsl.chain(dsl.start("q"), dsl.llm("slow:30:5000", "{{#start.q#}}"), dsl.end(out=["llm", "text"]))
    return console.add_app(dsl.workflow("client slow workflow", drawn))[1]


@pytest.mark.parametrize("app", ["chatflow", "chat"])
def test_blocking_chat(request: pytest.FixtureRequest, app: str) -> None:
    client = request.getfixturevalue(app)
    body = checked(client.create_chat_message({}, "good morning", USER))
    assert body["answer"] == {"chatflow": "You said good morning", "chat": "good morning"}[app]
    assert body["mode"] == {"chatflow": "advanced-chat", "chat": "chat"}[app]
    again = checked(client.create_chat_message({}, "and you", USER, conversation_id=body["conversation_id"]))
    assert again["conversation_id"] == body["conversation_id"]
    assert again["message_id"] != body["message_id"]


@pytest.mark.parametrize("app", ["chatflow", "chat"])
def test_streaming_chat(request: pytest.FixtureRequest, app: str) -> None:
    client = request.getfixturevalue(app)
    sent = list(streamed(client.create_chat_message({}, "good morning to all of you", USER, "streaming")))
    text = "".join(frame.data["answer"] for frame in sent if frame.event == "message")
    assert text == {"chatflow": "You said ", "chat": ""}[app] + "good morning to all of you"
    assert sent[-1].event == "message_end"
    assert sent[-1].data["metadata"]["usage"]["currency"] == "USD"
    if app == "chat":
        assert sent[-1].data["metadata"]["usage"]["completion_tokens"] > 0
        assert {frame.event for frame in sent} == {"message", "message_end"}


def test_conversations_and_messages(chat: Any) -> None:
    user = "reader"
    first = checked(chat.create_chat_message({}, "one", user))
    second = checked(chat.create_chat_message({}, "two", user))
    checked(chat.create_chat_message({}, "one more", user, conversation_id=first["conversation_id"]))

    listed = checked(chat.get_conversations(user, limit=10))
    assert (listed["limit"], listed["has_more"]) == (10, False)
    assert {item["id"] for item in listed["data"]} == {first["conversation_id"], second["conversation_id"]}
    page = checked(chat.get_conversations(user, limit=1))
    assert (len(page["data"]), page["has_more"]) == (1, True)
    rest = checked(chat.get_conversations(user, last_id=page["data"][0]["id"], limit=1))
    assert {page["data"][0]["id"], rest["data"][0]["id"]} == {first["conversation_id"], second["conversation_id"]}
    assert checked(chat.get_conversations("somebody else"))["data"] == []

    messages = checked(chat.get_conversation_messages(user, first["conversation_id"]))
    assert [(m["query"], m["answer"], m["status"]) for m in messages["data"]] == [
        ("one", "one", "normal"),
        ("one more", "one more", "normal"),
    ]
    newest = checked(chat.get_conversation_messages(user, first["conversation_id"], limit=1))
    assert [m["query"] for m in newest["data"]] == ["one more"]
    older = checked(
        chat.get_conversation_messages(user, first["conversation_id"], first_id=newest["data"][0]["id"], limit=1)
    )
    assert [m["query"] for m in older["data"]] == ["one"]
    stranger = chat.get_conversation_messages("somebody else", first["conversation_id"])
    assert (stranger.status_code, stranger.json()["code"]) == (404, "not_found")


def test_renaming(chat: Any) -> None:
    made = checked(chat.create_chat_message({}, "call me something", USER))
    renamed = checked(chat.rename_conversation(made["conversation_id"], "Something", USER))
    assert (renamed["id"], renamed["name"]) == (made["conversation_id"], "Something")
    assert chat.rename_conversation(made["conversation_id"], "Mine now", "somebody else").status_code == 404
    names = {item["id"]: item["name"] for item in checked(chat.get_conversations(USER, limit=100))["data"]}
    assert names[made["conversation_id"]] == "Something"


def test_feedback(chat: Any) -> None:
    user = "critic"
    made = checked(chat.create_chat_message({}, "rate me", user))
    for rating in ("like", "dislike"):
        assert checked(chat.message_feedback(made["message_id"], rating, user)) == {"result": "success"}
        (message,) = checked(chat.get_conversation_messages(user, made["conversation_id"]))["data"]
        assert message["feedback"]["rating"] == rating
    assert checked(chat.message_feedback(made["message_id"], None, user)) == {"result": "success"}
    (message,) = checked(chat.get_conversation_messages(user, made["conversation_id"]))["data"]
    assert message["feedback"] is None
    assert chat.message_feedback(made["message_id"], "like", "somebody else").status_code == 404


def test_parameters(chatflow: Any) -> None:
    parameters = checked(chatflow.get_application_parameters(USER))
    assert {
        "opening_statement", "suggested_questions", "suggested_questions_after_answer", "speech_to_text",
        "text_to_speech", "retriever_resource", "annotation_reply", "more_like_this", "user_input_form",
        "sensitive_word_avoidance", "file_upload", "system_parameters",
    } <= set(parameters)  # fmt: skip


def test_upload(chat: Any) -> None:
    file = ("note.txt", io.BytesIO(b"a note"), "text/plain")
    made = checked(chat.file_upload(USER, {"file": file}), 201)
    assert (made["name"], made["size"], made["extension"], made["mime_type"]) == ("note.txt", 6, "txt", "text/plain")


def test_completion(completion: Any) -> None:
    body = checked(completion.create_completion_message({"query": "say this"}, "blocking", USER))
    assert (body["answer"], body["mode"]) == ("say this", "completion")
    assert "conversation_id" not in body
    sent = list(streamed(completion.create_completion_message({"query": "and say that"}, "streaming", USER)))
    assert "".join(frame.data["answer"] for frame in sent if frame.event == "message") == "and say that"
    assert sent[-1].event == "message_end"
    assert all("conversation_id" not in frame.data for frame in sent)


def test_stopping_a_chat(server: OrreryServer, slow_chat: Any) -> None:
    response = slow_chat.create_chat_message({}, "talk on", USER, "streaming")
    stream = streamed(response)
    seen = [next(stream), next(stream)]
    task, conversation = seen[0].data["task_id"], seen[0].data["conversation_id"]
    headers = {"Authorization": f"Bearer {slow_chat.api_key}"}
    url = f"{server.url}/v1/chat-messages/{task}/stop"
    assert httpx.post(url, json={"user": "somebody else"}, headers=headers, timeout=120, trust_env=False).json() == {
        "result": "success"
    }
    seen += [next(stream), next(stream)]
    assert seen[-1].event == "message", "somebody else's word does not stop it"
    assert httpx.post(url, json={"user": USER}, headers=headers, timeout=120, trust_env=False).json() == {
        "result": "success"
    }
    seen += list(stream)
    assert seen[-1].event == "message_end"
    said = "".join(frame.data["answer"] for frame in seen if frame.event == "message")
    assert 0 < len(said.split()) < 5000
    (message,) = checked(slow_chat.get_conversation_messages(USER, conversation))["data"]
    assert message["answer"] == said, "what was said is kept"


def test_running_a_workflow(server: OrreryServer, workflow_key: str) -> None:
    """The package has no client class for workflows; its transport takes the routes."""
    client = client_of("DifyClient", server, workflow_key)
    body = {"inputs": {"q": "x"}, "response_mode": "blocking", "user": USER}
    done = checked(client._send_request("POST", "/workflows/run", body))
    assert done["data"]["status"] == "succeeded"
    assert done["data"]["outputs"]["out"].split()[-1] == "w59"
    found = checked(client._send_request("GET", f"/workflows/run/{done['workflow_run_id']}"))
    assert (found["id"], found["status"]) == (done["workflow_run_id"], "succeeded")
    outputs = found["outputs"]
    assert (json.loads(outputs) if isinstance(outputs, str) else outputs) == done["data"]["outputs"]


def test_stopping_a_workflow(server: OrreryServer, slow_workflow_key: str) -> None:
    client = client_of("DifyClient", server, slow_workflow_key)
    body = {"inputs": {"q": "x"}, "response_mode": "streaming", "user": USER}
    stream = streamed(client._send_request("POST", "/workflows/run", body, stream=True))
    seen = [next(stream)]
    while seen[-1].event != "text_chunk":
        seen.append(next(stream))
    task = seen[0].data["task_id"]
    assert checked(client._send_request("POST", f"/workflows/tasks/{task}/stop", {"user": USER})) == {
        "result": "success"
    }
    seen += list(stream)
    end = seen[-1].data
    assert (end["event"], end["data"]["status"], end["data"]["error"]) == (
        "workflow_finished", "stopped", "Stopped by user.",
    )  # fmt: skip
    found = checked(client._send_request("GET", f"/workflows/run/{seen[0].data['workflow_run_id']}"))
    assert found["status"] == "stopped"


def test_knowledge(server: OrreryServer, console: Console) -> None:
    """The package has no client class for knowledge bases; its transport takes the routes."""
    key = console.call("POST", "/datasets/api-keys", {})["token"]
    client = client_of("DifyClient", server, key)
    technique = {"indexing_technique": "high_quality", "process_rule": {"mode": "automatic"}}
    dataset = checked(client._send_request("POST", "/datasets", {"name": "client knowledge"}))
    base = f"/datasets/{dataset['id']}"
    text = {"name": "Fruit", "text": "Apples are red. Pears are green.", **technique}
    made = [checked(client._send_request("POST", f"{base}/document/create_by_text", text))]
    data, file = {"data": json.dumps(technique)}, {"file": ("stars.txt", io.BytesIO(b"Vega is blue."), "text/plain")}
    path = f"{base}/document/create_by_file"
    made.append(checked(client._send_request_with_files("POST", path, data=data, files=file)))
    for one in made:
        finished(client, base, one["batch"])
    listed = checked(client._send_request("GET", f"{base}/documents", params={"page": 1, "limit": 20}))
    assert {one["name"]: one["display_status"] for one in listed["data"]} == {
        "Fruit": "available",
        "stars.txt": "available",
    }
    query = {"query": "Vega is blue."}
    for alias in ("retrieve", "hit-testing"):
        found = checked(client._send_request("POST", f"{base}/{alias}", query))
        assert found["records"][0]["segment"]["content"] == "Vega is blue."
    document = f"{base}/documents/{made[0]['document']['id']}"
    added = checked(
        client._send_request("POST", f"{document}/segments", {"segments": [{"content": "Plums are blue."}]})
    )
    segment = f"{document}/segments/{added['data'][0]['id']}"
    changed = checked(client._send_request("POST", segment, {"segment": {"content": "Plums are purple."}}))
    assert changed["data"]["content"] == "Plums are purple."
    listed = checked(client._send_request("GET", f"{document}/segments", params={"keyword": "Plums"}))
    assert [one["content"] for one in listed["data"]] == ["Plums are purple."]
    assert client._send_request("DELETE", segment).status_code == 204
    assert client._send_request("DELETE", document).status_code == 204
    assert client._send_request("DELETE", base).status_code == 204
    assert client._send_request("GET", base).status_code == 404


def finished(client: Any, base: str, batch: str) -> None:
    """Waits until the documents of a batch are indexed."""
    deadline = time.monotonic() + 60
    while True:
        (state,) = checked(client._send_request("GET", f"{base}/documents/{batch}/indexing-status"))["data"]
        if state["indexing_status"] == "completed":
            return
        assert state["indexing_status"] != "error" and time.monotonic() < deadline, state
        time.sleep(0.05)
