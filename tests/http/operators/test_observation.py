"""What operators see of a running server: health, threads, connections, metrics, traces, and error reports."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.http.operators.collector import Collector, attributes
from tests.support.dsl import chain, end, llm, start, workflow
from tests.support.server import OrreryServer, model_server, running

from orrery.errors import OrreryError
from orrery.settings.groups.observability import Observability
from orrery.telemetry.sentry import start_sentry

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


def get(server: OrreryServer, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{server.url}{path}", headers=headers, trust_env=False, timeout=120)


def test_a_plain_server_tells_of_itself_and_offers_no_metrics(tmp_path: Path) -> None:
    with running(tmp_path / "home") as server:
        assert get(server, "/health").json() == {"pid": server.pid, "status": "ok", "version": "0.1.0"}
        ready = get(server, "/ready").json()
        assert ready == {"status": "ready", "parts": {"database": "ok", "sandbox": "ok", "cache": "ok"}}
        threads = get(server, "/threads").json()
        assert threads["thread_num"] == len(threads["threads"]) > 0
        assert {"name": "MainThread", "id": threads["threads"][0]["id"], "is_alive": True} in threads["threads"]
        pool = get(server, "/db-pool-stat").json()
        assert list(pool) == [
            "pid", "pool_size", "checked_in_connections", "checked_out_connections", "overflow_connections",
            "connection_timeout", "recycle_time",
        ]  # fmt: skip
        assert get(server, "/metrics").status_code != 200 or "orrery_" not in get(server, "/metrics").text
        assert "/health" not in server.log


def test_runs_are_counted_traced_and_logged(tmp_path: Path, collector: Collector) -> None:
    environment = {
        "ENABLE_OTEL": "true",
        "OTLP_BASE_ENDPOINT": f"http://{collector.address}",
        "OTLP_API_KEY": "collector-key",
        "OTEL_SAMPLING_RATE": "1",
        "OTEL_BATCH_EXPORT_SCHEDULE_DELAY": "100",
        "OTEL_METRIC_EXPORT_INTERVAL": "200",
        "ORRERY_METRICS": "true",
        "ORRERY_METRICS_TOKEN": "scraper",
        "ENABLE_REQUEST_LOGGING": "true",
        "COMMIT_SHA": "abc",
    }
    with model_server() as models, running(tmp_path / "home", environment=environment) as server:
        console = server.console()
        console.set_up()
        console.use_models(models)
        drawn = chain(start("query"), llm("gpt-4o-mini", "{{#start.query#}}"), end(text=("llm", "text")))
        _, key = console.add_app(workflow("traced", drawn))
        service = server.service(key)
        body = {"inputs": {"query": "hello"}, "response_mode": "blocking", "user": "u"}
        ran = service.post("/workflows/run", json=body, headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
        assert ran.json()["data"]["status"] == "succeeded", ran.text
        assert ran.headers["x-trace-id"] == TRACE

        assert get(server, "/metrics").status_code == 401
        text = get(server, "/metrics", authorization="Bearer scraper").text
        collector.until(lambda: any(s.name == "run workflow" for s in collector.spans) and bool(collector.metrics))
        assert server.stop() == 0
        log = server.log
    check_metrics(text)
    check_spans(collector)
    assert "POST /v1/workflows/run 200 " in log
    assert TRACE in log


def check_metrics(text: str) -> None:
    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["orrery_runs_total", ("mode", "workflow"), ("status", "succeeded")] == 1
    assert found["orrery_nodes_total", ("status", "succeeded"), ("type", "llm")] == 1
    assert found["orrery_model_tokens_total", ("kind", "completion")] > 0
    asked = ("orrery_http_requests_total", ("method", "POST"), ("route", "/v1/workflows/run"), ("status", "200"))
    assert found[asked] == 1
    assert found["orrery_runs_active",] == 0
    assert found["orrery_tasks",] > 0
    # 0 until the process for snippets has been tested, which nobody here waited for
    assert found["orrery_sandbox_level",] in {0, 1, 3}
    assert found["process_resident_memory_bytes",] > 0
    assert any(name[0] == "orrery_database_connections" for name in found)


def check_spans(collector: Collector) -> None:
    spans = [span for span in collector.spans if span.trace_id.hex() == TRACE]
    (request,) = [span for span in spans if span.name == "POST /v1/workflows/run"]
    assert request.parent_span_id.hex() == "b7ad6b7169203331"
    assert attributes(request)["http.status_code"] == 200
    (run,) = [span for span in spans if span.name == "run workflow"]
    assert run.parent_span_id == request.span_id
    assert attributes(run)["dify.streaming"] is False
    nodes = {span.name: span for span in spans if span.parent_span_id == run.span_id}
    assert set(nodes) >= {"node start", "node llm", "node end"}
    model = attributes(nodes["node llm"])
    assert model["gen_ai.request.model"] == "gpt-4o-mini"
    assert int(str(model["gen_ai.usage.output_tokens"])) > 0
    assert collector.keys == {"Bearer collector-key"}
    resource = collector.resources[0]
    assert (resource["service.name"], resource["service.version"]) == ("orrery", "orrery-0.1.0-abc")
    assert "http.server.response.count" in collector.metrics
    assert any("sql" in str(attributes(span)).lower() for span in collector.spans)


def test_unexpected_errors_are_reported_without_secrets(collector: Collector) -> None:
    secret = secrets.token_hex(8)  # made here: lines of source code are part of a report
    settings = Observability(sentry_dsn=f"http://key@{collector.address}/1", sentry_profiles=0, sentry_traces=0)
    end_reports = start_sentry(
        settings, release="orrery-0.1.0", environment="TEST", redact=lambda text: text.replace(secret, "***")
    )
    log = logging.getLogger("tests.operators")
    try:
        for error in (ValueError("expected"), OrreryError("expected"), RuntimeError(f"broke on {secret}")):
            try:
                raise error
            except Exception:
                log.exception("while handling %s", secret)
        # Before the end, which waits for nobody for long.
        collector.until(lambda: bool(collector.events))
    finally:
        end_reports()
    (event,) = collector.events
    assert event["release"] == "orrery-0.1.0"
    assert event["environment"] == "TEST"
    assert "broke on ***" in str(event["exception"])
    assert secret not in str(event)


def test_what_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from orrery.settings.errors import SettingsError
    from orrery.settings.load import load_settings
    from orrery.wiring.observation import Observation

    settings = load_settings({"ORRERY_METRICS": "true"}, home=tmp_path / "home")
    monkeypatch.delitem(sys.modules, "orrery.telemetry.metrics", raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(SettingsError, match=r"ORRERY_METRICS: needs a package .*orrery\[observability\]"):
        Observation(settings)
