"""Signs of life of a role without HTTP: a small file that its event loop writes every few seconds.

Whoever asks reads the file: that costs no connection, wakes nobody, and tells of a loop that hangs or was frozen as
well as of a process that is gone. Times are those of the machine's monotonic clock, which all processes share.
"""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
import time
from pathlib import Path

_log = logging.getLogger(__name__)

SAY_SECONDS = 5.0
SILENT_SECONDS = 30.0
"""A role that has said nothing for so long hangs. One that is merely busy is never silent for half of that."""

FILE_VARIABLE = "ORRERY_ALIVE_FILE"
_FLAGS = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)


def file_of(role: str) -> Path:
    """Where a role leaves its signs: what ORRERY_ALIVE_FILE says, or a file in the folder for temporary ones."""
    told = os.environ.get(FILE_VARIABLE)
    return Path(told) if told else Path(tempfile.gettempdir()) / f"orrery-{role}.alive"


def what_is_wrong(file: Path) -> str | None:
    """Why the role that writes ``file`` can't be taken for well; None if it can."""
    try:
        said, number = file.read_text("ascii").split()
        silent, pid = time.monotonic() - float(said), int(number)
    except FileNotFoundError:
        return "has not started, or was stopped"
    except (OSError, ValueError) as error:
        return f"left no readable sign in {file}: {error}"
    if not _runs(pid):
        return f"has ended without a word (process {pid})"
    # A negative number comes from before a restart of the machine.
    if not 0 <= silent <= SILENT_SECONDS:
        return f"has been silent for {abs(silent):.0f} s (process {pid})"
    return None


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class SignsOfLife:
    """Given while the event loop runs that `start` was called on. `close` takes the file away."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._give(), name="signs-of-life")

    async def close(self) -> None:
        """Safe to call without a start."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None
        self._file.unlink(missing_ok=True)

    async def _give(self) -> None:
        while True:
            try:
                self._write()
            except OSError as error:
                _log.warning("No sign of life can be left in %s, which checks look at: %s", self._file, error)
            await asyncio.sleep(SAY_SECONDS)

    def _write(self) -> None:
        """In place and always of the same length: who reads meanwhile sees the old line or the new one."""
        handle = os.open(self._file, _FLAGS, 0o644)
        try:
            os.pwrite(handle, f"{time.monotonic():020.3f} {os.getpid():010d}\n".encode(), 0)
        finally:
            os.close(handle)
