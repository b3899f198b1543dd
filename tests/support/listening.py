"""Waiting until a server that a test started answers: as long as a busy machine may need."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable

START_SECONDS = 120.0
"""Nothing is measured by it: a server that comes up later than this never does."""
_LOOK_SECONDS = 0.02


def until_up(process: subprocess.Popen[bytes], answers: Callable[[], bool], said: Callable[[], str]) -> None:
    """Returns when it answers. Raises `AssertionError` with what the server said when it ended, or never answers."""
    until = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, f"{process.args!r} ended with {process.returncode}: {said()[-4000:]}"
        if answers():
            return
        assert time.monotonic() < until, f"{process.args!r} does not answer: {said()[-4000:]}"
        time.sleep(_LOOK_SECONDS)


def until_listening(
    process: subprocess.Popen[bytes], *ports: int, said: Callable[[], str] = lambda: "its words were not kept"
) -> None:
    """As `until_up`: every port of this machine must take connections."""
    for port in ports:
        until_up(process, lambda port=port: is_listening(port), said)


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
