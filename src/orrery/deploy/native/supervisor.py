"""Runs units: each when what it needs is well, again when it ends, and all of them down in reverse.

Invariants: a unit is started only while everything it needs is well; nothing it starts outlives it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable

import msgspec

from orrery.deploy.native.journal import Journal, StackState, State, UnitState
from orrery.deploy.native.unit import Unit, in_order, is_well

_LINE_BYTES = 256 * 1024
_LAST_WORDS_SECONDS = 2.0
_EXIT_LOOK_SECONDS = 0.05


class Pace(msgspec.Struct, frozen=True):
    """Seconds: between two looks at a unit that starts, and at one that is well; of the first and longest pause before
    a restart; that a unit may take to become well, and to stop; after which a unit counts as steady again; between two
    looks at what a unit has read.
    """

    starting_look: float = 0.1
    well_look: float = 5.0
    first_pause: float = 0.5
    longest_pause: float = 30.0
    become_well: float = 120.0
    stop: float = 35.0
    steady: float = 60.0
    sick_looks: int = 3
    files_look: float = 20.0


class Supervisor:
    """``say`` gets every line that people should see: the unit's name and its text."""

    def __init__(
        self, units: tuple[Unit, ...], journal: Journal, say: Callable[[str, str], None], pace: Pace | None = None
    ) -> None:
        self._units = in_order(units)
        self._journal = journal
        self._say = say
        self._pace = pace or Pace()
        self._states = {unit.name: UnitState(unit.name, addresses=unit.addresses) for unit in self._units}
        self._well = {unit.name: asyncio.Event() for unit in self._units}
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._pumps: dict[str, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Asks the stack to stop; `run` returns when it has."""
        self._stopping.set()

    async def all_well(self) -> None:
        """Returns once every unit is well."""
        for event in self._well.values():
            await event.wait()

    async def run(self) -> None:
        """Keeps the units running until `stop`. Raises `AlreadyRunning`."""
        with self._journal.held():
            watchers = [asyncio.create_task(self._watch(unit), name=unit.name) for unit in self._units]
            try:
                await self._stopping.wait()
            finally:
                for watcher in watchers:
                    watcher.cancel()
                await asyncio.gather(*watchers, return_exceptions=True)
                for unit in reversed(self._units):
                    await self._end(unit)

    async def _watch(self, unit: Unit) -> None:
        pause = self._pace.first_pause
        while True:
            for need in unit.needs:
                await self._well[need].wait()
            started = time.monotonic()
            code = await self._run_once(unit)
            if time.monotonic() - started > self._pace.steady:
                pause = self._pace.first_pause
            self._states[unit.name].restarts += 1
            self._change(unit, "restarting")
            self._say(unit.name, f"ended with {code}; starts again in {pause:g} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, self._pace.longest_pause)

    async def _run_once(self, unit: Unit) -> int | str:
        """Starts the unit and returns its exit code, or why it could not be started or had to be ended."""
        try:
            process = await asyncio.create_subprocess_exec(
                *_tied(unit),
                env=dict(unit.environment),
                cwd=unit.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                limit=_LINE_BYTES,
                start_new_session=True,
                user=unit.user,
                group=unit.group,
            )
        except OSError as error:
            return str(error)
        self._processes[unit.name] = process
        self._change(unit, "starting", process.pid)
        health = asyncio.create_task(self._keep_well(unit))
        self._pumps[unit.name] = asyncio.create_task(self._pump(unit, process))
        ended = asyncio.create_task(_exit_of(process))
        files = asyncio.create_task(self._keep_read(unit, process))
        try:
            await asyncio.wait({health, ended}, return_when=asyncio.FIRST_COMPLETED)
            reason = health.result() if process.returncode is None else process.returncode
            self._well[unit.name].clear()
            await self._end(unit)
            return reason
        finally:
            self._well[unit.name].clear()
            for task in (health, ended, files):
                task.cancel()

    async def _keep_well(self, unit: Unit) -> str:
        """Returns, with the reason, when the unit has to be ended."""
        deadline = time.monotonic() + self._pace.become_well
        while not await is_well(unit.address):
            if time.monotonic() > deadline:
                return "no answer in time"
            await asyncio.sleep(self._pace.starting_look)
        self._well[unit.name].set()
        self._change(unit, "well", self._states[unit.name].pid)
        sick = 0
        while sick < self._pace.sick_looks:
            await asyncio.sleep(self._pace.well_look)
            sick = 0 if await is_well(unit.address) else sick + 1
        return "no answer any more"

    async def _keep_read(self, unit: Unit, process: asyncio.subprocess.Process) -> None:
        """Looks after what the unit has read, and has it read that again, without an end to what it does."""
        if unit.look is None:
            return
        while True:
            await self._well[unit.name].wait()  # before, the signal could end a program that does not know it yet
            news = await asyncio.to_thread(unit.look)
            if news is not None:
                self._journal.append(unit.name, f"{news.text}\n".encode())
                self._say(unit.name, news.text)
                if news.addresses:
                    self._states[unit.name].addresses = news.addresses
                    self._record()
                if news.again and process.returncode is None:
                    _signal(process.pid, signal.SIGHUP)
            await asyncio.sleep(self._pace.files_look)

    async def _pump(self, unit: Unit, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than any line should be: the rest of it comes as lines of their own
                continue
            if not line:
                return
            self._journal.append(unit.name, line)
            self._say(unit.name, line.decode("utf-8", "replace").rstrip("\n"))

    async def _end(self, unit: Unit) -> None:
        """Stops the unit if it runs, with all that it has started itself, and takes in its last words."""
        process = self._processes.pop(unit.name, None)
        if process is not None:
            if process.returncode is None:
                _signal(process.pid, unit.stop_signal)
                try:
                    await asyncio.wait_for(_exit_of(process), self._pace.stop)
                except TimeoutError:
                    self._say(unit.name, "did not stop in time and was ended")
            _signal_group(process.pid, signal.SIGKILL)
            await process.wait()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._pumps.pop(unit.name), _LAST_WORDS_SECONDS)
        self._change(unit, "stopped")

    def _change(self, unit: Unit, state: State, pid: int | None = None) -> None:
        known = self._states[unit.name]
        known.state, known.pid, known.since = state, pid, time.time()
        self._record()

    def _record(self) -> None:
        self._journal.write(StackState(os.getpid(), list(self._states.values())))


def _tied(unit: Unit) -> tuple[str, ...]:
    """The command of a unit that is told to stop by the kernel should this process be killed; Linux only."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return unit.command
    return (setpriv, "--pdeathsig", signal.Signals(unit.stop_signal).name, "--", *unit.command)


async def _exit_of(process: asyncio.subprocess.Process) -> int:
    """The exit code once the process itself has ended. Its own `wait` waits for whoever holds its output, too."""
    while process.returncode is None:  # noqa: ASYNC110  (nothing else tells that the process alone has ended)
        await asyncio.sleep(_EXIT_LOOK_SECONDS)
    return process.returncode


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _signal_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
