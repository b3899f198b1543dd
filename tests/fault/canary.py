"""An HTTP server in this process that counts how often each of its paths was asked for, and answers late if told to.

``/count/NAME?ms=N`` answers ``NAME`` after N milliseconds, ``/held/NAME`` once `released` is set, ``/held-once/NAME`` at
once unless it is the first time: that one is never answered. The count goes up when the request arrives.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

_HELD_SECONDS = 300.0


class Canary:
    """Serves until the end of its ``with``."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self.released = threading.Event()
        self._over = threading.Event()
        canary = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                canary.answer(self)

            do_POST = do_GET

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name of the base class)
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def count(self, name: str) -> int:
        return self._counts[name]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        split = urlsplit(handler.path)
        name = split.path.rpartition("/")[2]
        self._counts[name] += 1
        if split.path.startswith("/held/"):
            self.released.wait(_HELD_SECONDS)
        if split.path.startswith("/held-once/") and self._counts[name] == 1:
            self._over.wait(_HELD_SECONDS)
        wait = parse_qs(split.query).get("ms")
        if wait:
            time.sleep(int(wait[0]) / 1000)
        body = name.encode()
        try:
            handler.send_response(200)
            handler.send_header("Content-Type", "text/plain")
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)
        except OSError:
            pass  # the caller was killed, which is what these tests do

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
