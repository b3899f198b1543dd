"""Several processes under one parent, with tiny ones in the place of API servers."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from orrery.cli.exit_codes import EXIT_CONFIGURATION
from orrery.cli.main import main
from orrery.cli.server_child import Child, Inherited
from orrery.cli.server_workers import SILENT_LOOKS, Workers, environment_of, wait_before
from orrery.settings.load import load_settings

ANSWERS = """
import signal, socket, sys
control = socket.socket(fileno=int(sys.argv[-1].partition(":")[2]))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
control.send(b"u")
control.recv(1)
"""
LIVES = """
import signal, socket, sys, time
control = socket.socket(fileno=int(sys.argv[-1].partition(":")[2]))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
control.send(b"u")
while True:
    time.sleep(0.01)
    control.send(b".")
"""
FAILS = f"raise SystemExit({EXIT_CONFIGURATION})"


class Site:
    """Workers whose children run a snippet each; the next to start runs ``snippet``."""

    def __init__(self, folder: Path, amount: int, snippet: str = ANSWERS) -> None:
        self.snippet = snippet
        self.children: list[Child] = []
        self.ready = self.left = False
        self._socket = (folder / "listening").open("w")
        self.looks = 0
        self.frozen: list[Child] = []
        look = self._until_look if snippet is LIVES else asyncio.Event().wait
        self.workers = Workers(self._start, amount, ready=self._say_ready, leave=self._leave, until_look=look)

    def _start(self, place: int) -> Child:
        command = [sys.executable, "-S", "-c", self.snippet, str(place)]
        self.children.append(Child.start(command, [self._socket.fileno()], os.environ))
        return self.children[-1]

    def _say_ready(self) -> None:
        self.ready = True

    async def _until_look(self) -> None:
        """A look comes when everyone who is not frozen has said something since the last one."""
        before = {child: child.heard for child in self.running()}

        def owed(child: Child) -> bool:
            return child.code is None and child not in self.frozen and child.heard == before[child]

        while any(owed(child) for child in before):
            await asyncio.sleep(0.01)
        self.looks += 1

    def _leave(self) -> None:
        self.left = True
        self._socket.close()

    def freeze(self, child: Child) -> None:
        self.frozen.append(child)
        os.kill(child.pid, signal.SIGSTOP)

    def running(self) -> list[Child]:
        return [child for child in self.children if child.code is None]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def kept(folder: Path, snippet: str = ANSWERS) -> AsyncGenerator[tuple[Site, asyncio.Task[int]]]:
    """Two children that answer; in the end the parent is told to stop."""
    site = Site(folder, 2, snippet)
    run = asyncio.create_task(site.workers.run())
    try:
        await until(lambda: [child.up_since is not None for child in site.children] == [True, True])
        yield site, run
    finally:
        if not run.done():
            os.kill(os.getpid(), signal.SIGTERM)
        with suppress(Exception):
            await run


@pytest.fixture(autouse=True)
async def own_signals() -> AsyncIterator[None]:
    """What the parent takes is given back after each test."""
    yield
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        loop.remove_signal_handler(number)


async def test_a_first_child_that_fails_ends_all_with_its_code(tmp_path: Path) -> None:
    site = Site(tmp_path, 3)
    site.snippet = FAILS
    assert await site.workers.run() == EXIT_CONFIGURATION
    assert (len(site.children), site.ready, site.left) == (1, False, True)


async def test_told_to_stop_while_the_first_starts(tmp_path: Path) -> None:
    site = Site(tmp_path, 3)
    site.snippet = "import time; time.sleep(60)"
    run = asyncio.create_task(site.workers.run())
    await until(lambda: bool(site.children))
    os.kill(os.getpid(), signal.SIGTERM)
    assert await run == 0
    assert (len(site.children), site.ready) == (1, False)


async def test_the_others_start_when_the_first_answers_and_all_end_together(tmp_path: Path) -> None:
    async with kept(tmp_path) as (site, run):
        first, second = site.children
        assert site.ready
        assert first.up_since is not None
        assert second.up_since is not None
        assert first.up_since < second.up_since
        os.kill(os.getpid(), signal.SIGTERM)
        assert await run == 0
    assert [child.code for child in site.children] == [0, 0]
    assert site.left


async def test_a_killed_one_is_followed_by_another(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with kept(tmp_path) as (site, _):
        killed, other = site.children
        os.kill(killed.pid, signal.SIGKILL)
        await until(lambda: len(site.children) == 3 and site.children[2].up_since is not None)
        assert killed.code == -signal.SIGKILL
        assert site.running() == [other, site.children[2]]
    assert f"API process {killed.pid} ended with code -9. Another is started in 0.5 s." in caplog.messages


async def test_a_frozen_one_is_ended_and_followed_by_another(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with kept(tmp_path, LIVES) as (site, _):
        frozen, other = site.children
        await until(lambda: site.looks > 4 * SILENT_LOOKS)
        assert site.running() == [frozen, other]
        site.freeze(frozen)
        await until(lambda: len(site.children) == 3 and site.children[2].up_since is not None)
        assert frozen.code == -signal.SIGKILL
        assert site.running() == [other, site.children[2]]
    assert f"API process {frozen.pid} hangs: it gave no sign of life for 30 s." in caplog.messages


async def test_a_frozen_one_does_not_hold_up_the_end(tmp_path: Path) -> None:
    async with kept(tmp_path, LIVES) as (site, run):
        frozen, other = site.children
        site.freeze(frozen)
        os.kill(os.getpid(), signal.SIGTERM)
        assert await run == 1
    assert (frozen.code, other.code) == (-signal.SIGKILL, 0)


async def test_a_new_one_answers_before_an_old_one_leaves(tmp_path: Path) -> None:
    async with kept(tmp_path) as (site, run):
        old = list(site.children)
        os.kill(os.getpid(), signal.SIGHUP)
        fewest = 2
        while len(site.children) < 4 or len(site.running()) > 2:
            fewest = min(fewest, sum(child.up_since is not None for child in site.running()))
            await asyncio.sleep(0)
        assert fewest == 2
        assert [child.code for child in old] == [0, 0]
        assert not run.done()


async def test_old_ones_go_on_when_a_new_one_fails(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with kept(tmp_path) as (site, run):
        old = list(site.children)
        site.snippet = FAILS
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: any("The old ones go on." in words for words in caplog.messages))
        assert (site.running(), len(site.children)) == (old, 3)
        # And a mended one is taken later.
        site.snippet = ANSWERS
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: len(site.children) == 5 and len(site.running()) == 2)
        assert not run.done()


async def test_one_that_ends_badly_when_told_to_is_not_hidden(tmp_path: Path) -> None:
    site = Site(tmp_path, 1)
    site.snippet = ANSWERS.replace("sys.exit(0)", "sys.exit(3)")
    run = asyncio.create_task(site.workers.run())
    await until(lambda: site.ready)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await run == 1


def test_waiting_grows_and_has_a_bound() -> None:
    assert [wait_before(failures) for failures in (0, 1, 2, 3, 7, 2000)] == [0.0, 0.5, 1.0, 2.0, 30.0, 30.0]


def test_each_child_has_a_log_file_of_its_own(tmp_path: Path) -> None:
    base = {"SECRET_KEY": "a-secret-key-of-at-least-32-characters"}
    settings = load_settings({**base, "LOG_FILE": str(tmp_path / "server.log")}, home=tmp_path)
    assert environment_of(1, settings)["LOG_FILE"] == str(tmp_path / "server.2.log")
    assert environment_of(1, load_settings(base, home=tmp_path)) is os.environ


def test_the_parent_does_not_load_the_product() -> None:
    code = "import sys, orrery.cli.serve, orrery.cli.server_workers, orrery.wiring\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "orrery.cli.server_workers" in loaded
    assert not {"orrery.wiring.process", "orrery.cli.server", "uvicorn", "starlette"} & set(loaded)


def test_what_is_inherited_can_be_written_and_read() -> None:
    inherited = Inherited((3, 4), 5)
    assert str(inherited) == "3,4:5"
    assert Inherited.parse("3,4:5") == inherited


@pytest.mark.parametrize("words", [["api", "--workers", "2"], ["up"]])
def test_one_process_owns_a_home(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("ORRERY_SHAPE", raising=False)
    if words == ["up"]:
        monkeypatch.setenv("SERVER_WORKER_AMOUNT", "2")
    result = CliRunner().invoke(main, words)
    assert result.exit_code == EXIT_CONFIGURATION
    assert "SERVER_WORKER_AMOUNT: is 2, but " in result.stderr
    assert "Set it to 1, or run a fleet" in result.stderr
