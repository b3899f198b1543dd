"""What receives telemetry: an OpenTelemetry collector's HTTP door and Sentry's, as far as senders see them."""

from __future__ import annotations

import gzip
import itertools
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collector:
    """Keeps what it is sent. ``until`` waits for something of it."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.resources: list[dict[str, str]] = []
        self.metrics: set[str] = set()
        self.keys: set[str] = set()
        self.events: list[dict[str, object]] = []
        self._news = threading.Condition()
        collector = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.take(self.path, self.headers.get("authorization", ""), body)
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def take(self, path: str, key: str, body: bytes) -> None:
        with self._news:
            if path == "/v1/traces":
                self.keys.add(key)
                for group in ExportTraceServiceRequest.FromString(body).resource_spans:
                    self.resources.append({a.key: a.value.string_value for a in group.resource.attributes})
                    self.spans += [span for scope in group.scope_spans for span in scope.spans]
            elif path == "/v1/metrics":
                found = ExportMetricsServiceRequest.FromString(body).resource_metrics
                self.metrics |= {m.name for r in found for scope in r.scope_metrics for m in scope.metrics}
            elif path.endswith("/envelope/"):
                lines = body.split(b"\n")
                for head, item in itertools.pairwise(lines):
                    if b'"type":"event"' in head.replace(b" ", b""):
                        self.events.append(cast("dict[str, object]", json.loads(item)))
            self._news.notify_all()

    def until(self, there: Callable[[], bool]) -> None:
        with self._news:
            assert self._news.wait_for(there, 120)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def attributes(span: Span) -> dict[str, object]:
    """Plain values of a span's attributes."""
    return {a.key: getattr(a.value, a.value.WhichOneof("value") or "string_value") for a in span.attributes}
