"""Real database servers for tests: started once per test process in a temporary folder, stopped when it ends.

Each test that asks for a URL gets an empty database of its own. Where a server's programs are not installed, the
tests that need it are left out with a word.
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url
from tests.support.listening import until_listening, until_up
from tests.support.ports import free_port

_names = count(1)
_MEMORY = "/dev/shm"
_PLENTY = 8 << 30
"""Bytes. All databases of a whole run together take less than an eighth of it."""


class _Server:
    def __init__(self, port: int, command: Callable[[str, str], Sequence[str]]) -> None:
        self.port = port
        self._command = command

    def make_database(self, like: str = "") -> str:
        """An empty database, or, where the server can do that, a copy of another one; its name."""
        name = f"t{os.getpid()}_{next(_names)}"
        _run(self._command(name, like))
        return name


def _run(command: Sequence[str], text: str | None = None) -> str:
    """What it prints when it is given the text."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, input=text)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _as_user(name: str) -> list[str]:
    """Database servers refuse to run as root: root runs them as the package's own user."""
    return ["runuser", "-u", name, "--"] if os.geteuid() == 0 else []


def _place() -> str:
    """Memory where there is plenty: a disk that others keep busy makes each new table take ten times as long."""
    try:
        free = shutil.disk_usage(_MEMORY).free
        available = next(
            int(line.split()[1]) * 1024
            for line in Path("/proc/meminfo").read_text().splitlines()
            if line.startswith("MemAvailable:")
        )
    except (OSError, StopIteration):
        return "/tmp"
    return _MEMORY if min(free, available) >= _PLENTY else "/tmp"


def _folder(owner: str) -> Path:
    path = Path(tempfile.mkdtemp(prefix="orrery-db-", dir=_place()))
    if os.geteuid() == 0:
        user = pwd.getpwnam(owner)
        os.chown(path, user.pw_uid, user.pw_gid)
    path.chmod(0o755)
    return path


def _launch(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)


def _words(log: Path) -> str:
    return log.read_text(errors="replace")


def _stop(process: subprocess.Popen[bytes], folder: Path) -> None:
    # The server may be a child of the program that changed the user: the whole group is told.
    subprocess.run(["pkill", "-TERM", "-f", str(folder)], check=False)
    process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)


def _program(*names: str) -> str | None:
    folders = [os.environ.get("PATH", ""), "/usr/sbin", *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin")))]
    return next((found for name in names if (found := shutil.which(name, path=os.pathsep.join(folders)))), None)


@cache
def _postgres() -> _Server:
    initdb, postgres, createdb = _program("initdb"), _program("postgres"), _program("createdb")
    isready = _program("pg_isready")
    if not initdb or not postgres or not createdb or not isready:
        pytest.skip("PostgreSQL is not installed")
    # A wrapper in PATH may hide where the programs live; the folder of initdb's target has all of them.
    folder, user = _folder("postgres"), _as_user("postgres")
    data, log, port = folder / "data", folder / "log", free_port()
    made = subprocess.run([*user, initdb, "-D", str(data), "-U", "orrery", "-A", "trust", "-E", "UTF8", "--locale=C"],
                          check=False, capture_output=True, text=True)  # fmt: skip
    if made.returncode:
        raise RuntimeError(made.stderr)
    options = ["-p", str(port), "-k", str(folder), "-h", "127.0.0.1", "-c", "fsync=off", "-c", "max_connections=60"]
    process = _launch([*user, postgres, "-D", str(data), *options], log)
    atexit.register(_stop, process, folder)
    place = ["-h", "127.0.0.1", "-p", str(port)]
    # It listens before it is done starting up, and until then it refuses.
    asked = [isready, "-q", *place]
    until_up(process, lambda: subprocess.run(asked, check=False).returncode == 0, lambda: _words(log))
    # The usual template may be looked at by a vacuum, and can't be copied then.
    return _Server(port, lambda name, like: [createdb, *place, "-U", "orrery", "-T", like or "template0", name])


@cache
def _mariadb() -> _Server:
    install, server, client = _program("mariadb-install-db"), _program("mariadbd"), _program("mariadb")
    if not install or not server or not client:
        pytest.skip("MariaDB is not installed")
    folder, user = _folder("mysql"), _as_user("mysql")
    data, log, port = folder / "data", folder / "log", free_port()
    made = subprocess.run(
        [*user, install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if made.returncode:
        raise RuntimeError(made.stdout + made.stderr)
    options = [
        "--no-defaults", f"--datadir={data}", f"--port={port}", f"--socket={folder}/s.sock", "--bind-address=127.0.0.1",
        f"--pid-file={folder}/pid", "--innodb-flush-log-at-trx-commit=0", "--character-set-server=utf8mb4",
    ]  # fmt: skip
    process = _launch([*user, server, *options], log)
    atexit.register(_stop, process, folder)
    until_listening(process, port, said=lambda: _words(log))
    base = [client, *_at(port)]
    _run([*base, "-e", "CREATE USER 'orrery'@'127.0.0.1'; GRANT ALL ON *.* TO 'orrery'@'127.0.0.1';"])
    return _Server(port, lambda name, _: [*base, "-e", f"CREATE DATABASE {name} CHARACTER SET utf8mb4"])


def _at(port: int) -> list[str]:
    """For MariaDB's programs."""
    return ["--no-defaults", "-h", "127.0.0.1", "-P", str(port), "-u", "root"]


def mariadb_dump(name: str) -> str:
    """SQL that makes what the database has."""
    return _run([_program("mariadb-dump") or "mariadb-dump", *_at(_mariadb().port), name])


def mariadb_copy(dump: str) -> str:
    """The URL of a new database with what was dumped."""
    url = mariadb_url()
    name = url.rpartition("/")[2].partition("?")[0]
    _run([_program("mariadb") or "mariadb", *_at(_mariadb().port), name], dump)
    return url


def drop(url: str) -> None:
    """Ends a database that one of these functions made, and whoever is still connected to it."""
    place = make_url(url)
    name = str(place.database)
    if place.get_backend_name() == "sqlite":
        shutil.rmtree(Path(name).parent)
    elif place.get_backend_name() == "postgresql":
        dropdb = _program("dropdb") or "dropdb"
        _run([dropdb, "--force", "-h", "127.0.0.1", "-p", str(place.port), "-U", "orrery", name])
    else:
        _run([_program("mariadb") or "mariadb", *_at(_mariadb().port), "-e", f"DROP DATABASE {name}"])


def postgres_url(*, like: str = "") -> str:
    """The URL of a new database on PostgreSQL, a copy of another one that nobody is connected to if that is named."""
    server = _postgres()
    return f"postgresql+asyncpg://orrery@127.0.0.1:{server.port}/{server.make_database(like)}"


def mariadb_url() -> str:
    """The URL of a new database on MariaDB."""
    server = _mariadb()
    return f"mysql+asyncmy://orrery@127.0.0.1:{server.port}/{server.make_database()}?charset=utf8mb4"


def sqlite_url(folder: Path) -> str:
    """The URL of a new database file."""
    return f"sqlite+aiosqlite:///{folder / 'orrery.db'}"


BACKENDS = (
    pytest.param("sqlite", id="sqlite"),
    pytest.param("postgresql", id="postgresql", marks=pytest.mark.postgres),
    pytest.param("mariadb", id="mariadb", marks=pytest.mark.mariadb),
)
"""For ``pytest.mark.parametrize("backend", BACKENDS)``; `url_of` gives each its URL."""


def url_of(backend: str, folder: Path) -> str:
    if backend == "postgresql":
        return postgres_url()
    return mariadb_url() if backend == "mariadb" else sqlite_url(folder)
