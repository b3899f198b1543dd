"""PostgreSQL and Redis as processes of a test's own, to be stopped, killed and started again on the same port."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.listening import is_listening, until_up
from tests.support.ports import free_port

from orrery.deploy.native.programs import MissingProgram, program

_START_SECONDS = 120.0


def wanted(name: str) -> str:
    """Where a program is; the test is left out with a word where it is not installed."""
    try:
        return program(name, name)
    except MissingProgram as error:
        pytest.skip(str(error))


class OutsideServer:
    """One program that listens on ``port``. Ends it by its process id, whatever state it is in."""

    def __init__(self, name: str, user: str | None) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"orrery-{name}-", dir="/tmp"))
        self.folder.chmod(0o755)
        self._log = self.folder / "log"
        self._user = user if os.geteuid() == 0 else None
        if self._user is not None:
            account = pwd.getpwnam(self._user)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def start(self) -> None:
        """Returns when it takes connections."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, user=self._user, group=self._user,
                extra_groups=None if self._user is None else [], cwd=self.folder,
            )  # fmt: skip
        until_up(self._process, self.answers, lambda: self._log.read_text(errors="replace"))

    def answers(self) -> bool:
        return is_listening(self.port)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Sends the signal and waits for the end."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(number)
            process.wait(60)

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def close(self) -> None:
        self.stop(signal.SIGTERM)
        shutil.rmtree(self.folder, ignore_errors=True)


class PostgresServer(OutsideServer):
    """A cluster of its own, with the durability of production."""

    def __init__(self, *, connections: int = 60) -> None:
        self._program, initdb = wanted("postgres"), wanted("initdb")
        super().__init__("postgres", "postgres")
        self._connections = connections
        made = subprocess.run(
            [initdb, "-D", str(self.folder / "data"), "-U", "orrery", "-A", "trust", "-E", "UTF8", "--locale=C"],
            check=False, capture_output=True, text=True, user=self._user, group=self._user,
            extra_groups=None if self._user is None else [], cwd=self.folder,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr

    def command(self) -> Sequence[str]:
        return [self._program, "-D", str(self.folder / "data"), "-p", str(self.port), "-k", str(self.folder),
                "-h", "127.0.0.1", "-c", f"max_connections={self._connections}"]  # fmt: skip

    def answers(self) -> bool:
        ready = [wanted("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """SIGINT cuts all connections at once, as a failover does; SIGTERM would wait for them."""
        super().stop(signal.SIGINT if number == signal.SIGTERM else number)

    def say(self, sql: str, *, database: str = "orrery") -> str:
        """What ``psql`` prints for a statement, rows as lines and columns parted by ``|``."""
        asked = [wanted("psql"), "-X", "-A", "-t", "-h", "127.0.0.1", "-p", str(self.port), "-U", "orrery",
                 "-d", database, "-c", sql]  # fmt: skip
        done = subprocess.run(asked, check=True, capture_output=True, text=True)
        return done.stdout.removesuffix("\n")

    @contextmanager
    def crowded(self) -> Generator[None]:
        """Others hold all connections within the block."""
        held: list[subprocess.Popen[bytes]] = []
        idle = [wanted("psql"), "-X", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", "orrery", "-d", "postgres"]
        try:
            for _ in range(self._connections):
                held.append(
                    subprocess.Popen(idle, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                )
            until = time.monotonic() + _START_SECONDS
            while subprocess.run([*idle, "-c", "SELECT 1"], check=False, capture_output=True).returncode == 0:
                assert time.monotonic() < until
            yield
        finally:
            for process in held:
                process.kill()
                process.wait()
                if process.stdin is not None:
                    process.stdin.close()


class RedisServer(OutsideServer):
    """A Redis that keeps nothing: each start is empty."""

    def __init__(self) -> None:
        self._program = wanted("redis-server")
        super().__init__("redis", None)

    def command(self) -> Sequence[str]:
        return [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                "--dir", str(self.folder)]  # fmt: skip
