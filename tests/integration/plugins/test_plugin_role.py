"""``orrery plugin-daemon`` as a process: it starts before the database is ready, serves, and stops when it is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.support.listening import until_up
from tests.support.plugin_daemon import KEY, WORKSPACE
from tests.support.plugin_packages import tool_files, zipped
from tests.support.ports import free_port

MANAGEMENT = f"/plugin/{WORKSPACE}/management/"


def environment(folder: Path, **changes: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return kept | {
        "ORRERY_SHAPE": "fleet", "MODE": "plugin_daemon", "SERVER_KEY": KEY, "DB_TYPE": "sqlite",
        "ORRERY_SQLITE_PATH": str(folder / "orrery.db"), "PLUGIN_STORAGE_LOCAL_ROOT": str(folder / "plugins"),
        "FORCE_VERIFYING_SIGNATURE": "false", "DIFY_BIND_ADDRESS": "127.0.0.1", **changes,
    }  # fmt: skip


@contextmanager
def role(folder: Path) -> Generator[tuple[str, subprocess.Popen[bytes]]]:
    """``MODE=plugin_daemon orrery role``, as containers start it; answers by the time the block begins."""
    port = free_port()
    url, log = f"http://127.0.0.1:{port}", folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "orrery", "role"], env=environment(folder, SERVER_PORT=str(port)), cwd=folder,
            stdout=output, stderr=output,
        )  # fmt: skip
    try:
        until_up(process, lambda: answers(url), lambda: log.read_text("utf-8", "replace"))
        yield url, process
    finally:
        process.kill()
        process.wait()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/check", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def test_it_waits_for_the_schema_and_then_serves(tmp_path: Path) -> None:
    with (
        role(tmp_path) as (url, process),
        httpx.Client(base_url=url, headers={"X-Api-Key": KEY}, trust_env=False) as http,
    ):
        waiting = http.get("/ready/check")
        assert waiting.status_code == 503
        assert "PluginDaemonInternalServerError" in waiting.text
        listed = http.get(MANAGEMENT + "list?page=1&page_size=1")
        assert (listed.status_code, listed.json()["code"]) == (200, -500)
        assert http.get(MANAGEMENT + "list", headers={"X-Api-Key": "x"}).status_code == 401
        migrated = subprocess.run(
            [sys.executable, "-m", "orrery", "migrate"], env=environment(tmp_path, SECRET_KEY="k" * 32, CODE_EXECUTION_API_KEY="c" * 32, MODE=""),
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert migrated.returncode == 0, migrated.stderr
        until = time.monotonic() + 60
        while http.get("/ready/check").status_code != 200:
            assert time.monotonic() < until, (tmp_path / "log").read_text()
            time.sleep(0.05)
        sent = http.post(MANAGEMENT + "install/upload/package", files={"dify_pkg": ("a", zipped(tool_files()))})
        identifier = sent.json()["data"]["unique_identifier"]
        body = {"plugin_unique_identifiers": [identifier], "source": "package", "metas": [{}]}
        assert http.post(MANAGEMENT + "install/identifiers", json=body).json()["code"] == 0
        [tool] = http.get(MANAGEMENT + "tools?page=1&page_size=256").json()["data"]
        assert tool["plugin_unique_identifier"] == identifier
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) in {0, -signal.SIGTERM}
        assert KEY not in (tmp_path / "log").read_text()
    assert (tmp_path / "plugins" / "plugin_packages" / "ada").is_dir()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"SERVER_KEY": "plugin-api-key"}, "published default"),
        ({"PLUGIN_STORAGE_TYPE": "aws_s3"}, "PLUGIN_STORAGE_OSS_BUCKET"),
    ],
)
def test_what_it_can_not_start_with_is_named(tmp_path: Path, changes: dict[str, str], words: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "orrery", "plugin-daemon"], env=environment(tmp_path, **changes), cwd=tmp_path,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 78, ended.stderr
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


def test_its_start_does_not_load_the_databases_library() -> None:
    code = "import sys, orrery.plugins.daemon.role, orrery.cli.plugin_daemon; print('sqlalchemy' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "False\n"
