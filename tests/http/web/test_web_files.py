"""Files of a page's visitors and of the console, also from elsewhere."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from tests.http.service.world import World, chatflow, refusal
from tests.unit.egress.canary import Canary, answer

from orrery.database.ids import new_id

PNG = {"Content-Type": "image/png"}


def picture(line: str, headers: dict[str, str], body: bytes) -> bytes:
    whole = answer(b"picture", headers=PNG)
    return whole.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if line.startswith("HEAD") else whole


async def test_a_visitor_uploads(world: World) -> None:
    page = await world.page(await world.new_app("advanced-chat", chatflow()))
    taken = await page.post("/files/upload", files={"file": ("a.txt", b"x", "text/plain")})
    assert (taken.status_code, taken.json()["name"]) == (201, "a.txt")
    assert refusal(await page.post("/files/upload", data={"a": "b"})) == (400, "no_file_uploaded")


async def test_a_remote_file_is_asked_about_and_taken(world: World) -> None:
    app = await world.new_app("advanced-chat", chatflow())
    for client in (await world.page(app), world.console()):
        async with Canary(picture) as server:
            url = f"{server.url}/pics/a.png?size=1"
            info = await client.get(f"/remote-files/{quote(url, safe='')}")
            assert info.json() == {"file_type": "image/png", "file_length": 7}
            taken = await client.post("/remote-files/upload", json={"url": url})
        assert taken.status_code == 201, taken.text
        file = taken.json()
        assert (file["name"], file["mime_type"], file["size"]) == ("a.png", "image/png", 7)
        link = urlsplit(file["url"])
        assert (await world.client("").get(f"{link.path}?{link.query}")).content == b"picture"


async def test_remote_files_that_are_refused(world: World) -> None:
    page = await world.page(await world.new_app("advanced-chat", chatflow()))

    def large(line: str, headers: dict[str, str], body: bytes) -> bytes:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2000000\r\n\r\n"
        return head if line.startswith("HEAD") else head + b"x" * 2_000_000

    async with Canary(lambda *_: answer(b"", status="404 Not Found")) as server:
        for url in (
            server.url + "/gone",
            "ftp://x.test/a",
            "http://169.254.169.254/latest/meta-data",
            "file:///etc/passwd",
        ):
            refused = await page.post("/remote-files/upload", json={"url": url})
            assert refusal(refused) == (400, "remote_file_upload_error"), url
            assert refusal(await page.get(f"/remote-files/{quote(url, safe='')}"))[0] == 400
    async with Canary(large) as server:
        refused = await page.post("/remote-files/upload", json={"url": server.url + "/a.txt"})
    assert refusal(refused) == (413, "file_too_large")
    assert refusal(await world.client("/api").post("/remote-files/upload", json={"url": "http://x"}))[0] == 401


async def test_the_console_shows_limits_and_the_beginning_of_texts(world: World) -> None:
    console = world.console()
    limits = (await console.get("/files/upload")).json()
    assert limits == {
        "file_size_limit": 1,
        "batch_count_limit": 5,
        "file_upload_limit": 20,
        "image_file_size_limit": 10,
        "video_file_size_limit": 100,
        "audio_file_size_limit": 50,
        "workflow_file_upload_limit": 10,
        "image_file_batch_limit": 10,
        "single_chunk_attachment_limit": 10,
        "attachment_image_file_size_limit": 2,
    }
    assert "pdf" in (await console.get("/files/support-type")).json()["allowed_extensions"]
    taken = await console.post("/files/upload", files={"file": ("a.md", b"# T\n" + b"x" * 5000, "text/markdown")})
    file_id = taken.json()["id"]
    content = (await console.get(f"/files/{file_id}/preview")).json()["content"]
    assert content.startswith("# T") and len(content) == 3000
    for client, path in (
        (world.console(world.other), f"/files/{file_id}/preview"),
        (console, f"/files/{new_id()}/preview"),
    ):
        assert refusal(await client.get(path)) == (404, "file_not_found")


async def test_knowledge_takes_documents_only(world: World) -> None:
    console = world.console()
    files = {"file": ("a.png", b"x", "image/png")}
    assert (await console.post("/files/upload", files=files)).status_code == 201
    refused = await console.post("/files/upload", files=files, params={"source": "datasets"})
    assert refusal(refused) == (415, "unsupported_file_type")
    refused = await console.post("/files/upload", files=files, data={"source": "datasets"})
    assert refusal(refused) == (415, "unsupported_file_type")
