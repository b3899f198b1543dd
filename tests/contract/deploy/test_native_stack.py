"""A whole fleet as plain processes: PostgreSQL, Redis, sandbox, two API processes, worker, beat, nginx; started, hurt, stopped."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from orrery.deploy.native.edge import edge_configuration
from orrery.deploy.native.journal import Journal
from orrery.deploy.native.plan import MissingProgram, program
from orrery.deploy.topology.model import DEFAULTS

START_SECONDS = 120


def free_ports(count: int) -> int:
    """The first of ``count`` ports in a row that are free now."""
    for first in range(26000, 31000, count):
        sockets = [socket.socket() for _ in range(count)]
        try:
            for offset, each in enumerate(sockets):
                each.bind(("127.0.0.1", first + offset))
        except OSError:
            continue
        else:
            return first
        finally:
            for each in sockets:
                each.close()
    pytest.skip("no ports are free")


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


def orrery(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "orrery", "stack", *words], capture_output=True, text=True, check=False, timeout=150
    )


def test_a_fleet_of_processes_runs_heals_and_stops(tmp_path: Path, open_folder: Path) -> None:
    for name in ("postgres", "initdb", "redis-server", "nginx"):
        try:
            program(name, name)
        except MissingProgram as error:
            pytest.skip(str(error))
    # PostgreSQL runs as a user of its own.
    home, first = open_folder / "stack", free_ports(7)
    journal = Journal(home)
    words = ["up", "--home", str(home), "--port", str(first), "--inner-ports", str(first + 1)]
    with (tmp_path / "out").open("wb") as output:
        stack = subprocess.Popen(
            [sys.executable, "-m", "orrery", "stack", *words], stdout=output, stderr=output, cwd=tmp_path
        )
    try:

        def pids() -> dict[str, int | None]:
            state = journal.read()
            return {unit.name: unit.pid for unit in state.units if unit.state == "well"} if state else {}

        until(lambda: len(pids()) == 8 or stack.poll() is not None)
        assert stack.poll() is None, (tmp_path / "out").read_text()
        status, body = get(first, "/ready")
        assert (status, json.loads(body)["status"]) == (200, "ready")
        assert orrery("ps", "--home", str(home)).returncode == 0
        assert "already" in orrery(*words).stderr

        one = f"api-{first + 4}"
        before = pids()[one]
        assert before is not None
        os.kill(before, signal.SIGKILL)
        # The other API process answers while the first one comes back.
        assert get(first, "/health")[0] == 200
        until(lambda: pids().get(one) not in {None, before})
        assert "Uvicorn running" in orrery("logs", "--home", str(home), one).stdout
        running = [pid for pid in pids().values() if pid]
    finally:
        done = orrery("down", "--home", str(home))
        stack.wait(60)
    assert done.stdout == "The stack has stopped.\n"
    assert not [pid for pid in running if Path(f"/proc/{pid}").exists()]
    assert "not running" in orrery("ps", "--home", str(home)).stdout


def test_the_edge_of_a_machine_passes_streams_on_and_divides_requests(tmp_path: Path) -> None:
    text = edge_configuration(8080, [1, 2], tmp_path, {**DEFAULTS, "NGINX_CLIENT_MAX_BODY_SIZE": "7M"})
    assert "server 127.0.0.1:1 " in text
    assert "server 127.0.0.1:2 " in text
    assert "proxy_buffering off;" in text
    assert "client_max_body_size 7M;" in text
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text
    assert "${" not in text
