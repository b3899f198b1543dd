"""PgBouncer before a PostgreSQL server of the tests, giving each transaction whichever of few connections is free."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.engine import URL, make_url
from tests.support.listening import until_listening
from tests.support.ports import free_port

CONNECTIONS = 3
"""What the pooler has to the server: fewer than what asks it."""


@contextmanager
def pooled(url: str, *, connections: int = CONNECTIONS) -> Generator[URL]:
    """The address of a PgBouncer before the database of ``url``; left out where the program is not installed."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("PgBouncer is not installed")
    target, port = make_url(url), free_port()
    folder = Path(tempfile.mkdtemp(prefix="orrery-pooler-"))
    # The program refuses to be root, and reads its file as whoever it becomes.
    folder.chmod(0o755)
    file, log = folder / "pgbouncer.ini", folder / "log"
    (folder / "users").write_text(f'"{target.username}" ""\n')
    file.write_text(
        f"""[databases]
{target.database} = host={target.host} port={target.port} user={target.username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
auth_file = {folder / "users"}
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 500
server_round_robin = 1
"""
    )
    own = ["runuser", "-u", "nobody", "--"] if os.geteuid() == 0 else []
    with log.open("wb") as output:
        process = subprocess.Popen([*own, program, str(file)], stdout=output, stderr=output)
    try:
        until_listening(process, port, said=log.read_text)
        yield target.set(host="127.0.0.1", port=port)
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder)
