"""What a fleet costs: one to four API processes on a port, and one to four workers, beside references of the same run.

    python benchmarks/fleet.py [--seconds 4] [--connections 16] [--jobs 400] [--counts 1,2,4]

API processes answer blocking runs (start, end) on PostgreSQL and Redis; workers start the runs that webhooks ask for,
by Celery over Redis. References: `bare_server.py`, a handler that commits the same rows to SQLite, and ``orrery up``,
the whole product in one process. Processors are shared by server, database and load, so that requests a second say
little: compare the CPU time per request, which is the product's own, and the share of the database beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.fault.fleet import ApiServer  # noqa: E402  (the path above)
from tests.fault.outside import PostgresServer, RedisServer  # noqa: E402
from tests.support import dsl  # noqa: E402
from tests.support.server import OrreryServer, free_port  # noqa: E402

from http_load import Connection, cpu_seconds, load, memory_mib, request, tree  # noqa: E402  (beside this file)

_IDLE = 0.05
"""CPU seconds of a second in which a fleet does nothing in particular."""
SECRET = "benchmark-secret-key-of-42-characters-0000"
BODY = json.dumps({"inputs": {"q": "x"}, "user": "ann", "response_mode": "blocking"}).encode()
FLOW = dsl.workflow("flow", dsl.chain(dsl.start("q"), dsl.end(out=["start", "q"])))


class Several(ApiServer):
    """``orrery api`` with the workers that the environment says."""

    def processes(self) -> int:
        """How many there are for requests: the parent of several answers none."""
        return max(len(tree(self.pid)) - 1, 1)

    def settle(self, number: int) -> None:
        """Until so many are there and have come up: what a start costs is no request's."""
        until, before = time.monotonic() + 120, cpu_seconds(self.pid)
        while time.monotonic() < until:
            time.sleep(1)
            now = cpu_seconds(self.pid)
            if self.processes() >= number and now - before < _IDLE:
                return
            before = now
        raise SystemExit(self.log[-2000:])


def _pid(postgres: PostgresServer) -> int:
    """The database's first process; its file names it in the first line."""
    return int((postgres.folder / "data" / "postmaster.pid").read_text().splitlines()[0])


def run_request(key: str) -> bytes:
    return request("POST", "/v1/workflows/run", key=key, body=BODY)


def line(name: str, rate: float, cpu: float, database: float, memory: float, note: str = "") -> None:
    beside = f"{database:5.2f}" if database else "    -"
    print(f"{name:<28}{rate:8.1f}/s  cpu {cpu:6.2f} ms  database {beside} ms  {memory:7.1f} MiB  {note}", flush=True)


async def measure(name: str, port: int, data: bytes, pid: int, database: int, options: argparse.Namespace) -> float:
    """One round; the CPU of a request, ms."""
    before = cpu_seconds(database) if database else 0.0
    result = await load(port, lambda _: data, connections=options.connections, seconds=options.seconds, pid=pid)
    # The warm-up is in it, too: a fifth at most.
    share = (cpu_seconds(database) - before) * 1000 / max(result.requests, 1) if database else 0.0
    note = f"p95 {result.p95:6.1f} ms" + (f"  ERRORS {result.errors}" if result.errors else "")
    line(name, result.rate, result.cpu, share, memory_mib(pid), note)
    return result.cpu


@contextmanager
def bare(folder: Path) -> Iterator[tuple[int, int]]:
    """Port and process of the reference."""
    port = free_port()
    command = [sys.executable, str(Path(__file__).with_name("bare_server.py")), str(port), str(folder / "bare.db")]
    with subprocess.Popen(command) as process:
        try:
            until = time.monotonic() + 60
            while True:
                try:
                    asyncio.run(_ask_health(port))
                    break
                except OSError:
                    if time.monotonic() > until:
                        raise
                    time.sleep(0.05)
            yield port, process.pid
        finally:
            process.terminate()


async def _ask_health(port: int) -> None:
    connection = Connection("127.0.0.1", port)
    await connection.ask(request("GET", "/health"))
    connection.close()


def references(folder: Path, options: argparse.Namespace) -> None:
    with bare(folder) as (port, pid):
        asyncio.run(measure("bare handler", port, request("POST", "/run", body=BODY), pid, 0, options))
    server = OrreryServer(folder / "home")
    server.start()
    try:
        console = server.console()
        console.set_up()
        key = console.add_app(FLOW)[1]
        asyncio.run(measure("one process, SQLite", server.port, run_request(key), server.pid, 0, options))
    finally:
        server.close()


def environment(folder: Path, postgres: PostgresServer, redis: RedisServer) -> dict[str, str]:
    return {
        "ORRERY_SHAPE": "fleet",
        "SECRET_KEY": SECRET,
        "DB_TYPE": "postgresql",
        "DB_HOST": "127.0.0.1",
        "DB_PORT": str(postgres.port),
        "DB_USERNAME": "orrery",
        "DB_DATABASE": "orrery",
        "REDIS_HOST": "127.0.0.1",
        "REDIS_PORT": str(redis.port),
        "CELERY_BROKER_URL": f"redis://127.0.0.1:{redis.port}/1",
        "MIGRATION_ENABLED": "true",
        "OPENDAL_FS_ROOT": str(folder / "files"),
        "CODE_EXECUTION_ENDPOINT": "",
        "SQLALCHEMY_POOL_SIZE": "5",
        "SQLALCHEMY_MAX_OVERFLOW": "5",
    }


@contextmanager
def workers(count: int, folder: Path, settings: dict[str, str]) -> Iterator[list[int]]:
    """So many worker processes; they are up when their signs of life are there. Their ids."""
    running: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(count):
            alive = folder / f"worker-{count}-{number}.alive"
            own = {**os.environ, **settings, "ORRERY_ALIVE_FILE": str(alive)}
            with (folder / "workers.log").open("ab") as log:
                running.append(
                    subprocess.Popen([sys.executable, "-m", "orrery", "worker"], env=own, cwd=folder, stdout=log, stderr=log)
                )  # fmt: skip
        until = time.monotonic() + 120
        while len(list(folder.glob(f"worker-{count}-*.alive"))) < count:
            if time.monotonic() > until:
                raise SystemExit((folder / "workers.log").read_text()[-2000:])
            time.sleep(0.1)
        yield [process.pid for process in running]
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            process.wait(60)


async def ask_many(port: int, path: str, count: int) -> None:
    """Sends so many webhooks, 16 at a time."""
    data = request("POST", path, body=b'{"q": "x"}')

    async def some(number: int) -> None:
        connection = Connection("127.0.0.1", port)
        for _ in range(number):
            status, body, _ = await connection.ask(data)
            if status >= 300:
                raise SystemExit(f"a webhook was answered with {status}: {body[:200]!r}")
        connection.close()

    await asyncio.gather(*(some(count // 16) for _ in range(16)))


def webhooks(
    api: Several, postgres: PostgresServer, folder: Path, settings: dict[str, str], options: argparse.Namespace
) -> None:
    """Runs that webhooks ask for: accepted by two API processes, carried out by workers."""
    console = api.console()
    console.sign_in()
    hook = dsl.node("hook", "trigger-webhook", method="post", content_type="application/json",
                    body=[{"name": "q", "type": "string", "required": True}])  # fmt: skip
    app_id = console.add_app(dsl.workflow("hooked", dsl.chain(hook, dsl.end(out=["hook", "q"]))))[0]
    shown = console.call("GET", f"/apps/{app_id}/workflows/triggers/webhook?node_id=hook")
    path = "/triggers/" + shown["webhook_url"].partition("/triggers/")[2]
    count = options.jobs // 16 * 16
    done = "SELECT count(*) FROM workflow_runs WHERE triggered_from = 'webhook' AND status = 'succeeded'"
    for number in options.counts:
        with workers(number, folder, settings) as pids:
            before = int(postgres.say(done))
            cpu, database = sum(map(cpu_seconds, pids)), cpu_seconds(_pid(postgres))
            began = time.perf_counter()
            asyncio.run(ask_many(api.port, path, count))
            until = time.monotonic() + 300
            while int(postgres.say(done)) < before + count:
                if time.monotonic() > until:
                    raise SystemExit(f"of {count} runs {int(postgres.say(done)) - before} were carried out")
                time.sleep(0.1)
            seconds = time.perf_counter() - began
            spent = (sum(map(cpu_seconds, pids)) - cpu) * 1000 / count
            share = (cpu_seconds(_pid(postgres)) - database) * 1000 / count
            line(f"{number} worker{'s' * (number > 1)}", count / seconds, spent, share, sum(map(memory_mib, pids)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--jobs", type=int, default=400)
    parser.add_argument("--counts", default=[1, 2, 4], type=lambda text: [int(part) for part in text.split(",")])
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        references(folder, options)
        postgres, redis = PostgresServer(connections=100), RedisServer()
        for server in (postgres, redis):
            stack.callback(server.close)
            server.start()
        postgres.say("CREATE DATABASE orrery", database="postgres")
        settings = environment(folder, postgres, redis)
        key = ""
        for number in options.counts:
            api = Several(folder / f"api-{number}", environment={**settings, "SERVER_WORKER_AMOUNT": str(number)})
            api.start()
            try:
                if not key:
                    console = api.console()
                    console.set_up()
                    key = console.add_app(FLOW)[1]
                api.settle(number)
                name = f"{number} API process{'es' * (number > 1)}"
                asyncio.run(measure(name, api.port, run_request(key), api.pid, _pid(postgres), options))
            finally:
                api.stop()
        two = Several(folder / "api", environment={**settings, "SERVER_WORKER_AMOUNT": "2"})
        two.start()
        stack.callback(two.close)
        two.settle(2)
        webhooks(two, postgres, folder, settings, options)


if __name__ == "__main__":
    main()
