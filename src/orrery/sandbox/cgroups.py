"""Control groups of runs: the kernel bounds their memory, processes and share of the CPU, where a subtree is ours.

With version 2 that is the group this process was put in with its controllers delegated, or one that the operator
names; with version 1 only a named one, which must exist below every controller. Elsewhere resident memory is watched.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

_log = logging.getLogger(__name__)

_CONTROLLERS = ("memory", "pids", "cpu")
_PROCESSES = 64
_CPU_WEIGHT, _CPU_SHARES = 50, 512
"""Half of what other work has, when there is not enough for all."""


class NoGroups(Exception):
    """No subtree of control groups may be used here; the text says why."""


class Hierarchy(msgspec.Struct, frozen=True):
    """One tree of groups: the folder that is ours, what each group is given, and where kills for memory are counted."""

    folder: Path
    settings: Mapping[str, str]
    kills: str = ""


class RunGroup:
    """The group of one slot. ``descriptors`` are where a child writes itself in; they stay the group's."""

    def __init__(self, hierarchies: Sequence[Hierarchy], name: str) -> None:
        self.descriptors: list[int] = []
        self._folders = [hierarchy.folder / name for hierarchy in hierarchies]
        self._kills: Path | None = None
        for hierarchy, folder in zip(hierarchies, self._folders, strict=True):
            folder.mkdir(exist_ok=True)
            for setting, value in hierarchy.settings.items():
                _write_if_there(folder / setting, value)
            if hierarchy.kills:
                self._kills = folder / hierarchy.kills
            self.descriptors.append(os.open(folder / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC))
        self._seen = self._killed()

    def was_killed(self) -> bool:
        """Whether the kernel has ended a process of this group for its memory since the last question."""
        before, self._seen = self._seen, self._killed()
        return self._seen > before

    def _killed(self) -> int:
        if self._kills is None:
            return 0
        with contextlib.suppress(OSError):
            for line in self._kills.read_text().splitlines():
                name, _, number = line.partition(" ")
                if name == "oom_kill":
                    return int(number)
        return 0

    def close(self) -> None:
        for descriptor in self.descriptors:
            os.close(descriptor)
        for folder in self._folders:
            with contextlib.suppress(OSError):  # a process that is still ending; the next start sweeps it away
                folder.rmdir()


class RunGroups:
    """Groups by slot, made when they are first needed and kept: making one for each run would cost more than the run."""

    def __init__(self, hierarchies: Sequence[Hierarchy]) -> None:
        self._hierarchies = hierarchies
        self._prefix = f"run-{os.getpid()}-"
        self._groups: dict[int, RunGroup] = {}
        for hierarchy in hierarchies:
            _sweep(hierarchy.folder)

    @property
    def width(self) -> int:
        """How many descriptors a group has: one for each tree."""
        return len(self._hierarchies)

    def at(self, slot: int) -> RunGroup:
        """Raises OSError when the kernel refuses a group."""
        if slot not in self._groups:
            self._groups[slot] = RunGroup(self._hierarchies, f"{self._prefix}{slot}")
        return self._groups[slot]

    def close(self) -> None:
        while self._groups:
            self._groups.popitem()[1].close()


def find_groups(
    memory: int, *, named: str = "", mounts: str = "/proc/self/mountinfo", own: str = "/proc/self/cgroup"
) -> RunGroups:
    """Groups of at most ``memory`` bytes each, in the subtree ``named`` from the root, or in our own. Raises NoGroups."""
    found = _mounted(Path(mounts).read_text()) if Path(mounts).exists() else {}
    unified = found.get("")
    try:
        if unified is not None and {"memory", "pids"} <= set(_words(unified / "cgroup.controllers")):
            folder = unified / named.strip("/") if named else _own_folder(unified, Path(own).read_text())
            return RunGroups([_version_2(folder, memory, ours=not named)])
        if not named:
            raise NoGroups("no control groups of version 2 with memory and pids")
        return RunGroups(_version_1(found, named, memory))
    except OSError as error:
        raise NoGroups(f"control groups can't be used: {error}") from error


def groups_or_watch(memory: int, named: str = "") -> RunGroups | None:
    """Groups where there may be any; None, and a line in the log, where resident memory has to be watched."""
    if sys.platform != "linux":
        return None
    try:
        return find_groups(memory, named=named)
    except NoGroups as reason:
        _log.log(logging.WARNING if named else logging.INFO, "the memory of runs is watched: %s", reason)
        return None


def _version_2(folder: Path, memory: int, *, ours: bool) -> Hierarchy:
    if not os.access(folder, os.W_OK) or not os.access(folder / "cgroup.subtree_control", os.W_OK):
        raise NoGroups(f"{folder} is not delegated to this user")
    wanted = [name for name in _CONTROLLERS if name in _words(folder / "cgroup.controllers")]
    if not {"memory", "pids"} <= set(wanted):
        raise NoGroups(f"{folder} has no memory and pids controllers")
    if ours:
        _step_aside(folder)
    _write(folder / "cgroup.subtree_control", " ".join(f"+{name}" for name in wanted))
    settings = {
        "memory.max": str(memory),
        "memory.swap.max": "0",
        "memory.oom.group": "1",
        "pids.max": str(_PROCESSES),
        "cpu.weight": str(_CPU_WEIGHT),
    }
    return Hierarchy(folder, settings, "memory.events")


def _version_1(found: Mapping[str, Path], named: str, memory: int) -> list[Hierarchy]:
    values = {
        "memory": (
            {"memory.limit_in_bytes": str(memory), "memory.memsw.limit_in_bytes": str(memory)},
            "memory.oom_control",
        ),
        "pids": ({"pids.max": str(_PROCESSES)}, ""),
        "cpu": ({"cpu.shares": str(_CPU_SHARES)}, ""),
    }
    folders = {name: found[name] / named.strip("/") for name in _CONTROLLERS if name in found}
    usable = {name: folder for name, folder in folders.items() if os.access(folder, os.W_OK)}
    if not {"memory", "pids"} <= set(usable):
        raise NoGroups(f"{named} can't be written below the memory and pids controllers")
    return [Hierarchy(folder, *values[name]) for name, folder in usable.items()]


def _step_aside(folder: Path) -> None:
    """Moves this process into a group of its own: a group with processes may not hand its controllers on."""
    present = [int(word) for word in _words(folder / "cgroup.procs")]
    if any(pid != os.getpid() for pid in present):
        raise NoGroups(f"{folder} holds other processes besides this one")
    if present:
        aside = folder / "server"
        aside.mkdir(exist_ok=True)
        _write(aside / "cgroup.procs", str(os.getpid()))


def _own_folder(mount: Path, own: str) -> Path:
    path = next((line[3:] for line in own.splitlines() if line.startswith("0::")), "/")
    if path == "/":
        raise NoGroups("this process is in the root group, which belongs to the machine")
    return mount / path.lstrip("/").removesuffix("/server")


def _mounted(text: str) -> dict[str, Path]:
    """Mount points by controller; the one of version 2 by the empty name."""
    found: dict[str, Path] = {}
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        kind, _, options = right.split(" ", 2)
        point = Path(left.split(" ")[4].replace("\\040", " "))
        if kind == "cgroup2":
            found.setdefault("", point)
        elif kind == "cgroup":
            found |= {name: point for name in options.split(",") if name in _CONTROLLERS}
    return found


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except FileNotFoundError:
        return []


def _sweep(folder: Path) -> None:
    """Takes away what processes left that are gone."""
    for left in folder.glob("run-*-*"):
        pid = left.name.split("-")[1]
        if not pid.isdigit() or not Path(f"/proc/{pid}").exists():
            with contextlib.suppress(OSError):
                left.rmdir()


def _write(file: Path, value: str) -> None:
    # opened as it is: these files can't be made or cut
    descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, value.encode())
    finally:
        os.close(descriptor)


def _write_if_there(file: Path, value: str) -> None:
    """Settings differ between kernels; those that bound memory and processes were asked for before."""
    if file.exists():
        _write(file, value)
