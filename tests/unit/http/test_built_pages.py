"""Built pages: which file or entry document an address gets, what may frame it, and nothing from outside."""

from __future__ import annotations

import gzip
from pathlib import Path

import httpx
import pytest

from orrery.http.pages import Pages


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "assets" / "web"
    (made / "assets").mkdir(parents=True)
    (made / "index.html").write_text("the console")
    (made / "app.html").write_text("an app's page")
    (made / "logo.svg").write_text("<svg/>")
    (made / "assets" / "a.js").write_text("let a = 1")
    (made / "assets" / "a.js.gz").write_bytes(gzip.compress(b"let a = 1"))
    (made / "assets" / "plain.css").write_text("a{}")
    (tmp_path / "secret.txt").write_text("open sesame")
    (made / "link.txt").symlink_to(tmp_path / "secret.txt")
    return made


def client(folder: Path, *, frames: bool = False) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=Pages(folder, frames=frames))
    return httpx.AsyncClient(transport=transport, base_url="http://pages.test")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/", "the console"),
        ("/apps", "the console"),
        ("/app/123/workflow", "the console"),
        ("/index.html", None),
        ("/chat/abc", "an app's page"),
        ("/chatbot/abc", "an app's page"),
        ("/workflow/abc", "an app's page"),
        ("/completion/abc", "an app's page"),
        ("/workflows", "the console"),
        ("/logo.svg", "<svg/>"),
        ("/assets/a.js", "let a = 1"),
        ("/assets/missing.js", None),
        ("/assets", "the console"),
        ("/v1/nothing", None),
        ("/console/api/nothing", None),
        ("/files/x", None),
    ],
)
async def test_addresses(folder: Path, path: str, text: str | None) -> None:
    async with client(folder) as web:
        answer = await web.get(path)
    if text is None:
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    else:
        assert (answer.status_code, answer.text) == (200, text)


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/%2e%2e/%2e%2e/secret.txt", "/assets/../../secret.txt",
        "//etc/passwd", "/%2fetc/passwd", "/link.txt", "/..%5csecret.txt", "/assets/%00", "/%00", "/" + "x" * 5000,
        "/assets/" + "a/" * 3000,
    ],
)  # fmt: skip
async def test_nothing_from_outside_and_no_fault(folder: Path, path: str) -> None:
    async with client(folder) as web:
        answer = await web.get(httpx.URL("http://pages.test", raw_path=path.encode()))
    assert answer.status_code in {200, 404}
    assert "sesame" not in answer.text
    assert "root:" not in answer.text


async def test_caching(folder: Path) -> None:
    async with client(folder) as web:
        assert (await web.get("/")).headers["cache-control"] == "no-cache"
        assert "immutable" in (await web.get("/assets/a.js")).headers["cache-control"]
        assert (await web.get("/logo.svg")).headers["cache-control"] == "public, max-age=3600"


async def test_packed_files_for_those_who_can(folder: Path) -> None:
    async with client(folder) as web:
        packed = await web.get("/assets/a.js", headers={"Accept-Encoding": "br, gzip"})
        plain = await web.get("/assets/a.js", headers={"Accept-Encoding": "identity"})
        other = await web.get("/assets/plain.css", headers={"Accept-Encoding": "gzip"})
    assert (packed.headers["content-encoding"], packed.text) == ("gzip", "let a = 1")
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in other.headers
    assert packed.headers["content-type"] == plain.headers["content-type"] == "text/javascript; charset=utf-8"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.headers["etag"] != plain.headers["etag"]


async def test_who_may_frame_what(folder: Path) -> None:
    async with client(folder) as web:
        console, page = await web.get("/apps"), await web.get("/chatbot/abc")
    assert console.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in console.headers["content-security-policy"]
    assert "x-frame-options" not in page.headers
    assert "frame-ancestors" not in page.headers["content-security-policy"]
    for answer in (console, page):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "object-src 'none'" in policy
        assert "script-src" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
    async with client(folder, frames=True) as web:
        assert "x-frame-options" not in (await web.get("/apps")).headers


async def test_other_methods_and_missing_pages(folder: Path, tmp_path: Path) -> None:
    async with client(folder) as web:
        assert (await web.post("/apps")).status_code == 404
        head = await web.head("/apps")
        assert (head.status_code, head.content) == (200, b"")
    async with client(tmp_path / "nowhere") as web:
        answer = await web.get("/")
    assert answer.status_code == 503
    assert "not built" in answer.text
