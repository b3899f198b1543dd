"""The two forms of a log line: text for people, one JSON object per line for machines (deployment reference, logging)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

import msgspec

from orrery.telemetry.context import current_identity, current_trace
from orrery.telemetry.redaction import Redactor

_SEVERITIES = {"WARNING": "WARN", "CRITICAL": "ERROR"}
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "req_id",
    "trace_id",
    "span_id",
}


def add_trace(record: logging.LogRecord) -> bool:
    """A filter that lets all pass and gives each record ``req_id``, ``trace_id`` and ``span_id``."""
    trace = current_trace()
    record.req_id = trace.request_id if trace else ""
    record.trace_id = trace.trace_id if trace else ""
    record.span_id = trace.span_id if trace else ""
    return True


class TextFormatter(logging.Formatter):
    """Lines by a pattern, with dates in a time zone."""

    def __init__(self, pattern: str, date_pattern: str, zone: tzinfo, redactor: Redactor) -> None:
        super().__init__(pattern, date_pattern or None)
        self._zone = zone
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """The cleaned line."""
        return self._redactor.clean(super().format(record))

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - the library's word
        """The time of the record in the chosen zone."""
        moment = datetime.fromtimestamp(record.created, self._zone)
        return moment.strftime(datefmt) if datefmt else moment.strftime("%Y-%m-%d %H:%M:%S")


class JsonFormatter(logging.Formatter):
    """Objects with ts, severity, service, caller, message and, where known, trace, identity, attributes, stack."""

    def __init__(self, service: str, redactor: Redactor) -> None:
        super().__init__()
        self._service = service
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """One line without line breaks."""
        clean = self._redactor.clean
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "ts": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "severity": _SEVERITIES.get(record.levelname, record.levelname),
            "service": self._service,
            "caller": f"{record.filename}:{record.lineno}",
            "message": clean(record.getMessage()),
        }
        trace, identity = current_trace(), current_identity()
        if trace:
            line["trace_id"], line["span_id"] = trace.trace_id, trace.span_id
        if identity:
            line["identity"] = msgspec.to_builtins(identity)
        attributes = {name: _plain(name, value, clean) for name, value in vars(record).items() if name not in _STANDARD}
        if attributes:
            line["attributes"] = attributes
        if record.exc_info:
            line["stack_trace"] = clean(self.formatException(record.exc_info))
        return msgspec.json.encode(line).decode()


def _plain(name: str, value: object, clean: Callable[[str], str]) -> object:
    """A value that JSON can hold; its name counts when it is judged to be a secret."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    prefix = f"{name}="
    return clean(f"{prefix}{value}").removeprefix(prefix)
