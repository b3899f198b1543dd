"""One ``psql`` that stays: a test that looks again and again would spend its time starting programs."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from contextlib import contextmanager

from tests.fault.outside import PostgresServer, wanted

_END = "--- told ---"


class Psql:
    """A session with the database of a cluster."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._asked, self._told = process.stdin, process.stdout

    def say(self, sql: str) -> list[tuple[str, ...]]:
        """The rows of a statement, every value as text; one without rows gives none."""
        self._asked.write(f"{sql};\n\\echo '{_END}'\n")
        self._asked.flush()
        rows: list[tuple[str, ...]] = []
        for line in self._told:
            if line == f"{_END}\n":
                return rows
            rows.append(tuple(line.removesuffix("\n").split("|")))
        raise AssertionError(f"the session ended: {sql}")


@contextmanager
def session(postgres: PostgresServer) -> Generator[Psql]:
    """Ends with the block, and with it whatever it locked."""
    command = [wanted("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1",
               "-p", str(postgres.port), "-U", "orrery", "-d", "orrery"]  # fmt: skip
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Psql(process)
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.wait(60)
        process.stdout.close()
