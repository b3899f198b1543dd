"""Frames for watchers: in order, without gaps, late ones too; and a word when they came too late."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.timeless import timeless

from orrery.apps.runs.event_log import EventLog, FellBehind, Frame


async def all_of(log: EventLog, after: int = 0) -> list[Frame]:
    return [frame for batch in [batch async for batch in log.follow(after)] for frame in batch]


def put(log: EventLog, *texts: str) -> None:
    log.publish(log.number(texts))


async def test_watchers_get_every_frame_once_in_order() -> None:
    log = EventLog()
    put(log, "a", "b")
    watching = [asyncio.create_task(all_of(log, after)) for after in (0, 0, 1, 9)]
    await asyncio.sleep(0)
    put(log, "c")
    put(log, "d", "e")
    log.close()
    found = [await one for one in watching]
    assert [frame.data for frame in found[0]] == list("abcde")
    assert [frame.seq for frame in found[0]] == [1, 2, 3, 4, 5]
    assert found[1] == found[0]
    assert [frame.data for frame in found[2]] == list("bcde")
    assert found[3] == []
    assert log.last_seq == 5


async def test_numbered_frames_are_not_shown_before_they_are_published() -> None:
    log = EventLog(first_seq=8)
    frames = log.number(["x"])
    watching = asyncio.create_task(all_of(log, 7))
    await asyncio.sleep(0)
    assert not watching.done()
    log.publish(frames)
    log.close()
    assert await watching == [Frame(8, "x")]


async def test_who_is_behind_the_window_is_told() -> None:
    log = EventLog()
    big = "x" * (2 * 1024 * 1024)
    for _ in range(5):
        put(log, big)
    log.close()
    with pytest.raises(FellBehind):
        await all_of(log, 0)
    kept = await all_of(log, 3)
    assert [frame.seq for frame in kept] == [4, 5]


async def test_a_single_frame_larger_than_the_window_is_kept() -> None:
    log = EventLog()
    put(log, "x" * (6 * 1024 * 1024))
    log.close()
    assert [frame.seq for frame in await all_of(log)] == [1]


async def test_a_resumed_log_sends_earlier_watchers_to_the_store() -> None:
    log = EventLog(first_seq=5)
    put(log, "e")
    with pytest.raises(FellBehind):
        await anext(aiter(log.follow(0)))
    assert await anext(aiter(log.follow(4))) == [Frame(5, "e")]


@timeless
async def test_pauses_come_busy_or_not() -> None:
    log = EventLog()
    seen: list[int] = []

    async def watch() -> None:
        async for batch in log.follow(pause=10):
            seen.append(len(batch))

    watching = asyncio.create_task(watch())
    for _ in range(10):
        put(log, "a")
        await asyncio.sleep(4)
    await asyncio.sleep(25)
    log.close()
    await watching
    assert sum(seen) == 10
    assert seen.count(0) >= 3
    assert 0 in seen[: len(seen) // 2 + 2]


async def test_watchers_who_leave_leave_nothing_behind() -> None:
    log = EventLog()
    watching = [asyncio.create_task(all_of(log)) for _ in range(3)]
    await asyncio.sleep(0)
    assert len(log._waiting) == 3
    for one in watching:
        one.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    assert not log._waiting


async def test_a_late_watcher_gets_small_batches() -> None:
    """A watcher that waits for its reader holds one of them, whatever the window forgot meanwhile."""
    log = EventLog()
    log.publish(log.number(["x" * 1000] * 500))
    log.publish(log.number(["y" * 300_000, "z"]))
    log.close()
    batches = [batch async for batch in log.follow()]
    assert [frame.seq for batch in batches for frame in batch] == list(range(1, 503))
    assert all(len(batch) == 1 or sum(len(frame.data) for frame in batch[:-1]) < 64 * 1024 for batch in batches)
