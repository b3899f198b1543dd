from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.ports import free_port

from orrery.deploy.native.journal import LOG_BYTES, AlreadyRunning, Journal, StackState, UnitState
from orrery.deploy.native.supervisor import Pace, Supervisor
from orrery.deploy.native.unit import CircularNeeds, Unit, in_order, is_well

QUICK = Pace(
    starting_look=0.01, well_look=0.02, first_pause=0.01, longest_pause=0.04, become_well=60, stop=60, sick_looks=2
)
ENVIRONMENT = {"PATH": os.environ["PATH"]}
LISTEN = """
import signal, socket, sys, time
def stop(*_):
    print(f"{sys.argv[2]} stops", flush=True)
    sys.exit(0)
# All said and settled before it takes connections: from then on it counts as well, and may be stopped.
signal.signal(signal.SIGTERM, stop)
server = socket.socket()
server.bind(("127.0.0.1", int(sys.argv[1])))
print(f"{sys.argv[2]} listens", flush=True)
server.listen()
while True:
    time.sleep(1)
"""


def listening(name: str, *needs: str) -> Unit:
    port = free_port()
    return Unit(
        name=name,
        command=(sys.executable, "-S", "-c", LISTEN, str(port), name),
        environment=ENVIRONMENT,
        needs=needs,
        address=f"tcp://127.0.0.1:{port}",
    )


def shell(name: str, script: str, *needs: str, address: str = "") -> Unit:
    return Unit(name=name, command=("sh", "-c", script), environment=ENVIRONMENT, needs=needs, address=address)


class Watched:
    """A supervisor under test, and what it said."""

    def __init__(self, folder: Path, *units: Unit, pace: Pace = QUICK) -> None:
        self.lines: list[str] = []
        self.journal = Journal(folder)
        self._said = asyncio.Condition()
        self.supervisor = Supervisor(units, self.journal, self._say, pace)
        self._changed = asyncio.Event()

    def _say(self, name: str, text: str) -> None:
        self.lines.append(f"{name}: {text}")
        self._changed.set()

    async def until(self, words: str, times: int = 1) -> None:
        async with asyncio.timeout(60):
            while sum(words in line for line in self.lines) < times:
                self._changed.clear()
                await self._changed.wait()

    def pid(self, name: str) -> int:
        state = self.journal.read()
        assert state is not None
        [pid] = [unit.pid for unit in state.units if unit.name == name]
        assert pid is not None
        return pid

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        task = asyncio.create_task(self.supervisor.run())
        try:
            yield
        finally:
            self.supervisor.stop()
            await asyncio.wait_for(task, 90)


async def test_units_start_after_what_they_need_and_stop_before_it(tmp_path: Path) -> None:
    watched = Watched(tmp_path, listening("c", "b"), listening("b", "a"), listening("a"))
    async with watched.running():
        async with asyncio.timeout(60):
            await watched.supervisor.all_well()
        assert watched.journal.is_held()
    assert watched.lines == [
        "a: a listens", "b: b listens", "c: c listens", "c: c stops", "b: b stops", "a: a stops",
    ]  # fmt: skip
    state = watched.journal.read()
    assert state is not None
    assert {unit.state for unit in state.units} == {"stopped"}
    assert not watched.journal.is_held()


async def test_a_unit_that_ends_comes_back_after_growing_pauses(tmp_path: Path) -> None:
    watched = Watched(tmp_path, shell("a", "exit 3", address=f"tcp://127.0.0.1:{free_port()}"))
    async with watched.running():
        await watched.until("ended with 3", 4)
    pauses = [line.rpartition(" in ")[2] for line in watched.lines][:4]
    assert pauses == ["0.01 s", "0.02 s", "0.04 s", "0.04 s"]


async def test_a_killed_unit_is_well_again(tmp_path: Path) -> None:
    watched = Watched(tmp_path, listening("a"))
    async with watched.running():
        await watched.supervisor.all_well()
        os.kill(watched.pid("a"), signal.SIGKILL)
        await watched.until("a listens", 2)
        await watched.until("ended with -9")
        async with asyncio.timeout(60):
            await watched.supervisor.all_well()
        state = watched.journal.read()
        assert state is not None
        assert state.units[0].restarts == 1


async def test_a_unit_that_never_answers_is_ended_and_tried_again(tmp_path: Path) -> None:
    pace = Pace(starting_look=0.01, first_pause=0.01, become_well=0.05, stop=60)
    watched = Watched(
        tmp_path, shell("a", "exec sleep 60", address=f"tcp://127.0.0.1:{free_port()}"), shell("b", "exit 0", "a"),
        pace=pace,
    )  # fmt: skip
    async with watched.running():
        await watched.until("no answer in time", 2)
    assert not [line for line in watched.lines if line.startswith("b:")]


async def test_a_unit_that_stops_answering_is_ended_and_tried_again(tmp_path: Path) -> None:
    port = free_port()
    script = f"""
import socket, time
server = socket.create_server(("127.0.0.1", {port}))
server.accept()
server.close()
time.sleep(60)
"""
    unit = Unit(
        name="a",
        command=(sys.executable, "-S", "-c", script),
        environment=ENVIRONMENT,
        address=f"tcp://127.0.0.1:{port}",
    )
    watched = Watched(tmp_path, unit)
    async with watched.running():
        await watched.until("no answer any more")


async def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    watched = Watched(tmp_path, Unit(name="a", command=("/no/such/program",)))
    async with watched.running():
        await watched.until("No such file or directory")


ABANDON = """
import asyncio, os, sys
from pathlib import Path
from orrery.deploy.native.journal import Journal
from orrery.deploy.native.supervisor import Supervisor
from orrery.deploy.native.unit import Unit
unit = Unit(name="a", command=("sh", "-c", "echo $$; exec sleep 60"), environment=dict(os.environ))
say = lambda name, text: print(text, flush=True)
asyncio.run(Supervisor((unit,), Journal(Path(sys.argv[1])), say).run())
"""


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv")
async def test_units_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ABANDON, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    unit = int(await asyncio.wait_for(process.stdout.readline(), 60))
    assert is_alive(unit)
    process.kill()
    await process.wait()
    await until_gone(unit)


async def test_children_of_a_unit_go_with_it(tmp_path: Path) -> None:
    watched = Watched(tmp_path, shell("a", "sleep 60 & echo child $!; wait"))
    async with watched.running():
        await watched.until("child")
        child = int(watched.lines[0].rpartition(" ")[2])
        os.kill(child, 0)
    await until_gone(child)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def until_gone(pid: int) -> None:
    async with asyncio.timeout(60):
        while is_alive(pid):
            await asyncio.sleep(0.01)


async def test_an_end_is_noticed_while_a_child_holds_the_output(tmp_path: Path) -> None:
    watched = Watched(tmp_path, shell("a", "sleep 60 & echo child $!; exit 4"))
    async with watched.running():
        await watched.until("ended with 4")
        child = int(watched.lines[0].rpartition(" ")[2])
        await until_gone(child)


async def test_a_unit_that_will_not_stop_is_ended(tmp_path: Path) -> None:
    watched = Watched(
        tmp_path, shell("a", "trap '' TERM; echo up; while :; do sleep 0.05; done"),
        pace=Pace(starting_look=0.01, stop=0.1),
    )  # fmt: skip
    async with watched.running():
        await watched.until("up")
    assert watched.lines[-1] == "a: did not stop in time and was ended"


async def test_output_is_kept_by_unit(tmp_path: Path) -> None:
    watched = Watched(tmp_path, shell("a", "echo one; echo two >&2; sleep 60"))
    async with watched.running():
        await watched.until("two")
    assert (tmp_path / "logs" / "a.log").read_text() == "one\ntwo\n"


async def test_a_folder_has_one_supervisor(tmp_path: Path) -> None:
    watched = Watched(tmp_path, shell("a", "echo up; sleep 60"))
    async with watched.running():
        await watched.until("up")
        with pytest.raises(AlreadyRunning):
            await Watched(tmp_path, shell("a", "true")).supervisor.run()


async def test_health_is_asked_over_http(tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readline()).split()[1]
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n" if path == b"/well" else b"HTTP/1.1 503 Sick\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        assert await is_well(f"{address}/well")
        assert not await is_well(f"{address}/sick")
    assert not await is_well(f"{address}/well")
    assert await is_well("")


def test_needs_in_a_circle_are_refused() -> None:
    with pytest.raises(CircularNeeds, match="a, b"):
        in_order((shell("a", "true", "b"), shell("b", "true", "a"), shell("c", "true")))


@settings(max_examples=30)
@given(st.permutations(range(6)), st.data())
def test_any_order_of_declaration_is_put_right(order: list[int], data: st.DataObject) -> None:
    needs = {n: data.draw(st.sets(st.sampled_from(range(n)) if n else st.nothing())) for n in range(6)}
    placed = [unit.name for unit in in_order(tuple(shell(str(n), "true", *map(str, needs[n])) for n in order))]
    assert sorted(placed) == [str(n) for n in range(6)]
    for number, wanted in needs.items():
        assert all(placed.index(str(need)) < placed.index(str(number)) for need in wanted)


def test_a_log_that_has_grown_large_makes_room(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.logs.mkdir()
    journal.append("a", b"x" * (LOG_BYTES + 1))
    journal.append("a", b"new\n")
    assert (tmp_path / "logs" / "a.log").read_bytes() == b"new\n"
    assert (tmp_path / "logs" / "a.log.1").stat().st_size == LOG_BYTES + 1


def test_a_state_is_read_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    assert journal.read() is None
    state = StackState(7, [UnitState("a", "well", 3, 1, 2.0)])
    journal.write(state)
    assert journal.read() == state
