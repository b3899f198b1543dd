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
from orrery.sandbox.cgroups import RunGroup
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


class _PipeFeeder:
    """Writes a payload into a pipe as fast as its reader takes it, then closes it."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._left = memoryview(b"")
        self._loop = asyncio.get_running_loop()
        os.set_blocking(fd, False)

    def give(self, payload: bytes) -> None:
        self._left = memoryview(payload)
        self._loop.add_writer(self._fd, self._write)

    def _write(self) -> None:
        try:
            self._left = self._left[os.write(self._fd, self._left[: 1 << 20]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:  # the child has ended; its outcome says why
            self._left = memoryview(b"")
        if not self._left:
            self.close()

    def close(self) -> None:
        if self._fd >= 0:
            self._loop.remove_writer(self._fd)
            os.close(self._fd)
            self._fd = -1


class _Watch:
    """Kills a child once, for the first bound that it exceeds."""

    def __init__(self, limits: Limits, *, look: bool) -> None:
        self.failure = ""
        self._limits = limits
        self._child: Started | None = None
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.call_later(limits.timeout, self.kill, TIMEOUT)
        self._next_look = self._loop.call_later(limits.watch_interval, self._look) if look else None

    def attach(self, child: Started) -> None:
        self._child = child
        if self.failure:
            self._strike()

    def kill(self, reason: str) -> None:
        if not self.failure:
            self.failure = reason
            self._strike()

    def _strike(self) -> None:
        if self._child is not None:
            strike(self._child)

    def _look(self) -> None:
        if self._child is not None and resident_bytes(self._child.pid) > self._limits.memory:
            self.kill(MEMORY_LIMIT)
        self._next_look = self._loop.call_later(self._limits.watch_interval, self._look)

    def close(self) -> None:
        self._deadline.cancel()
        if self._next_look is not None:
            self._next_look.cancel()


def strike(child: Started) -> None:
    """Ends a child and its session at once."""
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(child.pidfd, signal.SIGKILL)
        if child.pid:
            os.killpg(child.pid, signal.SIGKILL)


class ChildRun:
    """One child from its start to its outcome. `close` it whatever happens.

    The payload is a file that is complete at the start, or a pipe that `feed` fills when there is something to do.
    A job with network needs a ``gate``, which serves it until the child has ended.
    """

    def __init__(
        self,
        zygote: Zygote,
        job: Job,
        limits: Limits,
        gate: NetworkGate | None = None,
        group: RunGroup | None = None,
    ) -> None:
        self._zygote, self._job, self._limits, self._group = zygote, job, limits, group
        self._door = GateDoor(gate) if gate is not None and job.network else None
        self._readers: list[_PipeReader] = []
        self._watch: _Watch | None = None
        self._child: Started | None = None
        self._ended: asyncio.Future[int] | None = None
        self._feeder: _PipeFeeder | None = None
        self._running = True

    @property
    def alive(self) -> bool:
        """Whether the child has started and not ended."""
        return self._ended is not None and not self._ended.done() and self._zygote.alive

    def watch(self) -> None:
        """From now on the child's time, memory and output are bounded."""
        self._watch = _Watch(self._limits, look=self._group is None)
        if self._child is not None:
            self._watch.attach(self._child)

    async def start(self, payload: bytes) -> None:
        """Starts the child with its whole payload. Raises ZygoteLost."""
        paper = os.memfd_create("payload", os.MFD_CLOEXEC)
        try:
            _write_all(paper, payload)
            await self._start(paper)
        finally:
            os.close(paper)

    async def start_waiting(self) -> None:
        """Starts the child, which waits for `feed`. Raises ZygoteLost."""
        reading, writing = os.pipe()
        self._feeder = _PipeFeeder(writing)
        try:
            await self._start(reading)
        finally:
            os.close(reading)

    async def _start(self, paper: int) -> None:
        writers: list[int] = []
        try:
            for _ in range(3):
                reader, writer = os.pipe()
                writers.append(writer)
                self._readers.append(_PipeReader(reader, self._limits.output, self._exceeded))
            door = [] if self._door is None else [self._door.child_end]
            groups = [] if self._group is None else self._group.descriptors
            started, self._ended = self._zygote.submit(self._job, [paper, *writers, *groups, *door])
        finally:
            for writer in writers:
                os.close(writer)
        if self._door is not None:
            self._door.close_child_end()
        self._child = await _started(started)
        if self._watch is not None:
            self._watch.attach(self._child)

    def feed(self, payload: bytes) -> None:
        """Gives a waiting child its payload."""
        assert self._feeder is not None
        self._feeder.give(payload)

    def _exceeded(self) -> None:
        if self._watch is not None:
            self._watch.kill(OUTPUT_LIMIT)
        elif self._child is not None:
            strike(self._child)

    async def outcome(self) -> Outcome:
        """Waits for the end. Raises ZygoteLost when the zygote goes away meanwhile."""
        assert self._ended is not None
        status = await self._ended
        self._running = False
        for reader in self._readers:
            await reader.ended
        stdout, stderr, result = (bytes(reader.content) for reader in self._readers)
        failure = "" if self._watch is None else self._watch.failure
        if self._group is not None and self._group.was_killed() and not failure:
            failure = MEMORY_LIMIT
        run = describe(stdout, stderr, status, failure)
        return Outcome(run, _framed(result), confined=status != EXIT_UNCONFINED or result.startswith(_CONFINED))

    async def close(self) -> None:
        """Ends a child that still runs, and lets go of everything."""
        if self._watch is not None:
            self._watch.close()
        if self._child is not None:
            if self._running:
                strike(self._child)
            os.close(self._child.pidfd)
            self._child = None
        if self._door is not None:
            await self._door.close()
        if self._feeder is not None:
            self._feeder.close()
        for reader in self._readers:
            reader.close()


async def execute(
    zygote: Zygote,
    job: Job,
    payload: bytes,
    limits: Limits,
    gate: NetworkGate | None = None,
    group: RunGroup | None = None,
) -> Outcome:
    """Runs one job in a fresh child of ``zygote``. Raises ZygoteLost when the zygote goes away meanwhile."""
    run = ChildRun(zygote, job, limits, gate, group)
    try:
        run.watch()
        await run.start(payload)
        return await run.outcome()
    finally:
        await run.close()


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
