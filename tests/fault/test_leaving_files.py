"""Clients that leave in the middle of uploads and downloads (F18): no part of a file stays, nothing is held open."""

from __future__ import annotations

import random
import socket
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.fault.holdings import POOL_FILES
from tests.fault.scale import scaled
from tests.support import dsl
from tests.support.server import Console, OrreryServer

TIMES = scaled(20, 200)
SIZE = 3_000_000
BOUNDARY = "fault-boundary"


@pytest.fixture(scope="module")
def key(console: Console) -> str:
    return console.add_app(dsl.workflow("files", dsl.chain(dsl.start("q"), dsl.end(out=["start", "q"]))))[1]


def upload_bytes(server: OrreryServer, key: str) -> bytes:
    """One whole upload, head and body."""
    user = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="user"\r\n\r\nann\r\n'
    file = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="cut.txt"\r\n'
    body = f"{user}{file}Content-Type: text/plain\r\n\r\n".encode() + b"x" * SIZE + f"\r\n--{BOUNDARY}--\r\n".encode()
    head = f"POST /v1/files/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
    head += f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def rows(server: OrreryServer, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(query).fetchall()


def stored(server: OrreryServer) -> list[Path]:
    return [path for path in (server.home / "storage").rglob("*") if path.is_file() and "upload_files" in path.parts]


def wait_for_files(server: OrreryServer, most: int) -> None:
    until = time.monotonic() + 120
    while server.open_files() > most:
        assert time.monotonic() < until, f"{server.open_files()} descriptors, {most} at the most were expected"
        time.sleep(0.05)


@pytest.mark.row("F18", "G3")
def test_uploads_that_are_cut(server: OrreryServer, key: str) -> None:
    source, content = random.Random(18), upload_bytes(server, key)
    with server.service(key) as client:
        assert client.get("/info").status_code == 200
    before, files = server.open_files(), len(stored(server))
    for _ in range(TIMES):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(content[: source.randrange(len(content) - 100)])
    wait_for_files(server, before + POOL_FILES)
    assert len(stored(server)) == files
    assert rows(server, "SELECT name FROM upload_files WHERE name = 'cut.txt'") == []
    assert not [path for path in server.home.rglob("*") if path.suffix in {".tmp", ".part"}]
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(content)
        assert connection.recv(100).startswith(b"HTTP/1.1 201")
    assert len(stored(server)) == files + 1


@pytest.mark.row("F18")
def test_downloads_that_are_cut(server: OrreryServer, console: Console) -> None:
    uploading = {"enabled": True, "number_limits": 3, "allowed_file_types": ["document"]}
    key = console.add_app(dsl.basic("reads", "chat", "echo", file_upload=uploading))[1]
    client = server.service(key)
    sent = client.post("/files/upload", files={"file": ("whole.txt", b"y" * SIZE, "text/plain")}, data={"user": "ann"})
    assert sent.status_code == 201
    path, source = f"/v1/files/{sent.json()['id']}/preview", random.Random(19)
    given = {"type": "document", "transfer_method": "local_file", "upload_file_id": sent.json()["id"]}
    message: dict[str, object] = {"inputs": {}, "query": "x", "user": "ann", "files": [given]}
    asked = client.post("/chat-messages", json=message)
    assert asked.status_code == 200, asked.text
    before = server.open_files()
    statuses: set[bytes] = set()
    for _ in range(TIMES):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(
                f"GET {path}?user=ann HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
            )
            statuses.add(connection.recv(source.randrange(20, 50_000))[9:12])
    wait_for_files(server, before + POOL_FILES)
    assert statuses == {b"200"}
    assert "Traceback" not in server.log
    assert httpx.get(f"{server.url}/health", timeout=120, trust_env=False).status_code == 200
