"""The web container answers as the API process does that serves the same pages itself."""

from __future__ import annotations

import http.client
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.support.listening import until_listening
from tests.support.ports import free_port

from orrery.http.pages import Pages

ROOT = Path(__file__).parents[3]
SAME = ("content-type", "cache-control", "x-frame-options", "content-security-policy", "referrer-policy",
        "x-content-type-options")  # fmt: skip
MIME_TYPES = "types { text/html html; application/javascript js; image/svg+xml svg; }"
Start = Callable[..., int]


@pytest.fixture
def pages(open_folder: Path) -> Path:
    folder = open_folder / "pages"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>console</title>")
    (folder / "app.html").write_text("<title>app</title>")
    (folder / "assets" / "main-1a2b.svg").write_text("<svg/>")
    (folder / "mark.svg").write_text("<svg/>")
    return folder


@pytest.fixture
def start(open_folder: Path, pages: Path, need: Callable[..., None], path: str) -> Iterator[Start]:
    """Starts the container's server on the pages; gives its port."""
    need("nginx", "envsubst")
    processes: list[subprocess.Popen[bytes]] = []
    (open_folder / "mime.types").write_text(MIME_TYPES)
    (open_folder / "scratch").mkdir()

    def run(**environment: str) -> int:
        port = free_port()
        places = {
            "PATH": path,
            "WEB_TEMPLATE": str(ROOT / "docker/web/nginx.conf.template"),
            "WEB_PAGES": str(pages),
            "WEB_SCRATCH": str(open_folder / "scratch"),
            "WEB_PORT": str(port),
            "MIME_TYPES": str(open_folder / "mime.types"),
        }
        process = subprocess.Popen(["sh", str(ROOT / "docker/web/entrypoint.sh")], env={**places, **environment})
        processes.append(process)
        until_listening(process, port)
        return port

    yield run
    for process in processes:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def answer(port: int, path: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        got = connection.getresponse()
        return got.status, {name.lower(): value for name, value in got.getheaders()}, got.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("settings", "pages_settings"),
    [
        ({}, {}),
        (
            {"ALLOW_EMBED": "true", "CSP_WHITELIST": "https://a.example https://b.example"},
            {"frames": True, "csp_sources": "https://a.example https://b.example"},
        ),
    ],
    ids=["defaults", "embedding"],
)
def test_both_say_the_same(
    start: Start, pages: Path, settings: dict[str, str], pages_settings: dict[str, object]
) -> None:
    port = start(**settings)
    frames = bool(pages_settings.get("frames"))
    other = TestClient(Pages(pages, frames=frames, csp_sources=str(pages_settings.get("csp_sources", ""))))
    for path in (
        "/", "/apps", "/apps/1/workflow", "/chat/abc", "/chat", "/chat?x=1", "/chatter", "/workflow/x", "/agent/x",
        "/form/x", "/form?x=1", "/formal", "/completion/x", "/chatbot/x", "/assets/main-1a2b.svg", "/mark.svg",
    ):  # fmt: skip
        status, headers, body = answer(port, path)
        theirs = other.get(path)
        assert (status, body) == (theirs.status_code, theirs.content), path
        for name in SAME:
            ours, expected = headers.get(name, ""), theirs.headers.get(name, "").replace("; charset=utf-8", "")
            assert ours == expected, (path, name)
    for path in ("/assets/none.js", "/none.svg", "/index.html", "/app.html", "/inner/api/x", "/v1/x", "/files/x"):
        assert answer(port, path)[0] == other.get(path).status_code == 404, path
