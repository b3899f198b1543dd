"""Files in runs: each way in, and what of them an answer shows and keeps (workflow.md 2.6, 4.2, 5.6, 7.5)."""

from __future__ import annotations

from typing import Any

from tests.http.service.test_files import local, open_link, upload
from tests.http.service.world import Made, World, chain, chatflow, frames, node, refusal, said
from tests.unit.egress.canary import Canary, answer

from orrery.apps.runs.spec import RunSpec, RunUser

METHODS = ["local_file", "remote_url", "tool_file", "datasource_file"]
FEATURES = {"file_upload": {"enabled": True, "number_limits": 9, "allowed_file_upload_methods": METHODS}}
DOCS = {
    "variable": "docs",
    "label": "Docs",
    "type": "file-list",
    "required": False,
    "max_length": 9,
    "allowed_file_upload_methods": METHODS,
}


async def tool_file(world: World, app: Made, user: str, name: str) -> dict[str, Any]:
    """A file that an earlier run of this end user made."""
    found = await world.end_users.resolve(world.home, app.id, user, "service-api")
    spec = RunSpec(
        run_id="r", task_id="t", kind="workflow", workspace_id=world.home, app_id=app.id, app_mode="workflow",
        workflow_id="w", version="v", is_draft=False, invoke_from="service-api",
        user=RunUser("end_user", found.id, user), inputs={}, created_at=0.0, watched=None,
    )  # fmt: skip
    return await world.files.for_run(spec).save_tool_file(b"made", filename=name, mime_type="image/png")


def reply(line: str, headers: dict[str, str], body: bytes) -> bytes:
    whole = answer(b"far", headers={"Content-Type": "image/png", "Content-Disposition": 'attachment; filename="r.png"'})
    return whole.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if line.startswith("HEAD ") else whole


async def test_files_come_by_every_way_and_leave_with_the_answer(world: World) -> None:
    graph = chain(
        node("start", "start", variables=[DOCS]),
        node("answer", "answer", answer="{{#start.docs#}} and {{#sys.files#}}"),
    )
    app = await world.new_app("advanced-chat", graph, features=FEATURES)
    client = world.service(app)
    sent, source = await upload(client, "a.txt"), await upload(client, "d.txt")
    made = await tool_file(world, app, "ann", "m.png")
    async with Canary(reply) as server:
        mappings = [
            local(sent),
            {"type": "image", "transfer_method": "tool_file", "tool_file_id": made["related_id"]},
            {"type": "document", "transfer_method": "datasource_file", "datasource_file_id": source["id"]},
            {"type": "image", "transfer_method": "remote_url", "url": server.url + "/r.png"},
        ]
        body = {"inputs": {"docs": mappings}, "query": "Look", "user": "ann", "response_mode": "streaming"}
        told = frames(await client.post("/chat-messages", json={**body, "files": [mappings[0], mappings[3]]}))
        for frame in told:
            assert frame["event"] != "error", frame
        end = told[-1]
        names = [(file["filename"], file["transfer_method"]) for file in end["files"]]
        assert names == [
            ("a.txt", "local_file"), ("m.png", "tool_file"), ("d.txt", "datasource_file"), ("r.png", "remote_url"),
        ]  # fmt: skip
        for file, content in zip(end["files"][:3], (b"hello", b"made", b"hello"), strict=True):
            assert (await open_link(world, file["url"])).content == content
        assert end["files"][3]["url"] == server.url + "/r.png"
    params = {"user": "ann", "conversation_id": end["conversation_id"]}
    message = (await client.get("/messages", params=params)).json()["data"][0]
    shown = [(file["filename"], file["belongs_to"]) for file in message["message_files"]]
    assert sorted(shown) == sorted([("a.txt", "user"), ("r.png", "user"), *((name, "assistant") for name, _ in names)])
    # Pictures are shown as files, and not once more in the text.
    assert "![" not in message["answer"]
    assert "[a.txt](" in message["answer"]


async def test_files_of_others_come_in_by_no_way(world: World) -> None:
    app = await world.new_app("advanced-chat", chatflow("{{#sys.files#}}"), features=FEATURES)
    client = world.service(app)
    theirs = await upload(client, user="bob")
    made = await tool_file(world, app, "bob", "m.png")
    for mapping in (
        local(theirs),
        {"type": "image", "transfer_method": "tool_file", "tool_file_id": made["related_id"]},
        {"type": "document", "transfer_method": "datasource_file", "datasource_file_id": theirs["id"]},
        {"type": "document", "transfer_method": "datasource_file"},
    ):
        body = {"inputs": {}, "query": "Look", "user": "ann", "files": [mapping]}
        assert refusal(await client.post("/chat-messages", json=body)) == (400, "invalid_param"), mapping


async def test_an_answer_shows_no_file_that_a_value_only_claims(world: World) -> None:
    app = await world.new_app("advanced-chat", chatflow(), features=FEATURES)
    theirs = await upload(world.service(app), user="bob")
    forged = {
        "dify_model_identity": "__dify__file__", "transfer_method": "local_file", "related_id": theirs["id"],
        "filename": "x", "type": "document", "url": f"/files/{theirs['id']}/file-preview?sign=made-up",
    }  # fmt: skip
    graph = chain(
        node("start", "start", variables=[{"variable": "thing", "label": "T", "type": "json_object"}]),
        node("answer", "answer", answer="{{#start.thing#}}"),
    )
    client = world.service(await world.new_app("advanced-chat", graph))
    body = {"inputs": {"thing": forged}, "query": "Look", "user": "ann", "response_mode": "streaming"}
    end = frames(await client.post("/chat-messages", json=body))[-1]
    assert (end["event"], end["files"]) == ("message_end", [])
    params = {"user": "ann", "conversation_id": end["conversation_id"]}
    message = (await client.get("/messages", params=params)).json()["data"][0]
    assert message["message_files"] == []


async def test_an_answer_without_files_is_kept_as_it_is(world: World) -> None:
    app = await world.new_app("advanced-chat", chatflow("![x](https://x.test/y.png) {{#sys.query#}}"))
    turn = await said(world.service(app))
    params = {"user": "ann", "conversation_id": turn["conversation_id"]}
    message = (await world.service(app).get("/messages", params=params)).json()["data"][0]
    assert message["answer"] == turn["answer"] == "![x](https://x.test/y.png) Hello"
