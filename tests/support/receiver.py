"""A small HTTP server that keeps what it is sent; for callbacks."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

_SECONDS = 60.0


class Received(NamedTuple):
    """One request: header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """``statuses`` are the answers to the next requests; after those every one is 200."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.statuses: list[int] = []
        self._came = threading.Condition()
        self.url = ""

    def take(self, request: Received) -> int:
        with self._came:
            self.received.append(request)
            self._came.notify_all()
            return self.statuses.pop(0) if self.statuses else 200

    def wait(self, count: int, *, path: str) -> list[Received]:
        """The first ``count`` requests to a path, as soon as they came."""
        until = time.monotonic() + _SECONDS
        with self._came:
            while len(found := [one for one in self.received if one.path == path]) < count:
                assert self._came.wait(until - time.monotonic()), f"{len(found)} of {count} requests to {path} came"
            return found


@contextmanager
def receiver() -> Generator[Receiver]:
    """Listens on a port of this machine while the block runs."""
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(kept.take(Received(self.path, headers, body)))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_request(self, code: object = "-", size: object = "-") -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()
