"""A Redis server of a test's own, which keeps nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.support.listening import until_listening


@contextmanager
def redis_server(port: int, *options: str, folder: Path) -> Generator[None]:
    """Runs ``redis-server`` with these options while the block lasts; they must make it listen on ``port``."""
    log = folder / "redis.log"
    with log.open("wb") as output, subprocess.Popen(["redis-server", *options], stdout=output, stderr=output) as server:
        try:
            until_listening(server, port, said=lambda: log.read_text(errors="replace"))
            yield
        finally:
            server.terminate()
