"""The metadata database of a native stack: PostgreSQL or MariaDB."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from orrery.deploy.envfile.writing import write_new
from orrery.deploy.interpolation import interpolate
from orrery.deploy.native.programs import LOOPBACK, own_environment, program, server_account
from orrery.deploy.native.unit import Unit
from orrery.deploy.topology.ground import MYSQL_FLAGS, POSTGRES_FLAGS
from orrery.deploy.topology.model import value_of


def postgres(folder: Path, port: int, values: Mapping[str, str]) -> Unit:
    """Raises `MissingProgram`, `CalledProcessError`."""
    server = Path(program("postgres", "postgresql")).resolve()  # its other programs are beside it
    user, group = server_account("postgres", folder)
    data = folder / "data"
    if not (data / "PG_VERSION").exists():
        _make_cluster(server.parent, data, values, user, group)
    return Unit(
        name="db_postgres",
        command=(
            str(server),
            "-D",
            str(data),
            "-p",
            str(port),
            "-h",
            LOOPBACK,
            "-k",
            str(folder),
            *(word for flag in _tuning(POSTGRES_FLAGS, values) for word in ("-c", flag)),
        ),
        environment=own_environment({}),
        folder=folder,
        address=f"tcp://{LOOPBACK}:{port}",
        stop_signal=signal.SIGINT,  # its fast shutdown
        user=user,
        group=group,
    )


def _tuning(flags: Mapping[str, str], values: Mapping[str, str]) -> list[str]:
    """``flag=value`` for each, as the containers get them: from the ``.env``, else the contract's default."""
    return [f"{flag}={interpolate(value_of(name), values)}" for flag, name in flags.items()]


def _make_cluster(programs: Path, data: Path, values: Mapping[str, str], user: int | None, group: int | None) -> None:
    """A new cluster whose only account has the password of the ``.env``, with the product's database in it."""
    password = data.parent / "first-password"
    password.unlink(missing_ok=True)
    write_new(password, values["DB_PASSWORD"])
    if user is not None and group is not None:
        os.chown(password, user, group)
    words = [str(programs / "initdb"), "-D", str(data), "-U", values["DB_USERNAME"], f"--pwfile={password}"]
    words += ["-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-instructions"]
    statement = f'CREATE DATABASE "{values["DB_DATABASE"]}"\n'
    single = [str(programs / "postgres"), "--single", "-D", str(data), "postgres"]
    try:
        for command, text in ((words, ""), (single, statement)):
            subprocess.run(  # noqa: S603  (a program of the package, and values that are no words of its command)
                command, input=text, text=True, check=True, capture_output=True, user=user, group=group, cwd=data.parent
            )
    finally:
        password.unlink()


def mariadb(folder: Path, port: int, values: Mapping[str, str]) -> Unit:
    """Raises `MissingProgram`, `CalledProcessError`."""
    server = program("mariadbd", "mariadb-server")
    user, group = server_account("mysql", folder)
    data = folder / "data"
    if not (data / "mysql").exists():
        words = [program("mariadb-install-db", "mariadb-server"), "--no-defaults", f"--datadir={data}"]
        words += ["--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run(words, check=True, capture_output=True, text=True, user=user, group=group, cwd=folder)  # noqa: S603
    first = folder / "first.sql"
    first.unlink(missing_ok=True)
    write_new(first, _accounts(values))
    if user is not None and group is not None:
        os.chown(first, user, group)
    return Unit(
        name="db_mysql",
        command=(
            server,
            "--no-defaults",
            f"--datadir={data}",
            f"--port={port}",
            f"--socket={folder}/server.sock",
            f"--pid-file={folder}/server.pid",
            f"--bind-address={LOOPBACK}",
            "--character-set-server=utf8mb4",
            *(f"--{flag}" for flag in _tuning(MYSQL_FLAGS, values)),
            # Read at each start: the account has the password of the .env then, and root can't come over the network.
            f"--init-file={first}",
        ),
        environment=own_environment({}),
        folder=folder,
        address=f"tcp://{LOOPBACK}:{port}",
        user=user,
        group=group,
    )


def _accounts(values: Mapping[str, str]) -> str:
    user, database = _quoted(values["DB_USERNAME"]), values["DB_DATABASE"].replace("`", "``")
    lines = [f"CREATE DATABASE IF NOT EXISTS `{database}` CHARACTER SET utf8mb4;"]
    for host in (f"'{LOOPBACK}'", "'localhost'"):
        lines += [
            f"CREATE USER IF NOT EXISTS {user}@{host};",
            f"ALTER USER {user}@{host} IDENTIFIED BY {_quoted(values['DB_PASSWORD'])};",
            f"GRANT ALL ON `{database}`.* TO {user}@{host};",
        ]
    lines.append("ALTER USER root@localhost ACCOUNT LOCK;")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
