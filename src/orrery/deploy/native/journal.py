"""What a supervised stack leaves on disk: its lock, its state, and the output of each unit."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

State = Literal["waiting", "starting", "well", "restarting", "stopped"]
LOG_BYTES = 10 * 1024 * 1024


class AlreadyRunning(Exception):
    """Another supervisor has the folder."""


class UnitState(msgspec.Struct):
    """``since`` is the Unix time of the last change; ``restarts`` counts those since the stack was started.

    People reach the unit at ``addresses``.
    """

    name: str
    state: State = "waiting"
    pid: int | None = None
    restarts: int = 0
    since: float = 0.0
    addresses: tuple[str, ...] = ()


class StackState(msgspec.Struct):
    """The state of all units, and the process that watches them."""

    supervisor: int
    units: list[UnitState]


class Journal:
    """The files of one stack below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs = folder / "logs"
        self._state = folder / "state.json"
        self._lock = folder / "lock"

    @contextmanager
    def held(self) -> Generator[None]:
        """Keeps other supervisors away. Raises `AlreadyRunning`."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with self._lock.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise AlreadyRunning(self._taken()) from error
            yield

    def expect_free(self) -> None:
        """Raises `AlreadyRunning` while a supervisor runs here."""
        if self.is_held():
            raise AlreadyRunning(self._taken())

    def _taken(self) -> str:
        return f"a stack runs in {self.folder} already"

    def is_held(self) -> bool:
        """Whether a supervisor runs here."""
        try:
            with self._lock.open("r") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except OSError:
            return True
        return False

    def write(self, state: StackState) -> None:
        """Replaces the state as a whole."""
        fresh = self._state.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(msgspec.json.encode(state))
        fresh.replace(self._state)

    def read(self) -> StackState | None:
        """The last state written; None if there is none."""
        try:
            return msgspec.json.decode(self._state.read_bytes(), type=StackState)
        except FileNotFoundError:
            return None

    def append(self, unit: str, line: bytes) -> None:
        """Adds a line to a unit's output; a file that has grown large makes room for a new one."""
        path = self.logs / f"{unit}.log"
        with path.open("ab") as file:
            file.write(line)
            size = file.tell()
        if size > LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
