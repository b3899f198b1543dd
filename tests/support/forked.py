"""Servers that are forked from a process that has loaded the product: most of a start is loading it.

For tests that start a server hundreds of times. What runs is the same command, in a process of its own that is killed
as any other; starts from nothing are what all other tests make.
``python -m tests.support.forked`` takes requests on standard input, a line of JSON each, and answers in the same way.
"""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Self

import msgspec
from tests.support.server import ROOT, OrreryServer

_LOADED = ("orrery.cli.serve", "orrery.cli.server", "orrery.wiring.settings", "aiosqlite", "uvloop",
           "sqlalchemy.dialects.sqlite.aiosqlite", "uvicorn.protocols.http.httptools_impl")  # fmt: skip
_LOOK_SECONDS = 0.01


class Start(msgspec.Struct, frozen=True, tag=True):
    """A command of ``orrery`` to run. ``log``: where both its outputs go."""

    arguments: Sequence[str]
    folder: str
    environment: Mapping[str, str]
    log: str


class Look(msgspec.Struct, frozen=True, tag=True):
    """Asks how a process ended."""

    pid: int


class Seen(msgspec.Struct, frozen=True):
    """``status``: the exit code, or the signal's number below 0; None while it runs."""

    pid: int
    status: int | None = None


class Forge:
    """The process that the others are forked from, for the time of its ``with``."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-u", "-m", "tests.support.forked"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(600)
        self._process.stdout.close()

    def ask(self, request: Start | Look) -> Seen:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(request) + b"\n")
        self._process.stdin.flush()
        return msgspec.json.decode(self._process.stdout.readline(), type=Seen)


class ForkedProcess(subprocess.Popen[bytes]):
    """A forked process as if it had been started here."""

    def __init__(self, forge: Forge, start: Start) -> None:
        # Not the parent's: nothing is started, and there are no pipes.
        self.args = ["orrery", *start.arguments]
        self.stdin = self.stdout = self.stderr = None
        self.returncode: int | None = None
        self._forge = forge
        self.pid = forge.ask(start).pid

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._forge.ask(Look(self.pid)).status
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        until = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            time.sleep(_LOOK_SECONDS)
        return status

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __del__(self) -> None:
        pass  # whoever forked it takes leave of it


class ForkedServer(OrreryServer):
    """An `OrreryServer` whose processes come from a `Forge`."""

    def __init__(self, forge: Forge, home: Path) -> None:
        super().__init__(home)
        self._forge = forge

    def launch(self, environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
        start = Start(self.command()[3:], str(self.home.parent), environment, str(log))
        return ForkedProcess(self._forge, start)


def _become(start: Start) -> None:
    """Runs the command to its end."""
    for number, path, how in ((0, os.devnull, os.O_RDONLY), (1, start.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)):
        opened = os.open(path, how, 0o644)
        os.dup2(opened, number)
        os.close(opened)
    os.dup2(1, 2)
    os.environ.clear()
    os.environ.update(start.environment)
    os.chdir(start.folder)
    sys.argv = ["orrery", *start.arguments]
    import_module("orrery.cli.main").main()


def _forked(start: Start) -> int:
    if pid := os.fork():
        return pid
    code = 1
    try:
        _become(start)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1 if error.code else 0
    except BaseException as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
    finally:
        sys.stdout.flush()
        os._exit(code)


def _seen(pid: int) -> Seen:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return Seen(pid, os.waitstatus_to_exitcode(status) if ended else None)


def _serve() -> None:
    for name in _LOADED:
        import_module(name)
    gc.collect()
    gc.freeze()
    decoder = msgspec.json.Decoder(Start | Look)
    for line in sys.stdin.buffer:
        request = decoder.decode(line)
        seen = Seen(_forked(request)) if isinstance(request, Start) else _seen(request.pid)
        sys.stdout.buffer.write(msgspec.json.encode(seen) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _serve()
