from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from orrery.database import Database
from orrery.jobs import GiveUp, LeaseLost, TryAgain
from orrery.jobs.claims import Claimed
from orrery.jobs.execution import LONGEST_DELAY, Execution
from orrery.telemetry.context import current_trace

from .conftest import JobClock
from .parts import jobs_of
from .samples import Samples


class Bench:
    def __init__(self, database: Database, clock: JobClock, jitter: float = 0.5) -> None:
        self.samples = Samples()
        self.jobs = jobs_of(database, clock, self.samples)
        self.execution = Execution(self.jobs.catalog, self.jobs.holdings, clock, jitter=lambda: jitter)

    def claimed(self, name: str = "ping", payload: object = None, attempt: int = 1) -> Claimed:
        return Claimed("id", name, "mail", {"text": "x"} if payload is None else payload, attempt, "a/1")


@pytest.fixture
def bench(database: Database, clock: JobClock) -> Bench:
    return Bench(database, clock)


async def test_work_that_returns_is_done(bench: Bench, clock: JobClock) -> None:
    verdict = await bench.execution.run(bench.claimed())
    assert verdict is not None
    assert (verdict.status, verdict.at, verdict.attempts, verdict.error) == ("done", clock.now(), 1, None)
    assert bench.samples.heard == ["x"]
    assert "id" not in bench.jobs.holdings


async def test_delays_double_and_are_spread(database: Database, clock: JobClock) -> None:
    waits: list[list[float]] = []
    for jitter in (0.0, 0.999999):
        bench = Bench(database, clock, jitter)
        bench.samples.error = RuntimeError("no")
        verdicts = [await bench.execution.run(bench.claimed(attempt=attempt)) for attempt in (1, 2)]
        waits.append([(one.due_at - clock.now()).total_seconds() for one in verdicts if one is not None])
    assert waits[0] == [7.5, 15.0]
    assert waits[1] == pytest.approx([12.5, 25.0], rel=1e-4)


async def test_the_last_attempt_fails_for_good(bench: Bench) -> None:
    bench.samples.error = RuntimeError("no")
    verdict = await bench.execution.run(bench.claimed(attempt=3))
    assert verdict is not None
    assert (verdict.status, verdict.attempts) == ("failed", 3)
    assert (verdict.error or "").endswith("RuntimeError: no\n")


async def test_no_delay_grows_without_bound(bench: Bench) -> None:
    bound = bench.jobs.catalog.get("ping")
    assert bound is not None
    assert bench.execution._delay(bound.declaration, 500) == LONGEST_DELAY


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [(GiveUp("useless"), "failed", "useless"), (asyncio.CancelledError(), "waiting", "was cancelled")],
)
async def test_what_a_job_says_decides(bench: Bench, error: BaseException, status: str, text: str) -> None:
    bench.samples.error = error
    verdict = await bench.execution.run(bench.claimed())
    assert verdict is not None
    assert verdict.status == status
    assert text in (verdict.error or "")


async def test_a_job_chooses_its_next_attempt(bench: Bench, clock: JobClock) -> None:
    bench.samples.error = TryAgain("busy", after=90)
    verdict = await bench.execution.run(bench.claimed())
    assert verdict is not None
    assert (verdict.status, verdict.due_at, verdict.error) == ("waiting", clock.now() + timedelta(seconds=90), "busy")


async def test_a_payload_that_does_not_fit_is_not_tried_again(bench: Bench) -> None:
    verdict = await bench.execution.run(bench.claimed(payload={"text": 1}))
    assert verdict is not None
    assert verdict.status == "failed"
    assert "Expected `str`, got `int`" in (verdict.error or "")


async def test_a_lost_lease_leaves_no_verdict(bench: Bench) -> None:
    bench.samples.error = LeaseLost("gone")
    assert await bench.execution.run(bench.claimed()) is None
    task = asyncio.create_task(bench.execution.run(bench.claimed("wait", {})))
    await asyncio.sleep(0)
    bench.jobs.holdings._held["id"].end("lost")
    assert await task is None


async def test_released_work_waits_again_without_having_counted(bench: Bench, clock: JobClock) -> None:
    task = asyncio.create_task(bench.execution.run(bench.claimed("wait", {}, attempt=2)))
    await asyncio.sleep(0)
    bench.jobs.holdings.release()
    verdict = await task
    assert verdict is not None
    assert (verdict.status, verdict.attempts, verdict.due_at) == ("waiting", 1, clock.now())


async def test_cancelling_the_task_itself_is_passed_on(bench: Bench) -> None:
    task = asyncio.create_task(bench.execution.run(bench.claimed("wait", {})))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_job_has_a_trace_of_its_own(bench: Bench) -> None:
    traces: list[object] = []

    class Tracing(list[object]):
        def append(self, _text: object, /) -> None:
            traces.append(current_trace())

    bench.samples.heard = Tracing()
    await bench.execution.run(bench.claimed())
    await bench.execution.run(bench.claimed())
    assert None not in traces
    assert len(set(traces)) == 2
    assert current_trace() is None
