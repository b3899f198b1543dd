"""The Service API as its document describes it: operations that exist, answers that fit, refusals with its codes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.contract.openapi.document import document, faults, operations
from tests.http.service.world import World, chatflow, config, refusal, said, workflow

from orrery.database.ids import new_id

ELSEWHERE = ("/datasets", "/workspaces", "/apps/annotation", "/form/", "/audio-to-text", "/text-to-audio")
"""Knowledge bases are tested in `test_knowledge_api`, forms with a real run; annotations and audio are not there yet."""

UPLOADING = {
    "file_upload": {"enabled": True, "number_limits": 3, "allowed_file_types": ["document"]},
    "suggested_questions_after_answer": {"enabled": True},
    "opening_statement": "Hi",
}
VARIABLES = [{"id": new_id(), "name": "mood", "value_type": "string", "value": "calm", "description": ""}]

ABSENT = {
    # A voice is named only where speech is on.
    "/parameters": {f"/text_to_speech/{name}: is missing" for name in ("voice", "language", "autoPlay")},
    # The contract's servers have these in the stream's last frame, and not in the blocking answer.
    "/workflows/run": {f"/data/{name}: is missing" for name in ("created_by", "exceptions_count", "files")},
}
"""Documented fields that answers may lack."""

pytestmark = pytest.mark.reference


async def test_each_operation_has_a_route(world: World) -> None:
    served = {
        (endpoint.declaration.method, endpoint.full_path.removeprefix("/v1"))
        for endpoint in world.app.router.endpoints
        if endpoint.full_path.startswith("/v1/")
    }
    wanted = {(method, path) for method, path in operations() if not path.startswith(ELSEWHERE)}
    assert len(wanted) == 26
    assert wanted - served == set()


def checked(answer: httpx.Response, method: str, path: str, status: int = 200) -> Any:
    """The body of an answer that has the status and fits the document."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    found = [fault for fault in faults(method, path, status, body) if fault not in ABSENT.get(path, ())]
    assert found == [], (method, path)
    return body


async def test_answers_about_chats_fit(world: World) -> None:
    app = await world.new_app("advanced-chat", chatflow(), features=UPLOADING, variables=VARIABLES)
    client = world.service(app)
    world.models.says = '["Why?"]'
    ann = {"user": "ann"}
    sent = await client.post("/files/upload", files={"file": ("a.txt", b"x", "text/plain")}, data=ann)
    file = checked(sent, "POST", "/files/upload", 201)
    mapping = {"type": "document", "transfer_method": "local_file", "upload_file_id": file["id"]}
    remote = {"type": "document", "transfer_method": "remote_url", "url": "http://127.0.0.1:1/b.pdf"}
    body = {"inputs": {}, "query": "Hello", "files": [mapping, remote], **ann}
    turn = checked(await client.post("/chat-messages", json=body), "POST", "/chat-messages")
    conversation, message = turn["conversation_id"], turn["message_id"]
    rated = await client.post(f"/messages/{message}/feedbacks", json={"rating": "like", **ann})
    checked(rated, "POST", "/messages/{message_id}/feedbacks")
    place = f"/conversations/{conversation}"
    stop = await client.post(f"/chat-messages/{turn['task_id']}/stop", json=ann)
    checked(stop, "POST", "/chat-messages/{task_id}/stop")
    for path, documented, params in (
        ("/info", "/info", {}),
        ("/parameters", "/parameters", {}),
        ("/meta", "/meta", {}),
        ("/site", "/site", {}),
        ("/conversations", "/conversations", ann),
        ("/messages", "/messages", {**ann, "conversation_id": conversation}),
        (f"/messages/{message}/suggested", "/messages/{message_id}/suggested", ann),
        ("/app/feedbacks", "/app/feedbacks", {}),
        (f"{place}/variables", "/conversations/{conversation_id}/variables", ann),
        (f"/end-users/{file['created_by']}", "/end-users/{end_user_id}", {}),
    ):
        found = checked(await client.get(path, params=params), "GET", documented)
        assert found.get("data", True), path
    variable = (await client.get(f"{place}/variables", params=ann)).json()["data"][0]
    changed = await client.put(f"{place}/variables/{variable['id']}", json={"value": "merry", **ann})
    checked(changed, "PUT", "/conversations/{conversation_id}/variables/{variable_id}")
    named = await client.post(f"{place}/name", json={"auto_generate": True, **ann})
    checked(named, "POST", "/conversations/{conversation_id}/name")
    assert (await client.request("DELETE", place, json=ann)).status_code == 204


async def test_answers_about_workflows_and_completions_fit(world: World) -> None:
    client = world.service(await world.new_app("workflow", workflow()))
    body = {"inputs": {"name": "Ada"}, "user": "ann"}
    run = checked(await client.post("/workflows/run", json=body), "POST", "/workflows/run")
    run_id = run["workflow_run_id"]
    checked(await client.get(f"/workflows/run/{run_id}"), "GET", "/workflows/run/{workflow_run_id}")
    # The document's user is not nullable, yet accounts run workflows too: only the one that is not the case is null.
    logs = (await client.get("/workflows/logs")).json()
    assert faults("GET", "/workflows/logs", 200, logs) == []
    assert len(logs["data"]) == 1
    asking = world.service(await world.new_app("completion", configs=config()))
    text = await asking.post("/completion-messages", json={"inputs": {}, "query": "a", "user": "ann"})
    checked(text, "POST", "/completion-messages")


async def test_refusals_have_the_documents_codes(world: World) -> None:
    chat = world.service(await world.new_app("advanced-chat", chatflow()))
    flow = world.service(await world.new_app("workflow", workflow()))
    bare = world.service(await world.new_app("workflow"))
    turn = await said(chat)
    ann = {"user": "ann"}
    name = f"/conversations/{turn['conversation_id']}/name"
    for answer, method, path in (
        (await flow.get("/conversations", params=ann), "GET", "/conversations"),
        (await chat.get("/conversations", params={**ann, "last_id": new_id()}), "GET", "/conversations"),
        (await flow.get("/messages", params={**ann, "conversation_id": new_id()}), "GET", "/messages"),
        (await chat.get("/messages", params={**ann, "conversation_id": new_id()}), "GET", "/messages"),
        (await chat.post(name, json={"user": "bob", "name": "x"}), "POST", "/conversations/{conversation_id}/name"),
        (await chat.get(f"/messages/{new_id()}/suggested", params=ann), "GET", "/messages/{message_id}/suggested"),
        (await chat.get(f"/messages/{turn['message_id']}/suggested", params=ann), "GET",
         "/messages/{message_id}/suggested"),
        (await chat.get(f"/files/{new_id()}/preview"), "GET", "/files/{file_id}/preview"),
        (await chat.post("/files/upload", data=ann), "POST", "/files/upload"),
        (await chat.get(f"/end-users/{new_id()}"), "GET", "/end-users/{end_user_id}"),
        (await bare.get("/parameters"), "GET", "/parameters"),
        (await flow.get(f"/workflows/run/{new_id()}"), "GET", "/workflows/run/{workflow_run_id}"),
        (await chat.post(f"/messages/{turn['message_id']}/feedbacks", json={"rating": "like"}), "POST",
         "/messages/{message_id}/feedbacks"),
    ):  # fmt: skip
        status, code = refusal(answer)
        examples = document()["paths"][path][method.lower()]["responses"][str(status)]["content"]["application/json"]
        assert code in {example["value"]["code"] for example in examples["examples"].values()}, (path, code)
