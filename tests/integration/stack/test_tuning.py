"""The contract's variables for tuning reach the servers of a native stack, and every rendering (deployment.md 6.4)."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from sqlalchemy import text
from tests.support.listening import until_listening, until_up
from tests.support.ports import free_port

from orrery.database import Database
from orrery.deploy.interpolation import interpolate
from orrery.deploy.native.databases import mariadb, postgres
from orrery.deploy.native.programs import MissingProgram, program
from orrery.deploy.native.unit import Unit
from orrery.deploy.render.compose import compose_files
from orrery.deploy.render.helm import helm_files
from orrery.deploy.topology.ground import MYSQL_FLAGS, POSTGRES_FLAGS

ACCOUNT = {"DB_USERNAME": "orrery", "DB_PASSWORD": "tuned-pass-1", "DB_DATABASE": "orrery"}
POSTGRES = {
    "POSTGRES_MAX_CONNECTIONS": "57",
    "POSTGRES_SHARED_BUFFERS": "96MB",
    "POSTGRES_WORK_MEM": "6MB",
    "POSTGRES_MAINTENANCE_WORK_MEM": "48MB",
    "POSTGRES_EFFECTIVE_CACHE_SIZE": "1GB",
    "POSTGRES_STATEMENT_TIMEOUT": "61000",
    "POSTGRES_IDLE_IN_TRANSACTION_SESSION_TIMEOUT": "62000",
}
POSTGRES_SAYS = {
    "max_connections": "57", "shared_buffers": "96MB", "work_mem": "6MB", "maintenance_work_mem": "48MB",
    "effective_cache_size": "1GB", "statement_timeout": "61s",
}  # fmt: skip
MYSQL = {
    "MYSQL_MAX_CONNECTIONS": "57",
    "MYSQL_INNODB_BUFFER_POOL_SIZE": "64M",
    "MYSQL_INNODB_LOG_FILE_SIZE": "16M",
    "MYSQL_INNODB_FLUSH_LOG_AT_TRX_COMMIT": "1",
}
MYSQL_SAYS = {
    "max_connections": "57", "innodb_buffer_pool_size": str(64 << 20), "innodb_log_file_size": str(16 << 20),
    "innodb_flush_log_at_trx_commit": "1",
}  # fmt: skip


@contextmanager
def served(make: Callable[[Path, int, Mapping[str, str]], Unit], values: Mapping[str, str]) -> Generator[int]:
    """The port of the unit's server, for the time of the block."""
    folder, port = Path(tempfile.mkdtemp(prefix="orrery-tuned-")), free_port()
    folder.chmod(0o755)
    try:
        unit = make(folder / "server", port, {**ACCOUNT, **values})
    except MissingProgram as error:
        pytest.skip(str(error))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            unit.command, env=dict(unit.environment), cwd=unit.folder, user=unit.user, group=unit.group,
            extra_groups=None if unit.user is None else [], stdout=log, stderr=log,
        )  # fmt: skip
    try:
        until_listening(process, port, said=(folder / "log").read_text)
        if make is postgres:  # it listens before it is done starting up, and until then it refuses
            asked = [program("pg_isready", "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
            until_up(process, lambda: subprocess.run(asked, check=False).returncode == 0, (folder / "log").read_text)
        yield port
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.postgres
async def test_postgres_gets_them() -> None:
    with served(postgres, POSTGRES) as port:
        database = Database(f"postgresql+asyncpg://orrery:tuned-pass-1@127.0.0.1:{port}/orrery")
        async with database.reader.connect() as connection:
            said = {name: str(await connection.scalar(text(f"SHOW {name}"))) for name in POSTGRES_SAYS}
        await database.close()
    assert said == POSTGRES_SAYS


@pytest.mark.mariadb
async def test_mariadb_gets_them() -> None:
    with served(mariadb, MYSQL) as port:
        database = Database(f"mysql+asyncmy://orrery:tuned-pass-1@127.0.0.1:{port}/orrery")
        async with database.reader.connect() as connection:
            said = {name: str(await connection.scalar(text(f"SELECT @@{name}"))) for name in MYSQL_SAYS}
        await database.close()
    assert said == MYSQL_SAYS


@pytest.mark.parametrize(("service", "values"), [("db_postgres", POSTGRES), ("db_mysql", MYSQL)])
def test_containers_get_them(service: str, values: Mapping[str, str]) -> None:
    command = yaml.safe_load(compose_files()["docker-compose.yaml"])["services"][service]["command"]
    told = " ".join(interpolate(word, values) for word in command)
    flags = {**POSTGRES_FLAGS, **MYSQL_FLAGS}
    assert all(f"{flag}={values[name]}" in told for flag, name in flags.items() if name in values)
    # Nobody who says nothing gets another number than the contract's.
    untold = " ".join(interpolate(word, {}) for word in command)
    assert not any(f"{flag}={values[name]} " in f"{untold} " for flag, name in flags.items() if name in values)


def test_a_chart_lets_people_change_them() -> None:
    files = helm_files()
    args = yaml.safe_load(files["values.yaml"])["dbPostgres"]["args"]
    assert args[0] == "postgres"
    assert {word.partition("=")[0] for word in args if "=" in word} == set(POSTGRES_FLAGS)
    assert "args: {{- toYaml .Values.dbPostgres.args | nindent" in files["templates/db-postgres.yaml"]
