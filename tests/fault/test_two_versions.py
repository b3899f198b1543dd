"""This version and the next one on one database and one broker, while the schema goes forward and back (F33, G12).

The next one is this code with a migration more, which writes runs and a job's payload in forms that this one can't
read. What this one does not read it leaves alone; what it reads it goes on with; nobody outside notices.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
from tests.fault.conftest import LEASE_SECONDS
from tests.fault.fleet import ApiServer, Fleet, fleet
from tests.fault.flood import Flood, check_settled
from tests.fault.scale import scaled
from tests.fault.witness import Story
from tests.support import dsl
from tests.support.next_version import BEFORE, REVISION
from tests.support.receiver import receiver
from tests.support.server import ROOT

pytestmark = [pytest.mark.thorough, pytest.mark.row("F33", "G12")]

RUNS = scaled(40, 400)
THIS, NEXT = "orrery", "tests.support.next_version"
ERRORS = ("ERROR", "Traceback")
_ASKED = dsl.llm("slow:10:50", "{{#start.q#}}")
_TWICE: dsl.JsonObject = {"retry_config": {"retry_enabled": True, "max_retries": 2, "retry_interval": 1}}
MODEL: dsl.JsonObject = {**_ASKED, "data": {**cast("dsl.JsonObject", _ASKED["data"]), **_TWICE}}
"""May be asked twice, so that a run goes on wherever its process died."""
STATES = "SELECT DISTINCT status FROM jobs WHERE name LIKE 'deliver_run_callback%'"


class NextApi(ApiServer):
    """One ``orrery api`` of the next version."""

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", NEXT, "api", "--host", "127.0.0.1", "--port", str(self.port)]


def orrery(module: str, environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """One command, as one of both versions."""
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        env={**os.environ, **environment}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


@contextmanager
def worker(module: str, environment: Mapping[str, str], log: Path) -> Generator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, "worker"],
            env={**os.environ, "SSRF_PROXY_ALLOW_PRIVATE_IPS": "127.0.0.0/8", **environment},
            cwd=ROOT, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def check(up: Fleet, stories: Sequence[Story]) -> None:
    check_settled(up, stories)
    assert [(story.ends, story.errors) for story in stories] == [(["succeeded"], [])] * len(stories)
    # A process that is killed refuses nobody: its callers came again, under the same key, and got the same run.
    assert {story.refusal for story in stories} <= {"", "ConnectError", "ReadError", "RemoteProtocolError"}


async def test_two_versions_work_side_by_side(
    tmp_path: Path, models: str, measured: Callable[[str, object], None]
) -> None:
    lease = {"ORRERY_RUN_LEASE_SECONDS": str(LEASE_SECONDS), "PYTHONPATH": str(ROOT)}
    with fleet(tmp_path, models, connections=150, environment=lease) as up:
        key = up.console.add_app(dsl.workflow("both", dsl.chain(dsl.start("q"), MODEL, dsl.end(out=["llm", "text"]))))[
            1
        ]
        flow = Flood(key, "/workflows/run", lambda mark: {"inputs": {"q": mark}, "user": "ann"})
        old, other = up.apis
        newer = NextApi(tmp_path / "newer", environment=up.environment)

        # The schema goes forward under two processes of this version.
        def forward() -> None:
            done = orrery(NEXT, up.environment, "migrate")
            assert done.returncode == 0, done.stderr

        told = await flow.stories([old.url, other.url], "forward", RUNS, forward)
        check(up, told)
        assert up.rows("SELECT version_num FROM alembic_version") == [(REVISION,)]

        # One of them is replaced; then the new one dies with its runs, then the old one.
        assert other.stop() == 0
        newer.start()
        up.apis = [old, newer]
        try:
            stories = await flow.stories([old.url, newer.url], "newer-dies", RUNS, newer.restart, repeat=True)
            check(up, stories)
            stories += await flow.stories([old.url, newer.url], "older-dies", RUNS, old.restart, repeat=True)
            check(up, stories)
            assert up.rows("SELECT DISTINCT request::json->>'form' FROM workflow_runs ORDER BY 1") == [("1",), ("2",)]
            _callbacks(up, key, tmp_path, [old, newer])
            for api in (old, newer):
                assert not any(word in api.log for word in ERRORS), api.log
            assert newer.stop() == 0
        finally:
            newer.close()

        # Back again, and this version alone.
        up.apis = [old, other]
        done = orrery(NEXT, up.environment, "migrate", "--to", BEFORE)
        assert done.returncode == 0, done.stderr
        other.start()
        stories = await flow.stories([old.url, other.url], "back", RUNS // 2, lambda: None)
        check(up, stories)
        measured("runs", 3 * RUNS + RUNS // 2)


def _callbacks(up: Fleet, key: str, folder: Path, apis: Sequence[ApiServer]) -> None:
    """Both versions' jobs are done once, whichever worker gets their messages."""
    with (
        receiver() as calls,
        worker(THIS, up.environment, folder / "old-worker.log"),
        worker(NEXT, up.environment, folder / "new-worker.log"),
    ):
        for place in range(scaled(10, 60)):
            body = {"inputs": {"q": "x"}, "user": "ann", "response_mode": "async", "callback_url": f"{calls.url}/both"}
            assert apis[place % 2].service(key).post("/workflows/run", json=body).status_code == 202
        calls.wait(scaled(10, 60), path="/both")
        up.wait_for_rows(STATES, [("done",)], 60)
    names = {row[0] for row in up.rows("SELECT DISTINCT name FROM jobs WHERE name LIKE 'deliver_run_callback%'")}
    assert names == {"deliver_run_callback", "deliver_run_callback@2"}
    attempts = up.rows("SELECT max(attempts) FROM jobs WHERE name LIKE 'deliver_run_callback%'")
    assert attempts == [("1",)]
    for log in ("old-worker.log", "new-worker.log"):
        assert "Traceback" not in (folder / log).read_text()


def test_only_what_serves_it_starts_on_a_newer_schema(tmp_path: Path, models: str) -> None:
    """This version starts on a schema that says that it serves it, and refuses one that does not, or is half done."""
    with fleet(tmp_path, models) as up:
        one = up.apis[0]
        assert orrery(NEXT, {**up.environment, "PYTHONPATH": str(ROOT)}, "migrate").returncode == 0
        for enabled in ("true", "false"):
            environment = {**up.environment, "MIGRATION_ENABLED": enabled}
            assert one.stop() == 0
            one.start()
            for column, value, words in (
                ("serves_from", REVISION, f"serves versions from {REVISION} on"),
                ("doubt_from", BEFORE, "is under way or was broken off"),
            ):
                more = f", doubt_to = '{REVISION}'" if column == "doubt_from" else ""
                up.postgres.say(f"UPDATE orrery_schema SET {column} = '{value}'{more}")
                for role in (("api", "--port", "0"), ("worker",), ("beat",)):
                    refused = orrery(THIS, environment, *role)
                    assert (refused.returncode, words in refused.stderr) == (69, True), (role, refused)
                up.postgres.say(
                    f"UPDATE orrery_schema SET serves_from = '{BEFORE}', doubt_from = NULL, doubt_to = NULL"
                )
