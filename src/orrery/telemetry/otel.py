"""OpenTelemetry: traces and metrics to a collector (deployment.md 4.4). Imported only where ENABLE_OTEL is on."""

from __future__ import annotations

import importlib
import logging
import platform
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol, cast

import msgspec
from opentelemetry import trace
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.metrics import Meter
from opentelemetry.propagate import set_global_textmap
from opentelemetry.propagators.b3 import B3MultiFormat
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from orrery.settings.groups.observability import Observability
from orrery.telemetry.observation import Attributes, RequestSeen, Span

_log = logging.getLogger(__name__)

_NANO = 1_000_000_000
_LIBRARIES: Mapping[str, str] = {
    "opentelemetry.instrumentation.sqlalchemy": "SQLAlchemyInstrumentor",
    "opentelemetry.instrumentation.redis": "RedisInstrumentor",
    "opentelemetry.instrumentation.aiohttp_client": "AioHttpClientInstrumentor",
    "opentelemetry.instrumentation.celery": "CeleryInstrumentor",
}


class ServiceName(msgspec.Struct, frozen=True):
    """How this process presents itself: ``name``, ``version`` with its commit, ``environment`` with its edition."""

    name: str
    version: str
    environment: str


class _Instrumentor(Protocol):
    def instrument(self, **options: object) -> object: ...
    def uninstrument(self, **options: object) -> object: ...


class OpenTelemetry:
    """`Tracer` and `RequestObserver` of this process. `close` sends what still waits."""

    def __init__(self, settings: Observability, service: ServiceName, process_id: int) -> None:
        resource = Resource.create(
            {
                "service.name": service.name,
                "service.version": service.version,
                "deployment.environment": service.environment,
                "process.pid": process_id,
                "host.name": platform.node(),
                "os.type": platform.system().lower(),
            }
        )
        self._traces = TracerProvider(resource=resource, sampler=ParentBased(TraceIdRatioBased(settings.sampling_rate)))
        self._traces.add_span_processor(
            BatchSpanProcessor(
                _span_exporter(settings),
                max_queue_size=settings.queue_size,
                max_export_batch_size=min(settings.batch_size, settings.queue_size),
                schedule_delay_millis=settings.batch_delay,
                export_timeout_millis=settings.batch_timeout,
            )
        )
        reader = PeriodicExportingMetricReader(
            _metric_exporter(settings),
            export_interval_millis=settings.metric_interval,
            export_timeout_millis=settings.metric_timeout,
        )
        self._metrics = MeterProvider(resource=resource, metric_readers=[reader])
        meter: Meter = self._metrics.get_meter("orrery")
        self._responses = meter.create_counter("http.server.response.count", description="answers by status")
        self._tracer = self._traces.get_tracer("orrery")
        self._propagator = CompositePropagator(
            [TraceContextTextMapPropagator(), W3CBaggagePropagator(), B3MultiFormat()]
        )
        set_global_textmap(self._propagator)
        self._libraries = _instrument(self._traces, self._metrics)

    @contextmanager
    def serving(self, method: str, headers: Mapping[str, str]) -> Generator[Span]:
        """See `Tracer.serving`."""
        context = self._propagator.extract(dict(headers))
        with self._tracer.start_as_current_span(
            method, context, kind=SpanKind.SERVER, attributes={"http.method": method}
        ) as span:
            yield _Span(span, self._tracer)

    def begin(self, name: str, attributes: Attributes) -> Span:
        """See `Tracer.begin`."""
        return _Span(self._tracer.start_span(name, attributes=dict(attributes)), self._tracer)

    def request(self, seen: RequestSeen) -> None:
        """See `RequestObserver.request`: counts the answer."""
        self._responses.add(
            1,
            {
                "status_code": seen.status,
                "status_class": f"{seen.status // 100}xx",
                "http.target": seen.route or "unknown",
                "http.method": seen.method,
            },
        )

    def close(self) -> None:
        """Sends what waits, and leaves the libraries as they were. Blocks for the time that sending takes."""
        for library in self._libraries:
            library.uninstrument()
        self._traces.shutdown()
        self._metrics.shutdown()


class _Span:
    def __init__(self, span: trace.Span, tracer: trace.Tracer) -> None:
        self._span, self._tracer = span, tracer

    @property
    def traceparent(self) -> str:
        context = self._span.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"

    def set(self, attributes: Attributes) -> None:
        if "http.route" in attributes:
            self._span.update_name(f"{attributes.get('http.method', '')} {attributes['http.route']}".strip())
        self._span.set_attributes(dict(attributes))

    def add(
        self, name: str, attributes: Attributes, *, started_at: float, finished_at: float, error: str | None
    ) -> None:
        part = self._tracer.start_span(
            name,
            trace.set_span_in_context(self._span),
            attributes=dict(attributes),
            start_time=int(started_at * _NANO),
        )
        if error is not None:
            part.set_status(Status(StatusCode.ERROR, error))
        part.end(int(finished_at * _NANO))

    def end(self, error: str | None = None) -> None:
        if error is not None:
            self._span.set_status(Status(StatusCode.ERROR, error))
        self._span.end()


def _instrument(traces: TracerProvider, metrics: MeterProvider) -> Sequence[_Instrumentor]:
    """Lets the libraries tell of their calls: database, Redis, HTTP and broker, as far as they are installed."""
    found: list[_Instrumentor] = []
    for module, name in _LIBRARIES.items():
        try:
            instrumentor = cast("_Instrumentor", getattr(importlib.import_module(module), name)())
            instrumentor.instrument(tracer_provider=traces, meter_provider=metrics, skip_dep_check=True)
        except ImportError:
            _log.debug("%s has nothing to tell of here", module)
        else:
            found.append(instrumentor)
    return found


def _span_exporter(settings: Observability) -> SpanExporter:
    if settings.exporter != "otlp":
        return ConsoleSpanExporter()
    if settings.protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as Grpc

        return Grpc(endpoint=settings.base_endpoint, insecure=True, headers=_headers(settings))
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as Http

    endpoint = settings.trace_endpoint or f"{settings.base_endpoint.rstrip('/')}/v1/traces"
    return Http(endpoint=endpoint, headers=_headers(settings), timeout=settings.batch_timeout / 1000)


def _metric_exporter(settings: Observability) -> MetricExporter:
    if settings.exporter != "otlp":
        return ConsoleMetricExporter()
    if settings.protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as Grpc

        return Grpc(endpoint=settings.base_endpoint, insecure=True, headers=_headers(settings))
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as Http

    endpoint = settings.metric_endpoint or f"{settings.base_endpoint.rstrip('/')}/v1/metrics"
    return Http(endpoint=endpoint, headers=_headers(settings), timeout=settings.metric_timeout / 1000)


def _headers(settings: Observability) -> dict[str, str]:
    return {"authorization": f"Bearer {settings.collector_key}"} if settings.collector_key else {}
