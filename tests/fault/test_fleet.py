"""Two API processes: one is killed, stopped or cut off, and the other goes on with its runs (F1, F2, F5)."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.fault.apps import asked
from tests.fault.canary import Canary
from tests.fault.conftest import LEASE_SECONDS
from tests.fault.fleet import Fleet
from tests.fault.flood import Flood, check_settled
from tests.fault.scale import scaled

RUNS = scaled(24, 200)
SLEEP_SECONDS = scaled(round(LEASE_SECONDS * 1.25 + 1.5), 60)


def urls(two: Fleet) -> list[str]:
    return [api.url for api in two.apis]


def kill_second(two: Fleet) -> Callable[[], None]:
    def fault() -> None:
        two.apis[1].kill()
        two.apis[1].start()

    return fault


@pytest.mark.row("F1", "F2", "G1", "G2", "G4", "G5")
async def test_repeatable_runs_of_a_killed_process_end_well(
    two: Fleet, gets: Flood, canary: Canary, measured: Callable[[str, object], None]
) -> None:
    """Every request comes again under its key until it is taken: one run each, whole streams, no step left out."""
    stories = await gets.stories(urls(two), "killed", RUNS, kill_second(two), repeat=True)
    check_settled(two, stories)
    assert [story.ends for story in stories] == [["succeeded"]] * RUNS
    counts = Counter(canary.count(f"{story.mark}-{n}") for story in stories for n in range(2))
    assert set(counts) <= {1, 2}, counts
    made = two.rows("SELECT count(*) FROM workflow_runs WHERE inputs LIKE '%\"killed-%'")
    assert made == [(str(RUNS),)]
    measured("runs", RUNS)
    measured("slowest end s", round(max(story.seconds for story in stories), 1))


@pytest.mark.row("F29", "G4")
@pytest.mark.parametrize(
    "killed", [False, pytest.param(True, marks=pytest.mark.thorough)], ids=["both live", "one is killed"]
)
async def test_one_key_at_both_processes_is_one_run(two: Fleet, gets: Flood, canary: Canary, killed: bool) -> None:
    """Blocking callers get the one run's answer from whichever process they ask, also when its own is gone."""
    mark = f"one-key-{killed}"
    headers = {"Authorization": f"Bearer {gets.key}", "Idempotency-Key": mark}
    async with httpx.AsyncClient(trust_env=False, timeout=60, headers=headers) as client:

        async def ask(url: str) -> Any:
            while True:
                try:
                    answer = await client.post(f"{url}/v1/workflows/run", json=asked(mark))
                except httpx.TransportError:
                    url = two.apis[0].url
                    continue
                if answer.status_code != 503:
                    assert answer.status_code == 200, answer.text
                    return answer.json()

        second = asyncio.create_task(ask(two.apis[1].url))
        while canary.count(f"{mark}-0") == 0:
            await asyncio.sleep(0.01)
        others = [asyncio.create_task(ask(api.url)) for api in two.apis for _ in range(3)]
        if killed:
            await asyncio.to_thread(kill_second(two))
        bodies = [await second, *await asyncio.gather(*others)]
    assert [body["data"]["status"] for body in bodies] == ["succeeded"] * 7
    assert len({body["workflow_run_id"] for body in bodies}) == 1
    assert canary.count(f"{mark}-1") == 1


@pytest.mark.thorough
@pytest.mark.row("F2", "G2")
async def test_what_has_outside_effects_is_not_done_twice(two: Fleet, posts: Flood, canary: Canary) -> None:
    stories = await posts.stories(urls(two), "once", RUNS, kill_second(two))
    check_settled(two, stories)
    taken = [story for story in stories if story.accepted]
    assert taken
    for story in taken:
        assert canary.count(story.mark) <= 1, story.mark
        if story.ends == ["succeeded"]:
            assert canary.count(story.mark) == 1
        else:
            assert "interrupted" in str(story.frames[-1].data["data"]["error"])


@pytest.mark.thorough
@pytest.mark.row("F1", "G1", "G5")
async def test_chats_of_a_killed_process(two: Fleet, talks: Flood) -> None:
    """Each answer is whole or says that it broke off, to the client and in the record alike."""
    stories = await talks.stories(urls(two), "talk", RUNS, kill_second(two))
    check_settled(two, stories)
    kept = {
        row[0]: row[1:] for row in two.rows("SELECT run_id, status, answer FROM messages WHERE query LIKE 'talk-%'")
    }
    for story in stories:
        if story.accepted:
            status, answer = kept[story.run_id]
            assert answer == story.text
            assert (status, story.frames[-1].event) in {("normal", "message_end"), ("error", "error")}


@pytest.mark.row("F5", "G1", "G2")
async def test_a_process_that_sleeps_too_long_wakes_as_nobody(
    two: Fleet, posts: Flood, gets: Flood, canary: Canary
) -> None:
    """Stopped beyond its lease in the middle of runs, also in the middle of commits: others take over, and it learns."""

    def fault() -> None:
        two.apis[1].send(signal.SIGSTOP)
        time.sleep(SLEEP_SECONDS)
        two.apis[1].send(signal.SIGCONT)

    told = await asyncio.gather(
        gets.stories(urls(two), "slept", RUNS, fault, repeat=True, patience=180 + 2 * SLEEP_SECONDS),
        posts.stories(urls(two), "slept-post", RUNS, lambda: None, patience=180 + 2 * SLEEP_SECONDS),
    )
    check_settled(two, [*told[0], *told[1]])
    assert [story.ends for story in told[0]] == [["succeeded"]] * RUNS
    assert all(canary.count(story.mark) <= 1 for story in told[1])
    assert {story.ends[0] for story in told[1] if story.accepted} <= {"succeeded", "failed"}
    two.wait_until_ready()
