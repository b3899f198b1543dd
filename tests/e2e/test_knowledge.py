"""Knowledge from the upload to the citation: indexed by a real server, searched by imported apps, told in answers."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest
from tests.support import dsl
from tests.support.server import Console, OrreryServer
from tests.support.sse import read_frames

# The scripted vendor's vectors are near for equal words: questions are asked in the words of the passages.
MODEL = {"embedding_model": "text-embedding-3-small", "embedding_model_provider": dsl.PROVIDER}
FACTS = "The observatory opens at nine in the evening.\n\nTickets cost four crowns.\n\nThe dome turns on ball bearings."
CONTEXT = "Know this: {{#context#}}"
CITATION = [
    "position",
    "dataset_id",
    "dataset_name",
    "document_id",
    "document_name",
    "data_source_type",
    "segment_id",
    "retriever_from",
    "score",
    "hit_count",
    "word_count",
    "segment_position",
    "index_node_hash",
    "page",
    "doc_metadata",
    "content",
    "title",
    "files",
    "summary",
]


@pytest.fixture(scope="module")
def knowledge(server: OrreryServer, console: Console) -> httpx.Client:
    """The Service API under a key that opens the workspace's knowledge."""
    return server.service(str(console.call("POST", "/datasets/api-keys")["token"]))


@pytest.fixture(scope="module")
def dataset(knowledge: httpx.Client) -> str:
    """A dataset with an indexed document."""
    body: dsl.JsonObject = {"name": "Observatory", "indexing_technique": "high_quality", **MODEL}
    dataset_id = str(checked(knowledge.post("/datasets", json=body))["id"])
    rule: dsl.JsonObject = {
        "mode": "custom",
        "rules": {"pre_processing_rules": [], "segmentation": {"separator": "\n\n", "max_tokens": 500}},
    }
    text: dsl.JsonObject = {
        "name": "visitors.txt",
        "text": FACTS,
        "indexing_technique": "high_quality",
        "process_rule": rule,
    }
    made = checked(knowledge.post(f"/datasets/{dataset_id}/document/create-by-text", json=text))
    deadline = time.monotonic() + 120
    status = ""
    while status != "completed":
        assert time.monotonic() < deadline, status
        told = checked(knowledge.get(f"/datasets/{dataset_id}/documents/{made['batch']}/indexing-status"))
        status = str(told["data"][0]["indexing_status"])
        assert status != "error", told
        time.sleep(0.05)
    return dataset_id


def checked(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()


def searching_flow(dataset_id: str) -> dsl.JsonObject:
    search = dsl.node(
        "search",
        "knowledge-retrieval",
        query_variable_selector=["sys", "query"],
        dataset_ids=[dataset_id],
        retrieval_mode="multiple",
        multiple_retrieval_config={"top_k": 1, "score_threshold": None, "reranking_enable": False},
    )
    model: Any = dsl.llm("history", CONTEXT)
    model["data"]["context"] = {"enabled": True, "variable_selector": ["search", "result"]}
    return dsl.chatflow("guide", dsl.chain(dsl.start(), search, model, dsl.answer("{{#llm.text#}}")))


def asked(client: httpx.Client, query: str) -> dict[str, Any]:
    """The last frame of an answer, with the whole text in ``answer``."""
    body: dsl.JsonObject = {"inputs": {}, "query": query, "user": "ann", "response_mode": "streaming"}
    with client.stream("POST", "/chat-messages", json=body) as response:
        response.read()
        assert response.status_code == 200, response.text
        frames: list[Any] = list(read_frames([response.content]))
    end: dict[str, Any] = frames[-1].data
    assert end["event"] == "message_end", end
    return {**end, "answer": "".join(frame.data["answer"] for frame in frames if frame.event == "message")}


def test_a_dataset_answers_by_key(knowledge: httpx.Client, dataset: str) -> None:
    found = checked(knowledge.post(f"/datasets/{dataset}/retrieve", json={"query": "tickets cost four crowns."}))
    assert found["records"][0]["segment"]["content"] == "Tickets cost four crowns."


def test_an_imported_chatflow_answers_with_citations(server: OrreryServer, console: Console, dataset: str) -> None:
    app_id, _ = console.add_app(searching_flow(dataset))
    exported = str(console.call("GET", f"/apps/{app_id}/export")["data"])
    assert dataset not in exported, "files name datasets in a way that only this workspace reads"
    made = console.call("POST", "/apps/imports", {"mode": "yaml-content", "yaml_content": exported})
    console.call("POST", f"/apps/{made['app_id']}/workflows/publish", {"marked_name": "", "marked_comment": ""})
    client = server.service(console.add_key(made["app_id"]))
    shown = console.call("GET", f"/datasets/{dataset}")
    assert shown["app_count"] >= 2, "both apps of the graph are known to search the dataset"
    end = asked(client, "the observatory opens at nine in the evening.")
    [cited] = end["metadata"]["retriever_resources"]
    assert list(cited) == CITATION
    assert (cited["dataset_id"], cited["dataset_name"], cited["position"]) == (dataset, "Observatory", 1)
    assert cited["content"] == "The observatory opens at nine in the evening."
    assert (cited["document_name"], cited["title"], cited["segment_position"]) == ("visitors.txt", "visitors.txt", 1)
    prompt = json.loads(end["answer"])
    assert prompt == [["user", "Know this: The observatory opens at nine in the evening."]]
    query = {"conversation_id": end["conversation_id"], "user": "ann"}
    [message] = checked(client.get("/messages", params=query))["data"]
    assert [kept["segment_id"] for kept in message["retriever_resources"]] == [cited["segment_id"]]


def test_a_chat_app_searches_its_knowledge_too(server: OrreryServer, console: Console, dataset: str) -> None:
    known: dsl.JsonObject = {
        "retrieval_model": "multiple", "top_k": 1, "datasets": {"datasets": [{"dataset": {"enabled": True, "id": dataset}}]},
    }  # fmt: skip
    document = dsl.basic(
        "keeper", "chat", "history", pre_prompt="Be brief.", dataset_configs=known, retriever_resource={"enabled": True}
    )
    end = asked(server.service(console.add_app(document)[1]), "the dome turns on ball bearings.")
    [cited] = end["metadata"]["retriever_resources"]
    assert cited["content"] == "The dome turns on ball bearings."
    role, text = json.loads(end["answer"])[0]
    assert role == "system"
    assert text.endswith("Be brief.")
    assert "<context>\nThe dome turns on ball bearings.\n</context>" in text


def test_an_agent_app_knows_it_as_well(server: OrreryServer, console: Console, dataset: str) -> None:
    known: dsl.JsonObject = {"top_k": 1, "datasets": {"datasets": [{"dataset": {"enabled": True, "id": dataset}}]}}
    mode: dsl.JsonObject = {"enabled": True, "strategy": "function_call", "max_iteration": 2, "tools": []}
    document = dsl.basic("scout", "agent-chat", "history", agent_mode=mode, dataset_configs=known)
    client = server.service(console.add_app(document)[1])
    body: dsl.JsonObject = {
        "inputs": {},
        "query": "tickets cost four crowns.",
        "user": "ann",
        "response_mode": "streaming",
    }
    with client.stream("POST", "/chat-messages", json=body) as response:
        response.read()
        frames: list[Any] = list(read_frames([response.content]))
    assert frames[-1].event == "message_end", frames[-1]
    [cited] = frames[-1].data["metadata"]["retriever_resources"]
    assert (cited["content"], cited["dataset_id"]) == ("Tickets cost four crowns.", dataset)
    said = "".join(frame.data["answer"] for frame in frames if frame.event == "agent_message")
    assert "<context>\\nTickets cost four crowns.\\n</context>" in said
