"""A small fleet as a test's own processes: two API servers on PostgreSQL and Redis, with a cutter before each of both.

Everything is as in production but for the sandbox, which runs in the API processes, and the loopback addresses.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from tests.fault.cutter import Cutter
from tests.fault.outside import PostgresServer, RedisServer
from tests.support.server import Console, OrreryServer

SECRET = "fault-tests-secret-key-of-42-characters-00"


class ApiServer(OrreryServer):
    """One ``orrery api``."""

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "orrery", "api", "--host", "127.0.0.1", "--port", str(self.port)]


class Fleet:
    """The processes, as they were started; a test that stops one starts it again."""

    def __init__(
        self, apis: Sequence[ApiServer], postgres: PostgresServer, redis: RedisServer, to_postgres: Cutter,
        to_redis: Cutter, console: Console,
    ) -> None:  # fmt: skip
        self.apis = apis
        self.postgres = postgres
        self.redis = redis
        self.to_postgres = to_postgres
        self.to_redis = to_redis
        self.console = console
        self.environment: Mapping[str, str] = {}

    def rows(self, sql: str) -> list[tuple[str, ...]]:
        """What the database holds, past the cutter; every value as text."""
        printed = self.postgres.say(sql)
        return [tuple(line.split("|")) for line in printed.splitlines()]

    def wait_for_rows(self, sql: str, expected: list[tuple[str, ...]], seconds: float) -> None:
        until = time.monotonic() + seconds
        while (found := self.rows(sql)) != expected:
            assert time.monotonic() < until, f"{found}\n" + "\n".join(api.log[-1500:] for api in self.apis)
            time.sleep(0.1)

    def wait_until_ready(self, seconds: float = 120.0) -> None:
        """Until each process that runs says that it misses nothing."""
        until = time.monotonic() + seconds
        for api in self.apis:
            while httpx.get(f"{api.url}/ready", trust_env=False, timeout=60).json()["status"] != "ready":
                assert time.monotonic() < until, api.log[-2000:]
                time.sleep(0.1)


@contextmanager
def fleet(
    folder: Path, models: str, *, connections: int = 60, environment: Mapping[str, str] | None = None
) -> Generator[Fleet]:
    """A fleet with an owner and model credentials; ends with the block."""
    with ExitStack() as stack:
        postgres, redis = PostgresServer(connections=connections), RedisServer()
        for server in (postgres, redis):
            stack.callback(server.close)
            server.start()
        postgres.say("CREATE DATABASE orrery", database="postgres")
        to_postgres, to_redis = stack.enter_context(Cutter(postgres.port)), stack.enter_context(Cutter(redis.port))
        settings = {
            "ORRERY_SHAPE": "fleet",
            "SECRET_KEY": SECRET,
            "DB_TYPE": "postgresql",
            "DB_HOST": "127.0.0.1",
            "DB_PORT": str(to_postgres.port),
            "DB_USERNAME": "orrery",
            "DB_DATABASE": "orrery",
            "REDIS_HOST": "127.0.0.1",
            "REDIS_PORT": str(to_redis.port),
            "MIGRATION_ENABLED": "true",
            "OPENDAL_FS_ROOT": str(folder / "files"),
            "CODE_EXECUTION_ENDPOINT": "",
            "SQLALCHEMY_POOL_SIZE": "10",
            **(environment or {}),
        }
        apis = [ApiServer(folder / name, environment=settings) for name in ("one", "two")]
        for api in apis:
            stack.callback(api.close)
            api.start()
        console = apis[0].console()
        console.set_up()
        console.use_models(models)
        made = Fleet(apis, postgres, redis, to_postgres, to_redis, console)
        made.environment = settings
        yield made
