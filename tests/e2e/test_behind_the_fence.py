"""The whole server on one machine: documents and code of strangers meet it only behind the fence."""

from __future__ import annotations

import io
import socket
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from tests.support.dsl import chain, end, node, start, workflow
from tests.support.server import OrreryServer, running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines")

FETCH = """
import urllib.request, urllib.error
def main(url):
    try:
        return {"result": urllib.request.urlopen(url, timeout=60).read().decode()}
    except urllib.error.HTTPError as error:
        return {"result": f"{error.code} {error.read().decode()}"}
"""


class Neighbour(BaseHTTPRequestHandler):
    """A server beside ours."""

    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the parent's name)
        pass


@pytest.fixture(scope="module")
def neighbour() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Neighbour) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrreryServer]:
    environment = {"SSRF_PROXY_ALLOW_PRIVATE_IPS": "127.0.0.9", "SANDBOX_WORKER_TIMEOUT": "120"}
    with running(tmp_path_factory.mktemp("fence") / "home", environment=environment) as made:
        made.console().set_up()
        yield made


@pytest.fixture(scope="module")
def code_app(server: OrreryServer) -> httpx.Client:
    console = server.console()
    console.sign_in()
    data = {
        "code_language": "python3",
        "code": FETCH,
        "variables": [{"variable": "url", "value_selector": ["start", "url"], "value_type": "string"}],
        "outputs": {"result": {"type": "string", "children": None}},
    }
    graph = chain(start("url"), node("code", "code", **data), end(result=["code", "result"]))
    return server.service(console.add_app(workflow("App", graph))[1])


@pytest.fixture(scope="module")
def document_app(server: OrreryServer) -> httpx.Client:
    console = server.console()
    console.sign_in()
    field = {
        "type": "file", "variable": "f", "label": "f", "required": True, "max_length": 1,
        "allowed_file_types": ["document", "custom"], "allowed_file_extensions": [".csv"],
        "allowed_file_upload_methods": ["local_file"],
    }  # fmt: skip
    reader = node("doc", "document-extractor", variable_selector=["start", "f"], is_array_file=False)
    graph = chain(node("start", "start", variables=[field]), reader, end(text=["doc", "text"]))
    return server.service(console.add_app(workflow("App", graph))[1])


def docx(body: bytes = b"") -> bytes:
    import docx as library

    document = library.Document()
    document.add_paragraph("What it says")
    buffer = io.BytesIO()
    document.save(buffer)
    if body:
        with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("word/more.xml", body)
    return buffer.getvalue()


def run(service: httpx.Client, inputs: dict[str, object]) -> dict[str, object]:
    body = {"inputs": inputs, "response_mode": "blocking", "user": "u"}
    answer = service.post("/workflows/run", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def uploaded(service: httpx.Client, name: str, content: bytes) -> dict[str, object]:
    answer = service.post("/files/upload", files={"file": (name, content)}, data={"user": "u"})
    assert answer.status_code == 201, answer.text
    return {"type": "document", "transfer_method": "local_file", "upload_file_id": answer.json()["id"]}


def test_documents_are_read_and_bombs_fail_their_node(document_app: httpx.Client) -> None:
    done = run(document_app, {"f": uploaded(document_app, "a.docx", docx())})
    assert (done["status"], done["outputs"]) == ("succeeded", {"text": "What it says"})
    done = run(document_app, {"f": uploaded(document_app, "b.docx", docx(bytes(220 << 20)))})
    assert done["status"] == "failed"
    assert "the archive unpacks to more than" in str(done["error"])
    done = run(document_app, {"f": uploaded(document_app, "a.docx", docx())})
    assert done["status"] == "succeeded"


def test_code_reaches_what_the_settings_open_and_no_neighbour(code_app: httpx.Client, neighbour: int) -> None:
    inside = run(code_app, {"url": f"http://127.0.0.1:{neighbour}/x"})
    if "ot permitted" in str(inside["error"]):
        pytest.skip("this machine can't give snippets a network of their own")
    assert "403 Access denied" in str(inside["outputs"]), inside
    assert Neighbour.asked == 0
    with ThreadingHTTPServer(("127.0.0.9", 0), Neighbour) as opened:
        thread = threading.Thread(target=opened.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        done = run(code_app, {"url": f"http://127.0.0.9:{opened.server_address[1]}/x"})
        opened.shutdown()
        thread.join()
    assert done["outputs"] == {"result": "hello"}, done


def test_code_reaches_not_even_the_server_that_runs_it(code_app: httpx.Client, server: OrreryServer) -> None:
    for host in ("127.0.0.1", "localhost", socket.gethostname(), "169.254.169.254"):
        done = run(code_app, {"url": f"http://{host}:{server.port}/health"})
        assert "ok" not in str(done["outputs"]).lower(), done
