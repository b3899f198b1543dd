"""A fleet as plain processes, for tests: started, looked at, hurt and stopped as people do it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.support.edge import issue
from tests.support.edge_visits import trusting
from tests.support.ports import free_ports
from tests.support.server import Console

from orrery.deploy.envfile.initial import Place, initial
from orrery.deploy.envfile.writing import write_new
from orrery.deploy.native.journal import Journal
from orrery.deploy.native.programs import MissingProgram, program

START_SECONDS = 300
_PORTS = 24
_PROGRAMS = {"postgresql": ("postgres", "initdb"), "mysql": ("mariadbd", "mariadb-install-db")}


class NativeFleet:
    """One ``orrery stack up`` on a folder of its own, with a certificate for those who come over TLS."""

    def __init__(self, folder: Path, words: Sequence[str]) -> None:
        self.home = folder / "stack"
        self.port = free_ports(_PORTS)
        self.https_port = self.port + _PORTS - 1
        self.url = f"http://127.0.0.1:{self.port}"
        self.secure_url = f"https://localhost:{self.https_port}"
        self.journal = Journal(self.home)
        self._output = folder / "output"
        ports = ("--port", self.port, "--https-port", self.https_port, "--inner-ports", self.port + 1)
        self.words = [
            *("up", "--home", str(self.home)),
            *map(str, ports),
            *words,
        ]
        self.home.mkdir()
        self.trust = trusting(issue(self.home / "nginx" / "ssl", "orrery.crt", "orrery.key"))
        # Tests stand behind addresses of this machine.
        own = "\nSSRF_PROXY_ALLOW_PRIVATE_IPS=127.0.0.0/8\nNGINX_HTTPS_ENABLED=true\n"
        write_new(self.home / ".env", initial(Place.COMPOSE) + own)
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "orrery", "stack", *self.words], stdout=output, stderr=output, cwd=folder
            )
        self._clients: list[httpx.Client] = []

    def pids(self) -> dict[str, int]:
        """The processes that are well, by name."""
        state = self.journal.read()
        return {unit.name: unit.pid for unit in state.units if unit.state == "well" and unit.pid} if state else {}

    def until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not condition():
            assert self._process.poll() is None, self.output
            assert time.monotonic() < deadline, f"{what} took too long:\n{self.output[-3000:]}"
            time.sleep(0.05)

    def until_well(self, count: int) -> None:
        self.until(lambda: len(self.pids()) == count, f"{count} processes that are well, not {sorted(self.pids())}")

    @property
    def output(self) -> str:
        return self._output.read_text("utf-8", "replace")

    def kill(self, name: str) -> None:
        """SIGKILL; returns when another process has its place and is well."""
        before = self.pids()[name]
        os.kill(before, signal.SIGKILL)
        self.until(lambda: self.pids().get(name) not in {None, before}, f"the return of {name}")

    def freeze(self, name: str) -> None:
        """SIGSTOP: it is there and says nothing."""
        os.kill(self.pids()[name], signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        state = self.journal.read()
        assert state is not None
        os.kill(next(unit.pid for unit in state.units if unit.name == name and unit.pid), signal.SIGCONT)

    def console(self) -> Console:
        console = Console(self.url)
        self._clients.append(console.http)
        return console

    def service(self, key: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {key}"}
        client = httpx.Client(base_url=f"{self.url}/v1", headers=headers, timeout=180, trust_env=False)
        self._clients.append(client)
        return client

    def down(self) -> None:
        """Stops it as people do; nothing of it may be left."""
        running = list(self.pids().values())
        for client in self._clients:
            client.close()
        done = orrery("down", "--home", str(self.home))
        self._process.wait(300)
        assert done.stdout in {"The stack has stopped.\n", "The stack is not running.\n"}, done.stderr
        assert not [pid for pid in running if Path(f"/proc/{pid}").exists()]


def orrery(*words: str) -> subprocess.CompletedProcess[str]:
    """One ``orrery stack`` command."""
    return subprocess.run(
        [sys.executable, "-m", "orrery", "stack", *words], capture_output=True, text=True, check=False, timeout=300
    )


@contextmanager
def native_fleet(*words: str, database: str = "postgresql") -> Generator[NativeFleet]:
    """A fleet that is stopped with the block. Skips the test where programs are missing."""
    for name in (*_PROGRAMS[database], "redis-server", "redis-cli", "nginx"):
        try:
            program(name, name)
        except MissingProgram as error:
            pytest.skip(str(error))
    # Database servers run as users of their own, who must get there.
    folder = Path(tempfile.mkdtemp(prefix="orrery-stack-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        fleet = NativeFleet(folder, [*words, "--database", database])
        try:
            yield fleet
        finally:
            fleet.down()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
