"""The wall clock of one API process steps an hour forth and back, in the middle of runs and of sessions (F26)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest
from tests.fault.fleet import ApiServer, Fleet
from tests.fault.gate import Gate
from tests.support import dsl

HOUR = 3600
_LIBRARIES = ("libfaketimeMT.so.1", "libfaketime.so.1")
_PATIENCE = 120.0


def _library() -> str:
    for name in _LIBRARIES:
        for found in Path("/usr/lib").glob(f"*/faketime/{name}"):
            return str(found)
    pytest.skip("faketime is not installed (Debian: apt install faketime)")


class Stepping(ApiServer):
    """An API process whose wall clock can be set; its monotonic clock runs on, as a machine's does."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._offset = folder.with_suffix(".clock")
        self._offset.write_text("+0\n")
        faked = {
            "LD_PRELOAD": _library(),
            "FAKETIME_TIMESTAMP_FILE": str(self._offset),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }
        super().__init__(folder, environment={**environment, **faked})

    def step(self, seconds: int) -> None:
        """The clock is off by so much from now on; returns when the process says so itself."""
        # In place of the file, never halfway: it is read at each look at the clock.
        fresh = self._offset.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}\n")
        fresh.replace(self._offset)
        until = time.monotonic() + _PATIENCE
        while abs(self._off() - seconds) > 600:
            assert time.monotonic() < until, self.log[-2000:]
            time.sleep(0.1)

    def _off(self) -> float:
        date = httpx.get(f"{self.url}/health", trust_env=False, timeout=60).headers["date"]
        return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()


@pytest.fixture(scope="module")
def stepping(two: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stepping]:
    server = Stepping(tmp_path_factory.mktemp("stepping") / "home", dict(two.environment))
    try:
        server.start()
        yield server
    finally:
        server.close()


def _until(holds: Callable[[], bool], server: ApiServer) -> None:
    until = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < until, server.log[-2000:]
        time.sleep(0.1)


@pytest.mark.row("F26", "G1")
def test_no_lease_ends_and_no_session_is_lost_when_a_clock_steps(two: Fleet, stepping: Stepping, models: str) -> None:
    with Gate(models, {}) as gate, ThreadPoolExecutor(2) as threads:
        held = dsl.chain(
            dsl.start("q"), dsl.http("post", f"{gate.url}/step/held", method="post"), dsl.end(q=["start", "q"])
        )
        key = two.console.add_app(dsl.workflow("clocks", held))[1]
        gate.arm("held")
        body = {"inputs": {"q": "x"}, "user": "ann", "response_mode": "blocking"}
        calls = [threads.submit(api.service(key).post, "/workflows/run", json=body) for api in (two.apis[0], stepping)]
        _until(lambda: gate.counts["held"] == 2, stepping)
        console = stepping.console()
        console.sign_in()
        for off in (HOUR, -HOUR, 0):
            stepping.step(off)
            seen = _marks(two)
            # Every run gave signs of life since then, twice: whoever watches has seen one.
            for _ in range(2):
                _until(lambda seen=seen: all(_marks(two)[run] != mark for run, mark in seen.items()), stepping)
                seen = _marks(two)
            renewed = console.http.post("/refresh-token", json={})
            assert renewed.status_code == 200, (off, renewed.text)
            console.http.headers["X-CSRF-Token"] = console.http.cookies["csrf_token"]
            assert console.call("GET", "/account/profile")["email"]
        gate.release()
        answers = [call.result(_PATIENCE) for call in calls]
        assert [answer.json()["data"]["status"] for answer in answers] == ["succeeded"] * 2
        assert gate.counts["held"] == 2
    runs = ", ".join(f"'{answer.json()['workflow_run_id']}'" for answer in answers)
    assert two.rows(f"SELECT lease_token FROM workflow_runs WHERE id IN ({runs})") == [("1",)] * 2


def _marks(two: Fleet) -> dict[str, str]:
    """The end of each running run's lease as it was written last."""
    found = two.rows("SELECT id, lease_expires_at FROM workflow_runs WHERE status = 'running'")
    return {row[0]: row[1] for row in found}
