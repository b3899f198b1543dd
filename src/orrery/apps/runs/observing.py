"""What operators see of runs: metrics and spans, made from the engine's events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

from orrery.apps.runs.spec import RunSpec
from orrery.inference.types import Usage
from orrery.telemetry.observation import Attributes, Span, Tracer
from orrery.workflow.events import Event, NodeFinished, RunEnded

Watching: TypeAlias = Callable[[Event], None]
"""Hears of each event of one run. Returns at once and never raises."""

RunObserver: TypeAlias = Callable[[RunSpec], Watching]
"""Called when a run begins or goes on in this process."""


class RunCounts(Protocol):
    """Where ends of runs and nodes are counted."""

    def run(self, mode: str, status: str, seconds: float) -> None: ...
    def node(self, kind: str, status: str, seconds: float) -> None: ...
    def tokens(self, prompt: int, completion: int) -> None: ...


def counting(counts: RunCounts) -> RunObserver:
    """Counts ended runs and finished nodes."""

    def observe(spec: RunSpec) -> Watching:
        def watch(event: Event) -> None:
            if isinstance(event, NodeFinished):
                counts.node(event.node_type, event.status, event.elapsed)
                if event.usage is not None:
                    counts.tokens(event.usage.prompt_tokens, event.usage.completion_tokens)
            elif isinstance(event, RunEnded):
                counts.run(spec.app_mode, event.status, event.elapsed)

        return watch

    return observe


def tracing(tracer: Tracer) -> RunObserver:
    """A span for each run in this process, with one for each of its nodes (names: deployment.md 4.4)."""

    def observe(spec: RunSpec) -> Watching:
        span = tracer.begin(f"run {spec.app_mode}", _attributes(spec))

        def watch(event: Event) -> None:
            if isinstance(event, NodeFinished):
                _add_node(span, event)
            elif isinstance(event, RunEnded):
                span.set({"orrery.run.status": event.status, "gen_ai.usage.total_tokens": event.total_tokens})
                span.end(event.error or None)

        return watch

    return observe


def _attributes(spec: RunSpec) -> Attributes:
    return {
        "dify.tenant_id": spec.workspace_id,
        "dify.app_id": spec.app_id,
        "dify.workflow_id": spec.workflow_id,
        "dify.invoke_from": spec.invoke_from,
        "dify.user_type": "account" if spec.user.role == "account" else "end-user",
        "dify.streaming": spec.watched is not None,
        "gen_ai.user.id": spec.user.id,
        "orrery.run.id": spec.run_id,
    }


def _add_node(span: Span, event: NodeFinished) -> None:
    attributes: dict[str, str | int | float | bool] = {
        "orrery.node.id": event.node_id,
        "orrery.node.type": event.node_type,
        "orrery.node.title": event.title,
        "orrery.node.status": event.status,
    }
    if event.usage is not None:
        attributes |= _model(event.process_data, event.usage)
    span.add(
        f"node {event.node_type}",
        attributes,
        started_at=event.started_at,
        finished_at=event.finished_at,
        error=event.error,
    )


def _model(data: Mapping[str, object], usage: Usage) -> Attributes:
    return {
        "gen_ai.request.model": str(data.get("model_name", "")),
        "gen_ai.provider.name": str(data.get("model_provider", "")),
        "gen_ai.usage.input_tokens": usage.prompt_tokens,
        "gen_ai.usage.output_tokens": usage.completion_tokens,
    }
