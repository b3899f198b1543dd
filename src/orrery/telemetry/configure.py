"""Sets the process's logging up, once, from the settings."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orrery.telemetry.formats import JsonFormatter, TextFormatter, add_trace
from orrery.telemetry.redaction import Redactor

if TYPE_CHECKING:
    from orrery.settings.groups.logs import Logs

MEGABYTE = 1024 * 1024
# Libraries that tell at INFO what is of use to their own developers only.
_CHATTY = ("asyncio", "aiosqlite", "urllib3", "uvicorn.access", "httpx")
_ACCESS = logging.getLogger("orrery.access")


class LoggingConfigurationError(Exception):
    """The LOG_* settings can't be carried out; the message names the variable and the mend."""


def configure_logging(logs: Logs, *, service: str, secrets: Iterable[str] = (), debug: bool = False) -> None:
    """Sends all loggers to standard error, and to LOG_FILE if there is one; replaces what was set up before.

    ``secrets`` are values that must never be written. Raises `LoggingConfigurationError`.
    """
    formatter = _formatter(logs, service, Redactor(secrets))
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if logs.file:
        handlers.append(_file_handler(logs))
    for handler in handlers:
        handler.setFormatter(formatter)
        handler.addFilter(add_trace)
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    for handler in handlers:
        root.addHandler(handler)
    level = logging.DEBUG if debug else logging.getLevelNamesMapping()[logs.level]
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.captureWarnings(capture=True)


def log_request(method: str, path: str, status: int, seconds: float, trace_id: str) -> None:
    """The access line: method, path without its query, status, milliseconds, trace."""
    _ACCESS.info("%s %s %d %.3f %s", method, path, status, seconds * 1000, trace_id)


def _formatter(logs: Logs, service: str, redactor: Redactor) -> logging.Formatter:
    if logs.output == "json":
        return JsonFormatter(service, redactor)
    try:
        zone = ZoneInfo(logs.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise LoggingConfigurationError(
            f"LOG_TZ is {logs.timezone!r}, which is no known time zone. Set it to a name such as UTC or Europe/Berlin."
        ) from error
    try:
        return TextFormatter(logs.text_format, logs.date_format, zone, redactor)
    except ValueError as error:
        raise LoggingConfigurationError(f"LOG_FORMAT is not a logging pattern ({error}). Remove it.") from error


def _file_handler(logs: Logs) -> logging.Handler:
    assert logs.file is not None
    try:
        logs.file.parent.mkdir(parents=True, exist_ok=True)
        return RotatingFileHandler(
            logs.file, maxBytes=logs.file_max_mb * MEGABYTE, backupCount=logs.file_backups, encoding="utf-8"
        )
    except OSError as error:
        raise LoggingConfigurationError(
            f"LOG_FILE {logs.file} can't be written ({error.strerror}). Choose another path, or leave it empty."
        ) from error
