"""A disk that is full, for the database and the files alike (F12, F11): refused with a word, nothing half-written."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support import dsl
from tests.support.server import Console, OrreryServer, running

SIZE = 24 * 1024 * 1024


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small disk of its own."""
    place = tmp_path_factory.mktemp("disk")
    if os.geteuid() != 0:
        pytest.skip("a small disk can only be made by root")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "orrery-fault", str(place)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f"a small disk can't be made here: {made.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture(scope="module")
def server(disk: Path) -> Iterator[OrreryServer]:
    with running(disk / "home") as up:
        # Its log is on the disk's parent, so that it can be read whatever happens.
        yield up


@pytest.fixture(scope="module")
def console(server: OrreryServer, models: str) -> Console:
    browser = server.console()
    browser.set_up()
    browser.use_models(models)
    return browser


def rows(server: OrreryServer, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(query).fetchall()


def fill(disk: Path) -> Path:
    """A file that takes all the room there is."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65_536, 4096, 512, 1):
            block = b"x" * size
            try:
                while True:
                    file.write(block)
            except OSError:
                continue
    return ballast


def stored(server: OrreryServer) -> set[str]:
    """The objects of the storage, as their keys."""
    files = server.home / "storage"
    return {str(path.relative_to(files)) for path in files.rglob("*") if path.is_file()}


def upload(client: httpx.Client, name: str, size: int = 300_000) -> httpx.Response:
    return client.post("/files/upload", files={"file": (name, b"a" * size, "text/plain")}, data={"user": "ann"})


@pytest.mark.row("F12", "F11", "G3")
def test_a_full_disk(server: OrreryServer, console: Console, disk: Path) -> None:
    drawn = dsl.chain(dsl.start("q"), dsl.llm("words:50", "{{#start.q#}}"), dsl.end(out=["llm", "text"]))
    client = server.service(console.add_app(dsl.workflow("full", drawn))[1])
    body = {"inputs": {"q": "x"}, "user": "ann", "response_mode": "blocking"}
    run = client.post("/workflows/run", json=body)
    assert run.status_code == 200
    kept = upload(client, "kept.txt")
    assert kept.status_code == 201, kept.text
    before = stored(server)

    ballast = fill(disk)
    refused = upload(client, "no-room.txt")
    assert refused.status_code in {503, 507}, refused.text
    assert refused.json()["message"]
    assert stored(server) == before, "no part of the file stays"
    assert rows(server, "SELECT name FROM upload_files") == [("kept.txt",)]

    # The log of the database may have some room left from before: it is used up sooner or later.
    until = time.monotonic() + 120
    answers: list[int] = []
    while not answers or answers[-1] == 200:
        assert time.monotonic() < until
        answers.append(client.post("/workflows/run", json=body).status_code)
    assert set(answers) <= {200, 503, 507}
    listed = client.get("/workflows/logs")
    assert (listed.status_code, listed.json()["total"] >= 1) == (200, True)
    assert client.get(f"/workflows/run/{run.json()['workflow_run_id']}").json()["status"] == "succeeded"

    ballast.unlink()
    until = time.monotonic() + 120
    while client.post("/workflows/run", json=body).status_code != 200:
        assert time.monotonic() < until, "it works again by itself"
        time.sleep(0.1)
    while rows(server, "SELECT count(*) FROM workflow_runs WHERE status = 'running'") != [(0,)]:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert upload(client, "again.txt").status_code == 201
    assert rows(server, "PRAGMA integrity_check") == [("ok",)]
    assert rows(server, "PRAGMA foreign_key_check") == []
    keys = {row[0] for row in rows(server, "SELECT key FROM upload_files")}
    assert {path for path in stored(server) if path.startswith("upload_files/")} == keys
    assert rows(server, "SELECT count(*) FROM workflow_node_executions WHERE status = 'running'") == [(0,)]
    assert server.stop() == 0
    server.start()
    assert client.post("/workflows/run", json=body).status_code == 200
