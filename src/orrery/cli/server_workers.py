"""Several API processes on one port: a small parent binds it, starts them, and never serves itself.

One that dies is followed by another, and one that hangs is ended. SIGTERM and Ctrl-C end all of them; SIGHUP replaces them one after the other, each
by one that read the settings anew and answers before the old one leaves. The first brings the database up to date alone.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from orrery.cli.exit_codes import EXIT_FAILED
from orrery.cli.server_child import Child
from orrery.telemetry.configure import configure_logging

if TYPE_CHECKING:
    from orrery.settings.load import Settings

_log = logging.getLogger(__name__)

_STEADY_SECONDS = 10.0
"""A process that answered for this long is followed at once; after that of others is waited, longer each time."""
LOOK_SECONDS = 3.0
SILENT_LOOKS = 10
"""So many looks in a row at which a process had said nothing since the last one: it hangs, and is ended. Looks are
counted, not seconds: while this process is frozen as well, or the machine sleeps, there are none."""
_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 30.0


def wait_before(failures: int) -> float:
    """Seconds before the next start, after so many ends in a row that came too soon."""
    if failures == 0:
        return 0.0
    # The power has a bound of its own: a number of a thousand bits is no float.
    return min(_FIRST_WAIT_SECONDS * 2 ** min(failures - 1, 16), _LONGEST_WAIT_SECONDS)


async def serve_with_workers(settings: Settings) -> int:
    """Serves until told to stop; the exit code. Raises OSError when the port can't be had."""
    server = settings.server
    configure_logging(settings.logs, service=server.application_name, secrets=settings.secrets(), debug=server.debug)
    # Bound here, listened at by the first child: until that one answers, nobody is let in to wait.
    door = await asyncio.get_running_loop().create_server(
        asyncio.Protocol, server.host, server.port, start_serving=False
    )
    numbers = [bound.fileno() for bound in door.sockets]
    addresses = [bound.getsockname()[:2] for bound in door.sockets]
    command = [sys.executable, "-P", "-m", "orrery", "api", "--host", server.host, "--port", str(addresses[0][1])]

    def start(place: int) -> Child:
        return Child.start(command, numbers, environment_of(place, settings))

    def ready() -> None:
        for host, port in addresses:
            shown = "localhost" if host in {"127.0.0.1", "0.0.0.0", "::"} else host  # noqa: S104  (shown only)
            click.echo(f"Orrery is ready on http://{shown}:{port}, with {server.workers} processes.")

    try:
        return await Workers(start, server.workers, ready=ready, leave=door.close).run()
    finally:
        door.close()


def environment_of(place: int, settings: Settings) -> Mapping[str, str]:
    """What a child is told: with LOG_FILE a file of its own, as two that turn over the same one lose lines."""
    file = settings.logs.file
    if file is None:
        return os.environ
    return {**os.environ, "LOG_FILE": str(file.with_name(f"{file.stem}.{place + 1}{file.suffix}"))}


class Workers:
    """Keeps ``amount`` children. ``ready`` is called when the first answers, ``leave`` before they are told to stop."""

    def __init__(
        self,
        start: Callable[[int], Child],
        amount: int,
        *,
        ready: Callable[[], None],
        leave: Callable[[], None],
        until_look: Callable[[], Awaitable[object]] = lambda: asyncio.sleep(LOOK_SECONDS),
    ) -> None:
        self._start_process = start
        self._until_look = until_look
        self._watching: set[asyncio.Task[None]] = set()
        self._amount = amount
        self._ready, self._leave = ready, leave
        self._running: dict[int, Child] = {}
        self._places: list[Child | None] = [None] * amount
        self._failures = [0] * amount
        self._told = asyncio.Event()
        self._asked = asyncio.Event()

    async def run(self) -> int:
        """Until told to stop; 0 when all ended well, or the exit code of a first child that never came up."""
        self._hear_signals()
        told, work = asyncio.create_task(self._told.wait()), asyncio.create_task(self._work())
        try:
            await asyncio.wait({told, work}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
        finally:
            for task in (told, work):
                task.cancel()
            await asyncio.gather(told, work, return_exceptions=True)
            ended = await self._stop()
            # Until here: one that hangs would not end when it is told to.
            for watch in self._watching:
                watch.cancel()
            await asyncio.gather(*self._watching, return_exceptions=True)
        # One that was still starting has nothing to say goodbye to.
        well = all(child.code == 0 or (child.up_since is None and child.code == -signal.SIGTERM) for child in ended)
        return 0 if well else EXIT_FAILED

    def _hear_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told.set)
        loop.add_signal_handler(signal.SIGHUP, self._asked.set)
        loop.add_signal_handler(signal.SIGCHLD, self._reap)

    async def _work(self) -> int:
        first = self._start(0)
        if not await first.came_up():
            return EXIT_FAILED if first.code is None or first.code <= 0 else first.code
        self._ready()
        async with asyncio.TaskGroup() as group:
            self._take_place(group, 0, first)
            for place in range(1, self._amount):
                self._take_place(group, place, self._start(place))
            group.create_task(self._renew_when_asked(group))
        return EXIT_FAILED

    def _start(self, place: int) -> Child:
        child = self._start_process(place)
        self._running[child.pid] = child
        watch = asyncio.create_task(self._watch(child), name=f"watch-{child.pid}")
        self._watching.add(watch)
        watch.add_done_callback(self._watching.discard)
        return child

    async def _watch(self, child: Child) -> None:
        """Ends a child that answered and then fell silent: whoever follows it starts the next."""
        silent = 0
        if not await child.came_up():
            return
        while silent < SILENT_LOOKS:
            before = child.heard
            await self._until_look()
            if child.ended.is_set():
                return
            silent = silent + 1 if child.heard == before else 0
        _log.error("API process %d hangs: it gave no sign of life for %g s.", child.pid, SILENT_LOOKS * LOOK_SECONDS)
        child.tell(signal.SIGKILL)

    def _take_place(self, group: asyncio.TaskGroup, place: int, child: Child) -> None:
        self._places[place] = child
        group.create_task(self._follow(group, place, child))

    async def _follow(self, group: asyncio.TaskGroup, place: int, child: Child) -> None:
        """When the child ends on its own, starts the next for its place."""
        await child.ended.wait()
        if child.answered_seconds >= _STEADY_SECONDS:
            self._failures[place] = -1
        while self._places[place] is child:
            self._failures[place] += 1
            seconds = wait_before(self._failures[place])
            _log.error("API process %d ended with code %s. Another is started in %g s.", child.pid, child.code, seconds)
            await asyncio.sleep(seconds)
            if self._places[place] is not child:
                return
            try:
                self._take_place(group, place, self._start(place))
            except OSError as error:
                _log.error("No API process could be started: %s", error)

    async def _renew_when_asked(self, group: asyncio.TaskGroup) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            _log.info("All %d API processes are replaced.", self._amount)
            for place in range(self._amount):
                if not await self._renew(group, place):
                    break
            else:
                _log.info("All API processes were replaced.")

    async def _renew(self, group: asyncio.TaskGroup, place: int) -> bool:
        """Replaces one and waits until it has left. False: the new one did not come up, and the old one goes on."""
        try:
            fresh = self._start(place)
        except OSError as error:
            _log.error("No API process could be started, the old ones go on: %s", error)
            return False
        if not await fresh.came_up():
            _log.error("The new API process ended with code %s. The old ones go on.", fresh.code)
            return False
        old = self._places[place]
        self._failures[place] = 0
        self._take_place(group, place, fresh)
        if old is not None:
            old.tell(signal.SIGTERM)
            await old.ended.wait()
        return True

    async def _stop(self) -> Sequence[Child]:
        """Leaves the port, so that the last child to go lets in who still knocked, and waits for all."""
        self._leave()
        children = list(self._running.values())
        for child in children:
            child.tell(signal.SIGTERM)
        for child in children:
            await child.ended.wait()
        return children

    def _reap(self) -> None:
        """Takes leave of every process that ended; as the first of a container also of those that others left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            child = self._running.pop(pid, None)
            if child is not None:
                child.end(os.waitstatus_to_exitcode(status))
