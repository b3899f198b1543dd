"""What is logged, where to, in which form."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from orrery.settings.declare import Env, Group


class Logs(Group, frozen=True, kw_only=True):
    """What is logged, where to, in which form."""

    level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], Env("LOG_LEVEL", "least severity that is logged")
    ] = "INFO"
    output: Annotated[
        Literal["text", "json"], Env("LOG_OUTPUT_FORMAT", "one text line or one JSON object per record")
    ] = "text"
    file: Annotated[Path | None, Env("LOG_FILE", "rotating log file beside standard error; empty writes none")] = None
    file_max_mb: Annotated[int, Env("LOG_FILE_MAX_SIZE", "size at which the file is rotated, MB", at_least=1)] = 20
    file_backups: Annotated[int, Env("LOG_FILE_BACKUP_COUNT", "rotated files kept", at_least=1)] = 5
    text_format: Annotated[str, Env("LOG_FORMAT", "pattern of text lines")] = (
        "%(asctime)s.%(msecs)03d %(levelname)s [%(threadName)s] [%(filename)s:%(lineno)d] %(trace_id)s - %(message)s"
    )
    date_format: Annotated[str, Env("LOG_DATEFORMAT", "pattern of dates in text lines")] = "%Y-%m-%d %H:%M:%S"
    timezone: Annotated[str, Env("LOG_TZ", "time zone of text lines and of schedules")] = "UTC"
    requests: Annotated[bool, Env("ENABLE_REQUEST_LOGGING", "one line for each request")] = False
