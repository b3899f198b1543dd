"""Runs in control groups: found where a subtree is ours, joined before the code, told apart from other ends."""

import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from orrery.sandbox.cgroups import NoGroups, RunGroups, find_groups
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.limits import Limits

from .conftest import PATIENCE

MEMORY = 96 << 20
NAME = f"orrery-test-{os.getpid()}"


def mounts() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        kind, _, options = right.split(" ", 2)
        if kind in {"cgroup", "cgroup2"}:
            for name in ("unified",) if kind == "cgroup2" else options.split(","):
                found[name] = Path(left.split(" ")[4])
    return found


@pytest.fixture(scope="module")
def subtree() -> Iterator[str]:
    """A subtree that is the tests' own, in whichever version this machine has."""
    found = mounts()
    unified = found.get("unified")
    homes: list[Path] = []
    if unified is not None and {"memory", "pids"} <= set((unified / "cgroup.controllers").read_text().split()):
        homes = [unified / NAME]
    elif {"memory", "pids"} <= set(found):
        homes = [found[name] / NAME for name in ("memory", "pids", "cpu") if name in found]
    if not homes or os.geteuid() != 0:
        pytest.skip("no control groups that these tests could have a subtree of")
    try:
        for home in homes:
            home.mkdir()
    except OSError as error:
        pytest.skip(f"no subtree of control groups can be made here: {error}")
    yield NAME
    for home in homes:
        for left in [*home.glob("run-*"), home]:
            remove(left)


def remove(group: Path) -> None:
    """Takes a group away, once the last process in it has ended."""
    deadline = time.monotonic() + 120
    while group.exists():
        try:
            group.rmdir()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


@pytest_asyncio.fixture
async def grouped(subtree: str) -> AsyncIterator[EmbeddedSandbox]:
    groups = find_groups(MEMORY, named=subtree)
    made = EmbeddedSandbox(Limits(timeout=PATIENCE, workers=2, memory=MEMORY), groups=groups)
    await made.ready()
    yield made
    await made.close()


async def test_a_run_is_in_its_group_and_bounded_by_the_kernel(grouped: EmbeddedSandbox, subtree: str):
    assert grouped.grouped
    assert (await grouped.run("python3", "print(1)")).stdout == "1\n"
    # past the limits on addresses and data, which the watch would have to notice
    greedy = "import mmap\nm = mmap.mmap(-1, 300 << 20)\nfor i in range(300): m.write(bytes(1 << 20))\nprint('through')"
    result = await grouped.run("python3", greedy)
    assert "through" not in result.stdout
    assert "error: memory limit exceeded" in result.error
    assert (await grouped.run("python3", "print(2)")).stdout == "2\n"


async def test_processes_are_bounded_by_the_group(grouped: EmbeddedSandbox):
    code = """
import threading
threading.stack_size(65536)
stop = threading.Event()
made = []
try:
    for _ in range(200):
        thread = threading.Thread(target=stop.wait, daemon=True); thread.start(); made.append(thread)
except RuntimeError: pass
print(len(made))
stop.set()
"""
    result = await grouped.run("python3", code)
    assert 10 < int(result.stdout) < 64, result


async def test_nothing_is_left_behind(subtree: str):
    groups = find_groups(MEMORY, named=subtree)
    made = EmbeddedSandbox(Limits(timeout=PATIENCE, memory=MEMORY), groups=groups)
    await made.run("python3", "pass")
    homes = [hierarchy.folder for hierarchy in groups._hierarchies]
    assert all(list(home.glob("run-*")) for home in homes)
    await made.close()
    assert not any(list(home.glob("run-*")) for home in homes)


async def test_what_a_gone_process_left_is_swept_away(subtree: str):
    groups = find_groups(MEMORY, named=subtree)
    home = groups._hierarchies[0].folder
    (home / "run-99999999-0").mkdir()
    RunGroups(groups._hierarchies)
    assert not (home / "run-99999999-0").exists()


async def test_groups_that_can_not_be_joined_are_left_alone(subtree: str):
    groups = find_groups(MEMORY, named=subtree)
    group = groups.at(2)  # the self-test's
    for place, descriptor in enumerate(group.descriptors):
        os.close(descriptor)
        group.descriptors[place] = os.open("/dev/null", os.O_RDONLY)
    made = EmbeddedSandbox(Limits(workers=2), groups=groups)
    try:
        assert (await made.run("python3", "print(1)")).stdout == "1\n"
        assert not made.grouped
    finally:
        await made.close()


UNIFIED = "31 23 0:28 / {place} rw,relatime - cgroup2 cgroup2 rw\n"


def delegated(folder: Path, *, controllers: str = "cpu memory pids", processes: str = "") -> Path:
    group = folder / "user.slice" / "orrery.service"
    group.mkdir(parents=True)
    for place in (folder, group):
        (place / "cgroup.controllers").write_text(controllers)
        (place / "cgroup.subtree_control").write_text("")
        (place / "cgroup.procs").write_text(processes)
    return group


def look(tmp_path: Path, *, named: str = "", own: str = "0::/user.slice/orrery.service\n") -> RunGroups:
    (tmp_path / "mounts").write_text(UNIFIED.format(place=tmp_path))
    (tmp_path / "own").write_text(own)
    return find_groups(MEMORY, named=named, mounts=str(tmp_path / "mounts"), own=str(tmp_path / "own"))


async def test_a_delegated_group_of_ours_is_used_and_stepped_out_of(tmp_path: Path):
    group = delegated(tmp_path, processes=str(os.getpid()))
    (group / "server").mkdir()
    (group / "server" / "cgroup.procs").write_text("")
    found = look(tmp_path)
    assert (group / "server" / "cgroup.procs").read_text() == str(os.getpid())
    assert (group / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"
    [hierarchy] = found._hierarchies
    assert (hierarchy.folder, hierarchy.settings["memory.max"], hierarchy.settings["pids.max"]) == (
        group,
        str(MEMORY),
        "64",
    )


@pytest.mark.parametrize(
    ("controllers", "processes", "own", "reason"),
    [
        ("cpu", "", "0::/user.slice/orrery.service\n", "memory and pids"),
        ("cpu memory pids", "1\n2\n", "0::/user.slice/orrery.service\n", "other processes"),
        ("cpu memory pids", "", "0::/\n", "root group"),
        ("cpu memory pids", "", "0::/gone.service\n", "not delegated"),
    ],
)
async def test_what_is_not_ours_is_left_alone(tmp_path: Path, controllers: str, processes: str, own: str, reason: str):
    delegated(tmp_path, controllers=controllers, processes=processes)
    with pytest.raises(NoGroups, match=reason):
        look(tmp_path, own=own)
