"""Traces, metrics and error reports for whoever operates an installation."""

from __future__ import annotations

from typing import Annotated

from orrery.settings.declare import Env, Group


class Observability(Group, frozen=True, kw_only=True):
    """Traces, metrics and error reports for whoever operates an installation. All are off unless asked for."""

    tracing: Annotated[bool, Env("ENABLE_OTEL", "send traces and metrics by OpenTelemetry")] = False
    exporter: Annotated[str, Env("OTEL_EXPORTER_TYPE", "otlp sends to a collector, anything else prints")] = "otlp"
    protocol: Annotated[str, Env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc; anything else is HTTP")] = ""
    base_endpoint: Annotated[str, Env("OTLP_BASE_ENDPOINT", "address of the collector")] = "http://localhost:4318"
    trace_endpoint: Annotated[str, Env("OTLP_TRACE_ENDPOINT", "address for traces; empty: base + /v1/traces")] = ""
    metric_endpoint: Annotated[str, Env("OTLP_METRIC_ENDPOINT", "address for metrics; empty: base + /v1/metrics")] = ""
    collector_key: Annotated[str, Env("OTLP_API_KEY", "bearer key of the collector", secret=True)] = ""
    sampling_rate: Annotated[float, Env("OTEL_SAMPLING_RATE", "share of traces kept", at_least=0, at_most=1)] = 0.1
    batch_delay: Annotated[
        int, Env("OTEL_BATCH_EXPORT_SCHEDULE_DELAY", "milliseconds between two batches of spans", at_least=1)
    ] = 5000
    batch_timeout: Annotated[
        int, Env("OTEL_BATCH_EXPORT_TIMEOUT", "milliseconds that sending a batch may take", at_least=1)
    ] = 10000
    batch_size: Annotated[int, Env("OTEL_MAX_EXPORT_BATCH_SIZE", "spans in a batch", at_least=1)] = 512
    queue_size: Annotated[int, Env("OTEL_MAX_QUEUE_SIZE", "spans that wait before more are dropped", at_least=1)] = 2048
    metric_interval: Annotated[
        int, Env("OTEL_METRIC_EXPORT_INTERVAL", "milliseconds between two readings of metrics", at_least=1)
    ] = 60000
    metric_timeout: Annotated[
        int, Env("OTEL_METRIC_EXPORT_TIMEOUT", "milliseconds that sending metrics may take", at_least=1)
    ] = 30000
    sentry_dsn: Annotated[str, Env("SENTRY_DSN", "where errors are reported; empty reports none", secret=True)] = ""
    sentry_traces: Annotated[
        float, Env("SENTRY_TRACES_SAMPLE_RATE", "share of requests that Sentry traces", at_least=0, at_most=1)
    ] = 1.0
    sentry_profiles: Annotated[
        float, Env("SENTRY_PROFILES_SAMPLE_RATE", "share of traces that Sentry profiles", at_least=0, at_most=1)
    ] = 1.0
    metrics: Annotated[bool, Env("ORRERY_METRICS", "offer Prometheus metrics at /metrics")] = False
    metrics_token: Annotated[
        str, Env("ORRERY_METRICS_TOKEN", "bearer token that /metrics asks for; empty asks for none", secret=True)
    ] = ""
    metrics_port: Annotated[
        int,
        Env("ORRERY_METRICS_PORT", "port on which worker and beat offer /metrics; 0: none", at_least=0, at_most=65535),
    ] = 0
