"""Redis and PostgreSQL restart, vanish, swallow packets, are slow, run out of connections, are read-only (F6 to F11)."""

from __future__ import annotations

import asyncio
import signal
import statistics
import time
from collections.abc import Callable

import httpx
import pytest
from tests.fault.canary import Canary
from tests.fault.fleet import Fleet
from tests.fault.flood import Flood, check_settled
from tests.fault.scale import FULL, scaled
from tests.fault.witness import Story
from tests.support import dsl

RUNS = scaled(24, 300)
AWAY_SECONDS = scaled(1, 300)
TOLD_SECONDS = 60
"""Nobody waits for a database until their own patience ends."""


@pytest.fixture(scope="module")
def flow(two: Fleet, canary: Canary) -> Flood:
    """start -> a model -> a POST, counted -> end: with every part that a fleet has."""
    post = dsl.http("post", f"{canary.url}/count/{{{{#start.q#}}}}?ms=50", method="post")
    said = dsl.llm("slow:10:10", "{{#start.q#}}")
    drawn = dsl.chain(dsl.start("q"), said, post, dsl.end(out=["llm", "text"]))
    key = two.console.add_app(dsl.workflow("parts", drawn))[1]
    return Flood(key, "/workflows/run", lambda mark: {"inputs": {"q": mark}, "user": "ann"})


def urls(two: Fleet) -> list[str]:
    return [api.url for api in two.apis]


def check_all_succeeded(two: Fleet, stories: list[Story], canary: Canary) -> None:
    check_settled(two, stories)
    assert [(story.ends, story.errors, story.refusal) for story in stories] == [(["succeeded"], [], "")] * len(stories)
    assert [canary.count(story.mark) for story in stories] == [1] * len(stories)


def slowest(stories: list[Story]) -> float:
    return round(max(story.seconds for story in stories), 1)


@pytest.mark.thorough
@pytest.mark.row("F6", "G10")
async def test_redis_restarts_and_forgets(two: Fleet, flow: Flood, canary: Canary) -> None:
    def fault() -> None:
        two.redis.kill()
        two.redis.start()

    check_all_succeeded(two, await flow.stories(urls(two), "redis-restart", RUNS, fault), canary)
    two.wait_until_ready()


@pytest.mark.row("F7", "G10")
async def test_redis_is_away(two: Fleet, flow: Flood, canary: Canary, measured: Callable[[str, object], None]) -> None:
    """Refused connections cost nothing: runs go on, also the limits of an app, and a stop is heard a little later."""

    def fault() -> None:
        two.to_redis.refuse()
        time.sleep(AWAY_SECONDS)
        two.to_redis.refuse(False)

    stories = await flow.stories(urls(two), "redis-away", RUNS, fault)
    check_all_succeeded(two, stories, canary)
    two.wait_until_ready()
    measured("slowest run s", slowest(stories))


@pytest.mark.row("F7", "G10")
def test_a_stop_without_redis(two: Fleet, flow: Flood) -> None:
    drawn = dsl.chain(dsl.start("q"), dsl.llm("slow:100:2000", "{{#start.q#}}"), dsl.end(out=["llm", "text"]))
    key = two.console.add_app(dsl.workflow("stopped", drawn))[1]
    here, there = (api.service(key) for api in two.apis)
    body = {"inputs": {"q": "x"}, "user": "ann", "response_mode": "streaming"}
    two.to_redis.refuse()
    try:
        with here.stream("POST", "/workflows/run", json=body) as response:
            lines = response.iter_lines()
            first = next(lines)
            task = first.partition('"task_id":"')[2].partition('"')[0]
            told = there.post(f"/workflows/tasks/{task}/stop", json={"user": "ann"})
            assert (told.status_code, told.json()) == (200, {"result": "success"})
            rest = "".join(lines)
    finally:
        two.to_redis.refuse(False)
    two.wait_until_ready()
    assert '"status":"stopped"' in rest, rest[-500:]


@pytest.mark.thorough
@pytest.mark.row("F7", "G10")
async def test_redis_swallows_everything(two: Fleet, flow: Flood, canary: Canary) -> None:
    """One caller at a time waits for a server that does not answer; the others are not held up by it."""

    def fault() -> None:
        two.to_redis.swallow()
        time.sleep(scaled(3, 60))
        two.to_redis.swallow(False)

    check_all_succeeded(two, await flow.stories(urls(two), "redis-mute", RUNS, fault), canary)
    two.wait_until_ready()


@pytest.mark.thorough
@pytest.mark.row("F8")
async def test_redis_is_slow(two: Fleet, flow: Flood, canary: Canary, measured: Callable[[str, object], None]) -> None:
    """Half a second for each answer: what can be found out without one is. No pool runs out."""
    usual = await flow.stories(urls(two), "redis-usual", RUNS, lambda: None)
    two.to_redis.slow(0.25)
    try:
        stories = await flow.stories(urls(two), "redis-slow", RUNS, lambda: None)
    finally:
        two.to_redis.slow(0)
    check_all_succeeded(two, [*usual, *stories], canary)
    growth = percentile_95(stories) - percentile_95(usual)
    measured("p95 grows by s", round(growth, 2))
    if FULL:
        assert growth < 0.6


def percentile_95(stories: list[Story]) -> float:
    return statistics.quantiles((story.seconds for story in stories), n=20)[-1]


@pytest.mark.row("F8")
def test_a_run_asks_redis_once(two: Fleet, flow: Flood, measured: Callable[[str, object], None]) -> None:
    """What its model is set to; a run that comes while that answer is late does not even ask."""
    client = two.apis[0].service(flow.key)
    questions: list[int] = []
    for number in range(12):
        before = two.to_redis.asked
        body = {"inputs": {"q": f"asks-{number}"}, "user": "ann", "response_mode": "blocking"}
        answer = client.post("/workflows/run", json=body)
        assert answer.json()["data"]["status"] == "succeeded", answer.text
        questions.append(two.to_redis.asked - before)
    # Others ask as well, now and then; a run that asked twice would do so every time.
    assert min(questions) <= 1, questions
    measured("questions of a run", min(questions))


@pytest.mark.row("F9", "G1", "G3")
async def test_connections_to_postgres_are_cut(two: Fleet, flow: Flood, canary: Canary) -> None:
    """In the middle of commits too, done or not: no run notices."""

    def fault() -> None:
        for _ in range(scaled(10, 100)):
            two.to_postgres.cut()
            time.sleep(0.1)

    stories = await flow.stories(urls(two), "pg-cut", RUNS, fault, repeat=True)
    check_all_succeeded(two, [story for story in stories if not story.refusal], canary)
    check_refusals(stories)
    assert [story.ends for story in stories] == [["succeeded"]] * RUNS


@pytest.mark.thorough
@pytest.mark.row("F9", "G1", "G3")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["orderly", "crash"])
async def test_postgres_restarts(two: Fleet, flow: Flood, canary: Canary, how: signal.Signals) -> None:
    """Who comes during the restart waits or is told to come back; what runs goes on, and what was told is kept."""
    kept = {story.run_id for story in await flow.stories(urls(two), f"before-{how}", 4, lambda: None)}

    def fault() -> None:
        two.postgres.stop(how)
        time.sleep(scaled(0, 9))
        two.postgres.start()

    stories = await flow.stories(urls(two), f"pg-restart-{how}", RUNS, fault, repeat=True)
    check_settled(two, stories)
    check_refusals(stories)
    assert [story.ends for story in stories] == [["succeeded"]] * RUNS
    assert max(canary.count(story.mark) for story in stories) == 1
    two.wait_until_ready()
    assert kept <= {row[0] for row in two.rows("SELECT id FROM workflow_runs WHERE status = 'succeeded'")}


def check_refusals(stories: list[Story]) -> None:
    """Whoever was refused was told to come back."""
    assert {story.refusal[:3] for story in stories} <= {"", "503"}


@pytest.mark.row("F9", "F10")
async def test_requests_meet_a_postgres_that_is_gone(two: Fleet, flow: Flood) -> None:
    """Told soon, with 503 and when to come back, by every face; health stays, readiness goes and comes again."""
    two.to_postgres.refuse()
    try:
        one = two.apis[0]
        async with httpx.AsyncClient(trust_env=False, timeout=120) as client:
            began = time.monotonic()
            run = client.post(
                f"{one.url}/v1/workflows/run",
                json={"inputs": {"q": "gone"}, "user": "ann"},
                headers={"Authorization": f"Bearer {flow.key}"},
            )
            listed = client.get(f"{one.url}/v1/workflows/logs", headers={"Authorization": f"Bearer {flow.key}"})
            answers = await asyncio.gather(run, listed, *(run_again(client, one.url, flow.key) for _ in range(20)))
            assert time.monotonic() - began < TOLD_SECONDS
            assert {answer.status_code for answer in answers} == {503}
            assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers)
            assert (await client.get(f"{one.url}/health")).status_code == 200
            assert (await client.get(f"{one.url}/ready")).status_code == 503
    finally:
        two.to_postgres.refuse(False)
    two.wait_until_ready()


def run_again(client: httpx.AsyncClient, url: str, key: str) -> asyncio.Task[httpx.Response]:
    body = {"inputs": {"q": "gone"}, "user": "bob", "response_mode": "streaming"}
    sent = client.post(f"{url}/v1/workflows/run", json=body, headers={"Authorization": f"Bearer {key}"})
    return asyncio.ensure_future(sent)


@pytest.mark.thorough
@pytest.mark.row("F10")
async def test_postgres_has_no_connection_left(
    two: Fleet, flow: Flood, canary: Canary, measured: Callable[[str, object], None]
) -> None:
    """Somebody else holds all connections: callers are told to come back, nobody hangs, and all is well again after."""
    two.to_postgres.refuse()
    with two.postgres.crowded():
        two.to_postgres.refuse(False)
        stories = await flow.stories(urls(two), "full-house", 8, lambda: None, patience=30)
        assert {(story.accepted, story.status) for story in stories} == {(False, 503)}
        measured("slowest refusal s", slowest(stories))
    two.wait_until_ready()
    check_all_succeeded(two, await flow.stories(urls(two), "after-full-house", 8, lambda: None), canary)


@pytest.mark.thorough
@pytest.mark.row("F11")
async def test_postgres_is_read_only(two: Fleet, flow: Flood, canary: Canary) -> None:
    """Writes are refused with a word and nothing half-written, reads work; then all is as before by itself."""
    name = two.apis[0].service(flow.key)
    read_only = "ALTER DATABASE orrery SET default_transaction_read_only = on"
    two.postgres.say(read_only, database="postgres")
    two.to_postgres.cut()
    try:
        before = two.rows("SELECT count(*) FROM workflow_runs")
        refused = name.post("/workflows/run", json={"inputs": {"q": "ro"}, "user": "ann"})
        assert refused.status_code in {503, 507}, refused.text
        assert name.get("/workflows/logs").status_code == 200
        assert two.rows("SELECT count(*) FROM workflow_runs") == before
    finally:
        two.postgres.say("ALTER DATABASE orrery RESET default_transaction_read_only", database="postgres")
        two.to_postgres.cut()
    check_all_succeeded(two, await flow.stories(urls(two), "after-read-only", 8, lambda: None), canary)
