from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from tests.support.ports import free_port
from tests.support.redis_server import redis_server


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis server of this test run."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    port, folder = free_port(), tmp_path_factory.mktemp("redis")
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--databases", "64", "--dir", str(folder)]
    with redis_server(port, *options, folder=folder):
        yield f"redis://127.0.0.1:{port}"
