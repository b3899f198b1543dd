"""Prometheus metrics of one process. Imported only where ORRERY_METRICS is on."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from orrery.telemetry.observation import RequestSeen

_REQUEST_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_RUN_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1200)

Reading = Callable[[], dict[tuple[str, ...], float]]
"""Present values by the values of the labels."""


class Metrics:
    """Counts what it is told, and asks for present values when it is read. Hears of requests as `RequestObserver`."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        for collector in (GCCollector, PlatformCollector, ProcessCollector):
            collector(registry=self._registry)
        self._requests = Counter(
            "orrery_http_requests", "Finished requests", ("method", "route", "status"), registry=self._registry
        )
        self._request_seconds = Histogram(
            "orrery_http_request_seconds",
            "Seconds until the last byte of an answer",
            ("method", "route"),
            buckets=_REQUEST_BUCKETS,
            registry=self._registry,
        )
        self._runs = Counter("orrery_runs", "Ended runs", ("mode", "status"), registry=self._registry)
        self._run_seconds = Histogram(
            "orrery_run_seconds",
            "Seconds from a run's start to its end",
            ("mode",),
            buckets=_RUN_BUCKETS,
            registry=self._registry,
        )
        self._nodes = Counter("orrery_nodes", "Finished nodes", ("type", "status"), registry=self._registry)
        self._node_seconds = Histogram(
            "orrery_node_seconds", "Seconds that a node took", ("type",), buckets=_RUN_BUCKETS, registry=self._registry
        )
        self._tokens = Counter("orrery_model_tokens", "Tokens used by models", ("kind",), registry=self._registry)

    def request(self, seen: RequestSeen) -> None:
        """See `RequestObserver`."""
        route = seen.route or "other"
        self._requests.labels(seen.method, route, str(seen.status)).inc()
        self._request_seconds.labels(seen.method, route).observe(seen.seconds)

    def run(self, mode: str, status: str, seconds: float) -> None:
        """Counts an ended run."""
        self._runs.labels(mode, status).inc()
        self._run_seconds.labels(mode).observe(seconds)

    def node(self, kind: str, status: str, seconds: float) -> None:
        """Counts a finished node."""
        self._nodes.labels(kind, status).inc()
        self._node_seconds.labels(kind).observe(seconds)

    def tokens(self, prompt: int, completion: int) -> None:
        """Counts what a model used."""
        self._tokens.labels("prompt").inc(prompt)
        self._tokens.labels("completion").inc(completion)

    def gauge(self, name: str, meaning: str, labels: tuple[str, ...], reading: Reading) -> None:
        """Shows present values, read whenever somebody looks."""
        self._registry.register(_Gauge(name, meaning, labels, reading))

    def text(self) -> bytes:
        """All of it, in the text format (`METRICS_TYPE`)."""
        return generate_latest(self._registry)

    def serve(self, port: int) -> Callable[[], None]:
        """Offers it on a port of its own, for roles that serve no HTTP; the result ends that. Raises OSError."""
        server, thread = start_http_server(port, registry=self._registry)

        def end() -> None:
            server.shutdown()
            thread.join()
            server.server_close()

        return end


class _Gauge(Collector):
    def __init__(self, name: str, meaning: str, labels: tuple[str, ...], reading: Reading) -> None:
        self._name, self._meaning, self._labels, self._reading = name, meaning, labels, reading

    def collect(self) -> list[GaugeMetricFamily]:
        family = GaugeMetricFamily(self._name, self._meaning, labels=self._labels)
        for values, number in self._reading().items():
            family.add_metric(values, number)
        return [family]
