from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from orrery.deploy.probe import is_well


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the parent's name)
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_success_is_well(address: str) -> None:
    assert is_well(f"{address}/health")


def test_an_error_is_not(address: str) -> None:
    assert not is_well(f"{address}/other")


def test_nobody_there_is_not() -> None:
    assert not is_well("http://127.0.0.1:1/health")
