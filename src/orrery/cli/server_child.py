"""One API process of several on the same port: what it is given at its start, and what its parent knows of it.

Parent and child hold the two ends of a socket pair. The child writes one byte when it answers, and from then on one every
few seconds: a loop that hangs, or a process that was frozen, falls silent. That the other end is gone tells it that its
parent is.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Self

_UP = b"u"
_ALIVE = b"."
_SAY_SECONDS = 1.0


@dataclass(frozen=True)
class Inherited:
    """Numbers of open files: the sockets that listen, and this process's end of the pair. As text ``3,4:5``."""

    listening: tuple[int, ...]
    control: int

    def __str__(self) -> str:
        return f"{','.join(map(str, self.listening))}:{self.control}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError for anything that `str` does not write."""
        listening, _, control = text.partition(":")
        return cls(tuple(int(number) for number in listening.split(",")), int(control))


class Parent:
    """What a child has of its parent. Needs the running event loop."""

    def __init__(self, inherited: Inherited) -> None:
        for number in (*inherited.listening, inherited.control):
            # Nothing that this process starts, snippets least of all, is to hold them.
            os.set_inheritable(number, False)
        self.sockets = [socket.socket(fileno=number) for number in inherited.listening]
        self._control = socket.socket(fileno=inherited.control)
        self._control.setblocking(False)
        self._saying: asyncio.Task[None] | None = None
        asyncio.get_running_loop().add_reader(self._control.fileno(), self._left_alone)
        # Sent to a whole group of processes it is meant for the parent alone.
        signal.signal(signal.SIGHUP, _disregard)

    def say_up(self) -> None:
        """Tells that requests are answered from now on, and gives signs of life until `close`."""
        self._say(_UP)
        self._saying = asyncio.create_task(self._keep_saying(), name="signs-of-life")

    async def _keep_saying(self) -> None:
        while True:
            await asyncio.sleep(_SAY_SECONDS)
            self._say(_ALIVE)

    def _say(self, what: bytes) -> None:
        with contextlib.suppress(OSError):
            self._control.send(what)

    def close(self) -> None:
        if self._saying is not None:
            self._saying.cancel()
        asyncio.get_running_loop().remove_reader(self._control.fileno())
        for held in (*self.sockets, self._control):
            held.close()

    def _left_alone(self) -> None:
        """The parent never writes: it ended without a word. Nobody would tell this process to stop, ever."""
        asyncio.get_running_loop().remove_reader(self._control.fileno())
        signal.raise_signal(signal.SIGTERM)


class Child:
    """What the parent has of a child. `end` is called by whoever waits for processes."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        self._process, self._control = process, control
        self._known = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.ended = asyncio.Event()
        self.heard = 0
        """Grows with every sign of life."""
        self.up_since: float | None = None
        self.answered_seconds = 0.0
        control.setblocking(False)
        self._loop.add_reader(control.fileno(), self._hear)

    @classmethod
    def start(cls, command: Sequence[str], listening: Sequence[int], environment: Mapping[str, str]) -> Self:
        """Starts ``command --inherited ...``. Raises OSError."""
        ours, theirs = socket.socketpair()
        try:
            inherited = Inherited(tuple(listening), theirs.fileno())
            process = subprocess.Popen(  # noqa: S603  (this program itself)
                [*command, "--inherited", str(inherited)],
                env=environment,
                pass_fds=(*inherited.listening, inherited.control),
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        return cls(process, ours)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._process.returncode

    async def came_up(self) -> bool:
        """Waits until it answers, or has ended."""
        await self._known.wait()
        return not self.ended.is_set()

    def tell(self, number: signal.Signals) -> None:
        """Sends a signal, unless it has ended."""
        # Not by Popen, which looks for the end of the process first, and would keep it from who waits for it.
        if not self.ended.is_set():
            os.kill(self.pid, number)

    def end(self, code: int) -> None:
        """It is over."""
        self._process.returncode = code
        if self.up_since is not None:
            self.answered_seconds = self._loop.time() - self.up_since
        self._loop.remove_reader(self._control.fileno())
        self._control.close()
        self._known.set()
        self.ended.set()

    def _hear(self) -> None:
        said = b""
        with contextlib.suppress(OSError):
            said = self._control.recv(4096)
        if not said:
            self._loop.remove_reader(self._control.fileno())
            return
        self.heard += 1
        if said.startswith(_UP):
            self.up_since = self._loop.time()
            self._known.set()


def _disregard(_number: int, _frame: FrameType | None) -> None:
    """Not SIG_IGN: that would be passed on to whatever this process starts."""
