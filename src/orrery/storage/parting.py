"""Leaving a process whose libraries have threads of their own, such as OpenDAL's.

Such a thread takes the interpreter's lock for a moment after each call, to let go of what it was given. One that comes
for it while the interpreter is being taken down ends the whole process with SIGABRT. So, before that, threads are given
the time until each of them rests.
"""

from __future__ import annotations

import atexit
import threading
import time
from functools import cache
from pathlib import Path

LOOK_SECONDS = 0.01
MOST_SECONDS = 5.0
_TASKS = Path("/proc/self/task")
_RESTING = "S"


@cache
def rest_before_the_end() -> None:
    """From now on this process waits for its threads when it ends; asked for again, nothing changes."""
    atexit.register(wait_for_rest)


def wait_for_rest(most: float = MOST_SECONDS) -> bool:
    """Waits until no other thread has moved between two looks; False if one always did. Elsewhere than on Linux, a look."""
    until, before = time.monotonic() + most, _steps()
    while time.monotonic() < until:
        time.sleep(LOOK_SECONDS)  # without the interpreter's lock: whoever waits for it gets it now
        now = _steps()
        if now is not None and now == before:
            return True
        if not _TASKS.exists():
            return True
        before = now
    return False


def _steps() -> dict[str, int] | None:
    """How often each other thread has gone to rest; None while one does not."""
    mine, found = str(threading.get_native_id()), dict[str, int]()
    try:
        threads = [thread for thread in _TASKS.iterdir() if thread.name != mine]
    except OSError:
        return None
    for thread in threads:
        try:
            lines = (thread / "status").read_text().splitlines()
        except OSError:
            continue  # it has ended
        said = dict(line.split(":", 1) for line in lines if ":" in line)
        if not said["State"].strip().startswith(_RESTING):
            return None
        found[thread.name] = int(said["voluntary_ctxt_switches"]) + int(said["nonvoluntary_ctxt_switches"])
    return found
