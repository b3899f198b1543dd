"""The log tree of an agent: rounds, and in them what the model thought and which tools were called (plugins.md 7.4)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from orrery.agents.request import AgentOutside
from orrery.inference.types import Usage
from orrery.tools.messages import LogMessage


class StepLogs:
    """Opens and closes log items; times are those of the monotonic clock."""

    def __init__(self, outside: AgentOutside) -> None:
        self._outside = outside

    def open(self, label: str, parent: LogMessage | None = None, *, provider: str = "") -> LogMessage:
        metadata: dict[str, object] = {"started_at": self._outside.monotonic()}
        if provider:
            metadata["provider"] = provider
        return LogMessage(
            id=self._outside.new_id(),
            label=label,
            status="start",
            parent_id=None if parent is None else parent.id,
            metadata=metadata,
        )

    def close(self, log: LogMessage, data: Mapping[str, object], usage: Usage | None = None) -> LogMessage:
        return msgspec.structs.replace(log, status="success", data=data, metadata=self._metadata(log, usage))

    def fail(self, log: LogMessage, error: str, data: Mapping[str, object] | None = None) -> LogMessage:
        return msgspec.structs.replace(
            log, status="error", error=error, data=data or {}, metadata=self._metadata(log, None)
        )

    def _metadata(self, log: LogMessage, usage: Usage | None) -> Mapping[str, object]:
        now = self._outside.monotonic()
        started = log.metadata.get("started_at")
        metadata = {**log.metadata, "finished_at": now}
        metadata["elapsed_time"] = now - started if isinstance(started, (int, float)) else 0.0
        if usage is not None:
            metadata |= {
                "total_price": str(usage.total_price),
                "currency": usage.currency,
                "total_tokens": usage.total_tokens,
            }
        return metadata
