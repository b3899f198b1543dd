"""Agent apps from the file to the log: rounds, tools and answers, by every face (workflow.md 1.7, 4.2)."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, cast

import httpx
import pytest
from tests.support import dsl
from tests.support.server import Console, OrreryServer
from tests.support.sse import Sent, read_frames

TOOL: dsl.JsonObject = {"enabled": True, "provider_type": "builtin", "provider_id": "time", "provider_name": "time",
        "tool_name": "current_time", "tool_parameters": {}}  # fmt: skip
ENVELOPE = ["event", "conversation_id", "message_id", "created_at", "task_id"]


def agent(name: str, model: str, **mode: object) -> dsl.JsonObject:
    agent_mode: dsl.JsonObject = {
        "enabled": True,
        "strategy": "function_call",
        "max_iteration": 3,
        "tools": [TOOL],
        **mode,
    }
    return dsl.basic(name, "agent-chat", model, agent_mode=agent_mode)


def asked(client: httpx.Client, query: str, conversation: str = "") -> list[Sent]:
    body: dsl.JsonObject = {"inputs": {}, "query": query, "user": "ann", "response_mode": "streaming"}
    if conversation:
        body["conversation_id"] = conversation
    with client.stream("POST", "/chat-messages", json=body) as response:
        response.read()
        assert response.status_code == 200, response.text
        return [frame for frame in read_frames([response.content]) if frame.event != "ping"]


@pytest.fixture(scope="module")
def app(console: Console) -> tuple[str, str]:
    return console.add_app(agent("clock", "tool"))


@pytest.fixture(scope="module")
def client(server: OrreryServer, app: tuple[str, str]) -> httpx.Client:
    return server.service(app[1])


def test_import_says_that_an_agent_app_is_complete(console: Console) -> None:
    text = json.dumps(agent("whole", "tool"))
    made = console.call("POST", "/apps/imports", {"mode": "yaml-content", "yaml_content": text})
    assert (made["status"], made["app_mode"], made["error"]) == ("completed", "agent-chat", "")


def test_rounds_are_streamed_and_kept(client: httpx.Client, console: Console, app: tuple[str, str]) -> None:
    frames = asked(client, "what time is it?")
    names = [frame.event for frame in frames]
    first, decided, observed = [frame.data for frame in frames if frame.event == "agent_thought"][:3]
    assert first["id"] == decided["id"] == observed["id"]
    assert list(first) == [
        *ENVELOPE, "id", "position", "thought", "observation", "tool", "tool_labels", "tool_input", "message_files",
    ]  # fmt: skip
    assert (first["tool"], decided["tool"], decided["tool_input"]) == ("", "current_time", '{"current_time": {}}')
    assert "current_time" in json.loads(observed["observation"])
    assert names[0] == "agent_thought"
    assert names[-1] == "message_end"
    assert Counter(names).keys() == {"agent_thought", "agent_message", "message_end"}
    said = [frame.data for frame in frames if frame.event == "agent_message"]
    assert list(said[0]) == [*ENVELOPE, "id", "answer"]
    answer = "".join(frame["answer"] for frame in said)
    assert answer.strip().startswith("tool said: 20")
    end = frames[-1].data
    assert end["metadata"]["usage"]["total_tokens"] > 0
    conversation = end["conversation_id"]
    stored = _messages(client, conversation)[0]
    assert stored["answer"] == answer
    assert [(t["position"], t["tool"]) for t in stored["agent_thoughts"]] == [(1, "current_time"), (2, "")]
    assert stored["agent_thoughts"][0]["observation"] == observed["observation"]
    assert stored["agent_thoughts"][0]["message_id"] == stored["id"]
    logged = console.call("GET", f"/apps/{app[0]}/messages/{stored['id']}")
    assert [t["id"] for t in logged["agent_thoughts"]] == [t["id"] for t in stored["agent_thoughts"]]
    query = f"message_id={stored['id']}&conversation_id={conversation}"
    log = console.call("GET", f"/apps/{app[0]}/agent/logs?{query}")
    assert (log["meta"]["status"], log["meta"]["iterations"], log["meta"]["agent_mode"]) == (
        "success", 2, "function_call",
    )  # fmt: skip
    assert [call["tool_name"] for call in log["iterations"][0]["tool_calls"]] == ["current_time"]
    assert log["iterations"][0]["tool_calls"][0]["status"] == "success"


def _messages(client: httpx.Client, conversation: str) -> list[dict[str, Any]]:
    answer = client.get("/messages", params={"conversation_id": conversation, "user": "ann"})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_an_agent_remembers_its_conversation(server: OrreryServer, console: Console) -> None:
    client = server.service(console.add_app(agent("memory", "history", tools=[]))[1])
    conversation = asked(client, "first")[-1].data["conversation_id"]
    frames = asked(client, "second", conversation)
    said = "".join(frame.data["answer"] for frame in frames if frame.event == "agent_message")
    assert [text for _, text in json.loads(said)][::2] == ["first", "second"]


def test_the_text_protocol_works_in_rounds_too(server: OrreryServer, console: Console, models: str) -> None:
    """A model that can't call tools, by its own declaration, is talked to in Thought and Action."""
    provider = "langgenius/openai_api_compatible/openai_api_compatible"
    spoken = 'text:Thought: easy\nAction: ```{"action": "Final Answer", "action_input": "forty two"}```'
    credentials = {"endpoint_url": f"{models}/v1", "api_key": "k", "mode": "chat", "context_size": "4096",
                   "endpoint_model_name": spoken}  # fmt: skip
    body = {"model": "speaker", "model_type": "llm", "credentials": credentials}
    console.call("POST", f"/workspaces/current/model-providers/{provider}/models/credentials", body)
    model: dsl.JsonObject = {"provider": provider, "name": "speaker", "mode": "chat", "completion_params": {}}
    document = agent("react", "speaker", strategy="react")
    document["model_config"] = {**cast("dsl.JsonObject", document["model_config"]), "model": model}
    frames = asked(server.service(console.add_app(document)[1]), "what?")
    thoughts = [frame.data for frame in frames if frame.event == "agent_thought"]
    assert (thoughts[-1]["thought"], thoughts[-1]["tool"]) == ("easy", "")
    assert frames[-1].event == "message_end"
    said = "".join(frame.data["answer"] for frame in frames if frame.event == "agent_message")
    assert said.strip() == "forty two"


def test_a_model_that_refuses_ends_with_the_contracts_error(server: OrreryServer, console: Console) -> None:
    client = server.service(console.add_app(agent("refused", "error:401"))[1])
    frames = asked(client, "hello")
    assert [frame.event for frame in frames][-1] == "error"
    assert frames[-1].data["code"] == "completion_request_error"


def test_in_one_piece_an_agent_does_not_answer(client: httpx.Client, console: Console, app: tuple[str, str]) -> None:
    body: dsl.JsonObject = {"inputs": {}, "query": "hi", "user": "ann"}
    refused = client.post("/chat-messages", json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_param")
    assert refused.json()["message"] == "Agent Chat App does not support blocking mode"


def test_the_page_and_the_console_run_agents(server: OrreryServer, console: Console, app: tuple[str, str]) -> None:
    site = console.call("POST", f"/apps/{app[0]}/site-enable", {"enable_site": True})["site"]
    code = site.get("code") or site["access_token"]
    with httpx.Client(base_url=f"{server.url}/api", timeout=30, trust_env=False) as page:
        token = page.get("/passport", headers={"X-App-Code": code}).json()["access_token"]
        headers = {"X-App-Code": code, "X-App-Passport": token, "Authorization": f"Bearer {token}"}
        body: dsl.JsonObject = {"inputs": {}, "query": "time?", "response_mode": "streaming"}
        answer = page.post("/chat-messages", json=body, headers=headers)
        names = [frame.event for frame in read_frames([answer.content])]
        assert (names[0], names[-1]) == ("agent_thought", "message_end")
        refused = page.post("/chat-messages", json={**body, "response_mode": "blocking"}, headers=headers)
        assert refused.json()["message"] == "Agent Chat App does not support blocking mode"
    config: dsl.JsonObject = {"model": {"provider": dsl.PROVIDER, "name": "tool", "mode": "chat", "completion_params": {}},
              "agent_mode": {"enabled": True, "strategy": "function_call", "tools": [TOOL]}}  # fmt: skip
    debug: dsl.JsonObject = {"inputs": {}, "query": "time?", "model_config": config, "response_mode": "streaming"}
    tried = console.http.post(f"/apps/{app[0]}/chat-messages", json=debug)
    names = [frame.event for frame in read_frames([tried.content])]
    assert (names[0], names[-1]) == ("agent_thought", "message_end")
