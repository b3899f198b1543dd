"""The supervisor's end of a zygote: starts the bare interpreter, hands it jobs, hears of their ends."""

from __future__ import annotations

import array
import asyncio
import contextlib
import importlib.util
import json
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from orrery.sandbox.cell.plan import Job, Plan

BOOTSTRAP = (
    "import sys; sys.path.insert(0, sys.argv.pop()); from orrery.sandbox.cell.zygote import main; "
    "del sys.path[0]; main()"
)
_PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])


class ZygoteLost(Exception):
    """The zygote could not start, or went away with jobs in it."""


class Started(NamedTuple):
    """A child of a zygote: its process id and a descriptor of it, which the receiver closes."""

    pid: int
    pidfd: int


class _Waiting(NamedTuple):
    started: asyncio.Future[Started]
    ended: asyncio.Future[int]


def engine_folders(packages: Sequence[str]) -> tuple[str, ...]:
    """Where the packages of an engine are installed. Raises ZygoteLost naming a missing one."""
    folders: list[str] = []
    for name in packages:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            msg = f"the package {name.lstrip('_')} is not installed"
            raise ZygoteLost(msg)
        here = Path(spec.origin).parent
        folders.append(str(here.parent if spec.submodule_search_locations else here))
    return tuple(dict.fromkeys(folders))


class Zygote:
    """One running zygote. Made by `start`; `close` ends it and, with it, every child that is still running."""

    def __init__(self, process: asyncio.subprocess.Process, control: socket.socket, plan: Plan) -> None:
        self.plan = plan
        self.jobs_taken = 0
        self.alive = True
        self.landlock = 0
        # until it is ready: an ordinary user's zygote goes on in a child of the process that was started
        self.pid = process.pid
        self._process, self._control = process, control
        self._waiting: dict[int, _Waiting] = {}
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(control.fileno(), self._hear)

    @classmethod
    async def start(cls, plan: Plan, *, patience: float, bootstrap: str = BOOTSTRAP) -> Zygote:
        """Starts the interpreter with an empty environment and waits ``patience`` seconds until it is ready. Raises ZygoteLost."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        try:
            process = await asyncio.create_subprocess_exec(
                getattr(sys, "_base_executable", sys.executable),
                *("-I", "-S", "-X", "utf8", "-c", bootstrap, plan.to_json(), _PACKAGE_ROOT),
                stdin=theirs.fileno(),
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                env={},
                cwd="/",
            )
        except OSError as error:
            ours.close()
            raise ZygoteLost(str(error)) from error
        finally:
            theirs.close()
        zygote = cls(process, ours, plan)
        try:
            async with asyncio.timeout(patience):
                await zygote._ready
        except (ZygoteLost, TimeoutError, asyncio.CancelledError) as error:
            await zygote.close()
            if isinstance(error, TimeoutError):
                msg = f"the {plan.kind} zygote was not ready after {patience:g} s"
                raise ZygoteLost(msg) from error
            raise
        return zygote

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def resident(self) -> int:
        """Bytes of private and shared memory of the zygote now; 0 when it is gone."""
        return resident_bytes(self.pid)

    def submit(self, job: Job, descriptors: Sequence[int]) -> tuple[asyncio.Future[Started], asyncio.Future[int]]:
        """Asks for a child for ``job``. Returns the futures of its start and of its exit code (minus signal).

        Does not suspend, so that nobody retires the zygote between choosing and using it. Raises ZygoteLost.
        """
        if not self.alive:
            msg = "the zygote is gone"
            raise ZygoteLost(msg)
        waiting = _Waiting(self._loop.create_future(), self._loop.create_future())
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        try:
            self._control.sendmsg([job.to_json()], rights)
        except OSError as error:
            raise ZygoteLost(str(error)) from error
        self._waiting[job.number] = waiting
        self.jobs_taken += 1
        return waiting

    async def close(self) -> None:
        """Ends the zygote at once; running children die with it."""
        self._lose("the zygote was closed")
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await self._process.wait()

    def _hear(self) -> None:
        size = array.array("i").itemsize
        try:
            message, ancillary, _, _ = self._control.recvmsg(4096, socket.CMSG_SPACE(size), socket.MSG_CMSG_CLOEXEC)
        except BlockingIOError:
            return
        except OSError:
            message, ancillary = b"", []
        if not message:
            self._lose("the zygote went away")
            return
        received = array.array("i")
        for _, _, data in ancillary:
            received.frombytes(data[: len(data) - len(data) % size])
        self._take(json.loads(message), received)

    def _take(self, news: Mapping[str, object], received: Sequence[int]) -> None:
        match news:
            case {"started": int(number)}:
                waiting = self._waiting[number]
                if waiting.started.cancelled():
                    os.close(received[0])
                else:
                    waiting.started.set_result(Started(_process_of(received[0]), received[0]))
            case {"ended": int(number), "status": int(status)}:
                ended = self._waiting.pop(number).ended
                if not ended.done():
                    ended.set_result(status)
            case {"ready": True, "landlock": int(abi)}:
                self.landlock = abi
                self.pid = _process_of(received[0])
                os.close(received[0])
                self._ready.set_result(None)
            case _:
                self._lose(str(news.get("failed", "the zygote speaks nonsense")))

    def _lose(self, reason: str) -> None:
        if not self.alive:
            return
        self.alive = False
        self._loop.remove_reader(self._control.fileno())
        self._control.close()
        waiting, self._waiting = self._waiting, {}
        futures: list[asyncio.Future[Started] | asyncio.Future[int] | asyncio.Future[None]] = [self._ready]
        futures += [future for pair in waiting.values() for future in pair]
        for future in futures:
            if not future.done():
                future.set_exception(ZygoteLost(reason))
                future.exception()  # nobody has to be waiting


def _process_of(pidfd: int) -> int:
    """The process id, as this process sees it: the zygote may count in another namespace. 0 when it is gone."""
    with open(f"/proc/self/fdinfo/{pidfd}", "rb") as file:  # noqa: PTH123  once per run
        for line in file:
            if line.startswith(b"Pid:"):
                return max(int(line[4:]), 0)
    return 0


def resident_bytes(pid: int) -> int:
    """Resident memory of a process; 0 when it is gone. ``statm`` is readable for non-dumpable processes too."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:  # noqa: PTH123  called 20 times a second per run
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0
