"""Files over the Service API, and the links to them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tests.http.service.world import World, chain, chatflow, node, refusal, said, workflow

from orrery.database.ids import new_id

UPLOADING = {"file_upload": {"enabled": True, "number_limits": 3, "allowed_file_types": ["document", "image", "audio"]}}
FIELDS = [
    "id", "reference", "name", "size", "extension", "mime_type", "created_by", "created_at", "preview_url",
    "source_url", "original_url", "user_id", "tenant_id", "conversation_id", "file_key",
]  # fmt: skip
FORM = {"variable": "doc", "label": "Doc", "type": "file", "required": True, "allowed_file_types": ["document"]}


async def upload(
    client: httpx.AsyncClient,
    name: str = "a.txt",
    content: bytes = b"hello",
    kind: str = "text/plain",
    user: str = "ann",
) -> dict[str, Any]:
    answer = await client.post("/files/upload", files={"file": (name, content, kind)}, data={"user": user})
    assert answer.status_code == 201, answer.text
    return answer.json()


def local(file: dict[str, Any], kind: str = "document") -> dict[str, Any]:
    return {"type": kind, "transfer_method": "local_file", "upload_file_id": file["id"]}


async def open_link(world: World, link: str, **headers: str) -> httpx.Response:
    parts = urlsplit(link)
    return await world.client("").get(f"{parts.path}?{parts.query}", headers=headers)


async def test_an_upload_is_answered_and_read_by_its_link(world: World) -> None:
    client = world.service(await world.new_app("advanced-chat", chatflow()))
    file = await upload(client)
    assert list(file) == FIELDS
    assert file["source_url"].startswith("http://orrery.test/files/")
    assert (file["name"], file["size"], file["extension"], file["mime_type"]) == ("a.txt", 5, "txt", "text/plain")
    read = await open_link(world, file["source_url"])
    assert (read.status_code, read.content) == (200, b"hello")
    assert read.headers["x-content-type-options"] == "nosniff"
    assert read.headers["content-security-policy"].startswith("sandbox;")
    world.clock.advance(seconds=301)
    assert refusal(await open_link(world, file["source_url"])) == (404, "not_found")


async def test_forms_that_are_refused(world: World) -> None:
    client = world.service(await world.new_app("advanced-chat", chatflow()))
    big = b"x" * (1024 * 1024 + 1)
    for more, expected in (
        ({"data": {"user": "ann"}}, (400, "no_file_uploaded")),
        ({"json": {}}, (400, "no_file_uploaded")),
        ({"files": {"other": ("a.txt", b"x", "text/plain")}}, (400, "no_file_uploaded")),
        ({"files": [("file", ("a.txt", b"x", "text/plain"))] * 2}, (400, "too_many_files")),
        ({"files": {"file": ("a.txt", big, "text/plain")}}, (413, "file_too_large")),
        ({"files": {"file": ("a:b.txt", b"x", "text/plain")}}, (400, "invalid_param")),
    ):
        assert refusal(await client.post("/files/upload", **more)) == expected  # type: ignore[arg-type]
    head = {"content-type": "multipart/form-data; boundary=b"}
    nameless = b'--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n'
    assert refusal(await client.post("/files/upload", content=nameless, headers=head)) == (
        400,
        "filename_not_exists_error",
    )
    untyped = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nx\r\n--b--\r\n'
    assert refusal(await client.post("/files/upload", content=untyped, headers=head)) == (415, "unsupported_file_type")
    broken = await client.post("/files/upload", content=b"nonsense", headers=head)
    assert refusal(broken)[0] == 400
    assert [p for p in (world.storage._root).rglob("*") if p.is_file()] == []


async def test_an_endless_body_is_cut_off(world: World) -> None:
    client = world.service(await world.new_app("advanced-chat", chatflow()))
    sent = 0

    async def body() -> Any:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n'
        for _ in range(100):
            sent += 1
            yield b"x" * 100_000

    head = {"content-type": "multipart/form-data; boundary=b"}
    assert refusal(await client.post("/files/upload", content=body(), headers=head)) == (413, "file_too_large")
    assert sent == 11


async def test_a_workflow_takes_its_users_file(world: World) -> None:
    app, twin = await world.new_app("workflow", workflow(FORM)), await world.new_app("workflow", workflow(FORM))
    client = world.service(app)
    file = await upload(client)

    async def run(caller: httpx.AsyncClient, user: str, mapping: object) -> httpx.Response:
        return await caller.post("/workflows/run", json={"inputs": {"doc": mapping}, "user": user})

    done = (await run(client, "ann", local(file))).json()["data"]
    assert done["status"] == "succeeded"
    value = done["outputs"]["out"]
    assert (value["filename"], value["related_id"]) == ("a.txt", file["id"])
    assert (await open_link(world, value["url"])).content == b"hello"
    for caller, user in ((client, "bob"), (world.service(twin), "ann")):
        answer = await run(caller, user, local(file))
        assert (refusal(answer), answer.json()["message"]) == ((400, "invalid_param"), "Invalid upload file")
    foreign = await world.new_app("workflow", workflow(FORM), workspace=world.other)
    assert refusal(await run(world.service(foreign), "ann", local(file))) == (400, "invalid_param")


async def test_files_of_messages_are_shown_and_previewed(world: World) -> None:
    app = await world.new_app("advanced-chat", chatflow("{{#sys.files#}}"), features=UPLOADING)
    twin = await world.new_app("advanced-chat", chatflow(), features=UPLOADING)
    client = world.service(app)
    file, loose = await upload(client), await upload(client, "b.txt")
    turn = await said(client, files=[local(file)])
    world.clock.advance(hours=1)
    params = {"user": "ann", "conversation_id": turn["conversation_id"]}
    message = (await client.get("/messages", params=params)).json()["data"][0]
    shown, repeated = message["message_files"]
    assert (repeated["belongs_to"], repeated["upload_file_id"]) == ("assistant", file["id"])
    assert shown["url"].startswith("http://orrery.test/files/")
    assert (shown["filename"], shown["belongs_to"], shown["upload_file_id"]) == ("a.txt", "user", file["id"])
    assert (await open_link(world, shown["url"])).content == b"hello"
    assert "[a.txt](" in message["answer"]
    assert (await open_link(world, message["answer"].split("](")[1].rstrip(")"))).content == b"hello"
    path = f"/files/{file['id']}/preview"
    read = await client.get(path, params={"user": "ann"})
    assert (read.content, read.headers["cache-control"]) == (b"hello", "public, max-age=3600")
    assert (await client.get(path)).content == b"hello"
    saved = await client.get(path, params={"user": "ann", "as_attachment": "true"})
    assert saved.headers["content-disposition"].startswith('attachment; filename="a.txt"')
    for answer in (
        await client.get(path, params={"user": "bob"}),
        await client.get(f"/files/{loose['id']}/preview", params={"user": "ann"}),
        await client.get(f"/files/{new_id()}/preview"),
        await client.get("/files/nonsense/preview"),
    ):
        assert refusal(answer) == (404, "file_not_found")
    assert refusal(await world.service(twin).get(path)) == (403, "file_access_denied")


async def test_a_made_up_value_never_becomes_a_link(world: World) -> None:
    victim = await upload(world.service(await world.new_app("workflow", workflow(), workspace=world.other)))
    forged = {"dify_model_identity": "__dify__file__", "transfer_method": "local_file", "related_id": victim["id"],
              "filename": "x", "type": "document", "url": f"/files/{victim['id']}/file-preview"}  # fmt: skip
    field = {"variable": "thing", "label": "T", "type": "json_object"}
    graph = chain(
        node("start", "start", variables=[field]),
        node("end", "end", outputs=[{"variable": "out", "value_selector": ["start", "thing"]}]),
    )
    client = world.service(await world.new_app("workflow", graph))
    answer = await client.post("/workflows/run", json={"inputs": {"thing": forged}, "user": "eve"})
    assert answer.status_code == 200, answer.text
    assert "sign=" not in answer.text


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("x.html", "text/html", b"<script>1</script>"),
        ("x.htm", "text/plain", b"<script>1</script>"),
        ("x.txt", "application/xhtml+xml", b"<script>1</script>"),
    ],
)
async def test_html_is_always_a_download(world: World, name: str, kind: str, content: bytes) -> None:
    client = world.service(await world.new_app("advanced-chat", chatflow()))
    read = await open_link(world, (await upload(client, name, content, kind))["source_url"])
    assert read.headers["content-type"] == "application/octet-stream"
    assert read.headers["content-disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    "kind", ["text/javascript", "application/javascript", "text/css", "application/xml", "text/xml"]
)
async def test_texts_are_plain_whatever_they_are_called(world: World, kind: str) -> None:
    client = world.service(await world.new_app("advanced-chat", chatflow()))
    read = await open_link(world, (await upload(client, "x.txt", b"alert(1)", kind))["source_url"])
    assert read.headers["content-type"] == "text/plain; charset=utf-8"
    assert read.headers["content-security-policy"].startswith("sandbox;")


async def test_a_pdf_is_shown(world: World) -> None:
    client = world.service(await world.new_app("advanced-chat", chatflow()))
    read = await open_link(world, (await upload(client, "x.pdf", b"%PDF", "application/pdf"))["source_url"])
    assert read.headers["content-type"] == "application/pdf"
    assert "content-disposition" not in read.headers and "content-security-policy" not in read.headers


async def test_svg_can_not_act(world: World) -> None:
    client = world.service(await world.new_app("advanced-chat", chatflow()))
    file = await upload(client, "x.svg", b"<svg onload='alert(1)'/>", "image/svg+xml")
    read = await open_link(world, file["source_url"])
    assert read.headers["content-type"] == "image/svg+xml"
    assert read.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in read.headers["content-security-policy"]
    picture = await open_link(world, world.files.links.picture(file["id"]))
    assert picture.status_code == 200
    text = await upload(client)
    assert refusal(await open_link(world, world.files.links.picture(text["id"]))) == (404, "file_not_found")


async def test_players_read_stretches(world: World) -> None:
    client = world.service(await world.new_app("advanced-chat", chatflow()))
    link = (await upload(client, "a.mp3", b"0123456789", "audio/mpeg"))["source_url"]
    whole = await open_link(world, link)
    assert (whole.status_code, whole.headers["accept-ranges"], whole.content) == (200, "bytes", b"0123456789")
    for wanted, status, content, place in (
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=5-99", 206, b"56789", "bytes 5-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
    ):
        read = await open_link(world, link, range=wanted)
        assert (read.status_code, read.content, read.headers["content-range"]) == (status, content, place)
    assert (await open_link(world, link, range="lines=1-2")).content == b"0123456789"


async def test_names_in_headers_stay_in_their_place(world: World) -> None:
    client = world.service(await world.new_app("advanced-chat", chatflow()))
    file = await upload(client, "Größe; x=1.zip", b"x", "application/zip")
    disposition = (await open_link(world, file["source_url"])).headers["content-disposition"]
    assert disposition == "attachment; filename=\"Gr__e; x=1.zip\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%3B%20x%3D1.zip"


async def test_links_to_files_of_runs(world: World) -> None:
    from orrery.apps.runs.spec import RunSpec, RunUser

    spec = RunSpec(
        run_id="r", task_id="t", kind="workflow", workspace_id=world.home, app_id="a", app_mode="workflow",
        workflow_id="w", version="v", is_draft=False, invoke_from="service-api",
        user=RunUser("end_user", new_id(), "ann"), inputs={}, created_at=0.0, watched=None,
    )  # fmt: skip
    value = await world.files.for_run(spec).save_tool_file(b"png", filename="p.png", mime_type="image/png")
    link = str(value["url"])
    read = await open_link(world, link)
    assert (read.content, read.headers["content-type"]) == (b"png", "image/png")
    assert "content-disposition" not in read.headers
    refused = await open_link(world, link[:-4] + "AAA=")
    assert (refusal(refused), refused.json()["message"]) == ((403, "forbidden"), "Invalid request.")
    other = link.replace(str(value["related_id"]), new_id())
    assert refusal(await open_link(world, other)) == (403, "forbidden")
