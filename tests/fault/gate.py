"""What a run calls outside, in this process: an HTTP target and a model server, which count each step and hold one.

``/step/NAME`` answers ``NAME``. ``/v1/...`` is passed on to the real model server; there a step's name is what
``steps`` says of the model. A request of the step that is held waits for `release`, or for its caller's end.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self, cast

import httpx

_HELD_SECONDS = 300.0


class Gate:
    """Serves until the end of its ``with``. ``models`` is the model server's address, ``steps`` maps models to steps."""

    def __init__(self, models: str, steps: Mapping[str, str]) -> None:
        self.counts: Counter[str] = Counter()
        self.reached = threading.Event()
        self._steps = dict(steps)
        self._held = ""
        self._released = threading.Event()
        self._client = httpx.Client(base_url=models, timeout=60, trust_env=False)
        gate = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                gate.serve(self)

            do_POST = do_GET

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name of the base class)
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def arm(self, step: str) -> None:
        """From now on requests of ``step`` are held, and everything is counted from zero."""
        self.counts.clear()
        self.reached.clear()
        self._released.clear()
        self._held = step

    def release(self) -> None:
        """Nothing is held any more."""
        self._held = ""
        self._released.set()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        to_models = handler.path.startswith("/v1/")
        step = self.step_of_model(body) if to_models else handler.path.rpartition("/")[2]
        self.counts[step] += 1
        if step and step == self._held:
            self.reached.set()
            self._released.wait(_HELD_SECONDS)
        kind, content = "text/plain", step.encode()
        if to_models:
            answer = self._client.request(handler.command, handler.path, content=body)
            kind, content = answer.headers["content-type"], answer.content
        try:
            handler.send_response(200)
            handler.send_header("Content-Type", kind)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)
        except OSError:
            pass  # the caller was killed, which is what these tests do

    def step_of_model(self, body: bytes) -> str:
        """The step that a request to a model is; "" for none."""
        decoded = cast("dict[str, object]", json.loads(body)) if body else {}
        return self._steps.get(str(decoded.get("model")), "")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._client.close()
