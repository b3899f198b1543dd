"""Random faults of all kinds during runs of all kinds, and a check of everything that anybody saw (reliability.md 3.4).

The seed is printed; ORRERY_FAULT_SEED repeats a history's faults, though not their moments.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest
from tests.fault.canary import Canary
from tests.fault.conftest import LEASE_SECONDS
from tests.fault.fleet import Fleet
from tests.fault.flood import Flood, check_settled
from tests.fault.scale import scaled

FAULTS = scaled(6, 200)
PER_FAULT = 20
SEED = int(os.environ.get("ORRERY_FAULT_SEED") or random.SystemRandom().randrange(1 << 30))


class Nemesis:
    """Does one random thing after the other, and mends it."""

    def __init__(self, two: Fleet, source: random.Random) -> None:
        self._two = two
        self._source = source
        self.done: Counter[str] = Counter()

    def work(self) -> None:
        kinds = (
            self.kill, self.stop, self.sleep, self.cut_database, self.cut_redis,
            self.restart_database, self.restart_redis,
        )  # fmt: skip
        for _ in range(FAULTS):
            kind = self._source.choice(kinds)
            self.done[kind.__name__] += 1
            kind()
            time.sleep(self._source.uniform(0, 1))

    def kill(self) -> None:
        api = self._source.choice(self._two.apis)
        api.kill()
        api.start()

    def stop(self) -> None:
        api = self._source.choice(self._two.apis)
        assert api.stop(60) == 0
        api.start()

    def sleep(self) -> None:
        api = self._source.choice(self._two.apis)
        api.send(signal.SIGSTOP)
        time.sleep(self._source.uniform(0.1, LEASE_SECONDS * 2))
        api.send(signal.SIGCONT)

    def cut_database(self) -> None:
        self._two.to_postgres.cut()

    def cut_redis(self) -> None:
        self._two.to_redis.cut()

    def restart_database(self) -> None:
        self._two.postgres.stop(self._source.choice((signal.SIGINT, signal.SIGQUIT)))
        self._two.postgres.start()

    def restart_redis(self) -> None:
        self._two.redis.kill()
        self._two.redis.start()


@pytest.mark.thorough
@pytest.mark.row("3.4", "G1", "G2", "G4", "G5")
async def test_a_random_history_keeps_every_promise(
    two: Fleet, gets: Flood, posts: Flood, talks: Flood, canary: Canary, measured: Callable[[str, object], None]
) -> None:
    source, name = random.Random(SEED), f"history-{SEED}"
    measured("seed", SEED)
    nemesis, urls = Nemesis(two, source), [api.url for api in two.apis]
    count = FAULTS * PER_FAULT
    patience = 120.0
    # The first flood carries the faults; the others run beside it.
    repeated, once, told = await asyncio.gather(
        gets.stories(urls, f"{name}-get", count, nemesis.work, repeat=True, patience=patience),
        posts.stories(urls, f"{name}-post", count // 2, lambda: None, patience=patience),
        talks.stories(urls, f"{name}-talk", count // 2, lambda: None, patience=patience),
    )
    two.wait_until_ready(60)
    check_settled(two, [*repeated, *once, *told])
    assert [(story.mark, story.ends) for story in repeated if story.ends != ["succeeded"]] == []
    made = Counter(row[0] for row in two.rows(f"SELECT substring(inputs from '{name}-get-[0-9]+') FROM workflow_runs"))
    assert {made[story.mark] for story in repeated} == {1}, "one run for each key"
    assert all(canary.count(story.mark) <= 1 for story in once), "no effect twice"
    assert all(canary.count(story.mark) == 1 for story in once if story.ends == ["succeeded"])
    kept = {
        row[0]: row[1:]
        for row in two.rows(f"SELECT run_id, status, answer FROM messages WHERE query LIKE '{name}-talk-%'")
    }
    for story in told:
        if story.accepted:
            assert kept[story.run_id] == ("normal" if story.ends == ["succeeded"] else "error", story.text)
    measured("faults", dict(nemesis.done))
    measured("runs", sum(story.accepted for story in (*repeated, *once, *told)))
    measured("streams that came back", sum(story.breaks > 0 for story in (*repeated, *once, *told)))
