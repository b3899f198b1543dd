"""A real process whose files are elsewhere: served from there, backed up while it runs, and up without it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.object_stores.s3 import s3_server
from tests.support.server import OrreryServer, running

CONTENT = bytes(range(256)) * 100


def orrery(*words: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "orrery", *words]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=120
    )


def upload(up: OrreryServer) -> tuple[int, dict[str, str]]:
    console = up.console()
    console.set_up()
    answer = console.http.post("/files/upload", files={"file": ("a.bin.txt", CONTENT, "text/plain")})
    return answer.status_code, answer.json()


def test_files_are_served_from_a_bucket_and_come_back_from_a_backup(tmp_path: Path) -> None:
    server = s3_server()
    environment = {
        "STORAGE_TYPE": "s3",
        "S3_ENDPOINT": server.url,
        "S3_BUCKET_NAME": "files-of-a-process",
        "S3_ACCESS_KEY": server.access_key,
        "S3_SECRET_KEY": server.secret_key,
    }
    home, other, file = tmp_path / "home", tmp_path / "other", tmp_path / "backup.zip"
    with running(home, environment=environment) as up:
        status, made = upload(up)
        assert status == 201, made
        link = urlsplit(made["source_url"])
        got = up.console().http.get(f"{up.url}{link.path}?{link.query}")
        assert (got.status_code, got.content) == (200, CONTENT)
        backed = orrery("backup", str(file), "--home", str(home), environment=environment)
        assert backed.returncode == 0, backed.stderr
        assert "1 files" in backed.stdout
    assert not [path for path in (home / "storage").rglob("*") if path.is_file()]
    restored = orrery("restore", str(file), "--home", str(other), environment={})
    assert restored.returncode == 0, restored.stderr
    (kept,) = [path for path in (other / "storage" / "upload_files").rglob("*") if path.is_file()]
    assert kept.read_bytes() == CONTENT
    assert kept.stem == made["id"]


def test_a_process_is_up_while_its_bucket_is_away(tmp_path: Path) -> None:
    environment = {
        "STORAGE_TYPE": "s3",
        "S3_ENDPOINT": "http://127.0.0.1:9",
        "S3_BUCKET_NAME": "nowhere",
        "S3_ACCESS_KEY": "a",
        "S3_SECRET_KEY": "b",
    }
    with running(tmp_path / "home", environment=environment) as up:
        status, told = upload(up)
        assert status == 503, told
        assert "does not answer" in told["message"] or "try again" in told["message"]
