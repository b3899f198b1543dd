"""One run from the supervisor's side: feeds the payload, collects the output, and ends what exceeds a bound."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

import msgspec

from orrery.sandbox.cell.confinement import EXIT_UNCONFINED
from orrery.sandbox.cell.plan import Job
from orrery.sandbox.gate import GateDoor
from orrery.sandbox.limits import Limits
from orrery.sandbox.protocol import NetworkGate, RunResult
from orrery.sandbox.zygotes import Started, Zygote, resident_bytes

TIMEOUT = "error: timeout\n"
OUTPUT_LIMIT = "error: output limit exceeded\n"
MEMORY_LIMIT = "error: memory limit exceeded\n"
NOT_PERMITTED = "error: operation not permitted\n"

_CONFINED = b"C"
_RESULT_HEAD = len(b"R") + 8


class Outcome(msgspec.Struct, frozen=True):
    """What a child left behind. ``result`` is None when it sent none, or not exactly one whole frame."""

    run: RunResult
    result: bytes | None
    confined: bool


class _PipeReader:
    """Collects a pipe until its end, or until it holds more than ``limit`` bytes."""

    def __init__(self, fd: int, limit: int, on_excess: Callable[[], None]) -> None:
        self.content = bytearray()
        self._fd, self._limit, self._on_excess = fd, limit, on_excess
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        os.set_blocking(fd, False)
        self._loop.add_reader(fd, self._read)

    def _read(self) -> None:
        try:
            chunk = os.read(self._fd, 1 << 18)
        except BlockingIOError:
            return
        self.content += chunk
        if len(self.content) > self._limit:
            del self.content[self._limit :]
            self._on_excess()
        elif chunk:
            return
        self.close()

    def close(self) -> None:
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1
            if not self.ended.done():
                self.ended.set_result(None)


class _Watch:
    """Kills a child once, for the first bound that it exceeds."""

    def __init__(self, limits: Limits) -> None:
        self.failure = ""
        self._limits = limits
        self._child: Started | None = None
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.call_later(limits.timeout, self.kill, TIMEOUT)
        self._next_look = self._loop.call_later(limits.watch_interval, self._look)

    def attach(self, child: Started) -> None:
        self._child = child
        if self.failure:
            self._strike()

    def kill(self, reason: str) -> None:
        if not self.failure:
            self.failure = reason
            self._strike()

    def _strike(self) -> None:
        if self._child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._child.pidfd, signal.SIGKILL)
            if self._child.pid:
                os.killpg(self._child.pid, signal.SIGKILL)

    def _look(self) -> None:
        if self._child is not None and resident_bytes(self._child.pid) > self._limits.memory:
            self.kill(MEMORY_LIMIT)
        self._next_look = self._loop.call_later(self._limits.watch_interval, self._look)

    def close(self, *, running: bool) -> None:
        self._deadline.cancel()
        self._next_look.cancel()
        if self._child is not None:
            if running:
                self._strike()
            os.close(self._child.pidfd)


async def execute(zygote: Zygote, job: Job, payload: bytes, limits: Limits, gate: NetworkGate | None = None) -> Outcome:
    """Runs one job in a fresh child of ``zygote``. Raises ZygoteLost when the zygote goes away meanwhile.

    A job with network needs a ``gate``, which serves it until the child has ended.
    """
    paper = os.memfd_create("payload", os.MFD_CLOEXEC)
    writers: list[int] = []
    readers: list[_PipeReader] = []
    watch = _Watch(limits)
    running = True
    door = GateDoor(gate) if gate is not None and job.network else None
    try:
        _write_all(paper, payload)
        for _ in range(3):
            reader, writer = os.pipe()
            writers.append(writer)
            readers.append(_PipeReader(reader, limits.output, lambda: watch.kill(OUTPUT_LIMIT)))
        started, ended = zygote.submit(job, [paper, *writers, *([] if door is None else [door.child_end])])
        while writers:
            os.close(writers.pop())
        if door is not None:
            door.close_child_end()
        watch.attach(await _started(started))
        status = await ended
        running = False
        for reader in readers:
            await reader.ended
    finally:
        watch.close(running=running)
        if door is not None:
            await door.close()
        for fd in (paper, *writers):
            os.close(fd)
        for reader in readers:
            reader.close()
    stdout, stderr, result = (bytes(reader.content) for reader in readers)
    run = describe(stdout, stderr, status, watch.failure)
    return Outcome(run, _framed(result), confined=status != EXIT_UNCONFINED or result.startswith(_CONFINED))


async def _started(started: asyncio.Future[Started]) -> Started:
    """The child; if the caller is cancelled first, the child is killed as soon as it is known."""
    try:
        return await asyncio.shield(started)
    except asyncio.CancelledError:
        started.add_done_callback(_kill_unwanted)
        raise


def _kill_unwanted(started: asyncio.Future[Started]) -> None:
    if started.cancelled() or started.exception() is not None:
        return
    child = started.result()
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(child.pidfd, signal.SIGKILL)
    os.close(child.pidfd)


def describe(stdout: bytes, stderr: bytes, status: int, failure: str) -> RunResult:
    """The contract's four fields (1.1). ``status`` is an exit code or minus a signal; ``failure`` why it was killed."""
    errors = stderr.decode(errors="replace")
    if status < 0 and not failure:
        failure = _death_text(-status)
    elif status > 0 and not failure and "[Errno 1] Operation not permitted" in errors:
        failure = NOT_PERMITTED
    exit_code = -1 if status < 0 or failure in {TIMEOUT, OUTPUT_LIMIT, MEMORY_LIMIT} else status
    error = f"process exited with code {exit_code}\n{failure}{errors}" if exit_code or failure else ""
    return RunResult(stdout=stdout.decode(errors="replace"), stderr=errors, error=error, exit_code=exit_code)


def _death_text(number: int) -> str:
    if number == signal.SIGSYS:
        return NOT_PERMITTED
    if number == signal.SIGXCPU:
        return TIMEOUT
    return f"error: signal: {(signal.strsignal(number) or str(number)).lower()}\n"


def _framed(answer: bytes) -> bytes | None:
    frame = answer[len(_CONFINED) :]
    size = int.from_bytes(frame[1:_RESULT_HEAD], "little")
    whole = frame[:1] == b"R" and len(frame) == _RESULT_HEAD + size
    return frame[_RESULT_HEAD:] if whole else None


def _write_all(fd: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]
