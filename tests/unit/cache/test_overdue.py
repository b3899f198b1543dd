"""Who can do without a slow answer: does, and nobody else waits for one meanwhile."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from orrery.cache.overdue import Late, Overdue
from orrery.cache.protocol import CacheUnavailable
from orrery.cache.redis import RedisCache

SOON = 0.02
EVER = 3600.0


class Server:
    """Answers once ``answering`` is set; counts what it was asked."""

    def __init__(self) -> None:
        self.answering = asyncio.Event()
        self.asked = 0

    async def answer(self) -> str:
        self.asked += 1
        await self.answering.wait()
        return "here"


class SlowClient:
    """A client of Redis whose server takes its time."""

    def __init__(self) -> None:
        self.server = Server()

    async def execute_command(self, *args: str | bytes | int) -> object:
        await self.server.answer()
        return str(args[1]).encode()

    def pubsub(self) -> object:
        raise NotImplementedError

    async def aclose(self) -> None:
        pass


async def test_an_answer_in_time_is_given() -> None:
    overdue, server = Overdue(), Server()
    waiting = asyncio.create_task(overdue.within(EVER, server.answer))
    server.answering.set()
    assert await waiting == "here"
    await overdue.close()


async def test_while_one_answer_is_overdue_nobody_asks() -> None:
    overdue, server = Overdue(), Server()
    late = await asyncio.gather(*(overdue.within(SOON, server.answer) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in late] == [Late] * 3
    with pytest.raises(Late):
        await overdue.within(EVER, server.answer)
    assert server.asked == 3
    server.answering.set()
    # The next one finds out how it stands, and goes on at once; the one after it is told.
    answers: list[str] = []
    while not answers:
        with contextlib.suppress(Late):
            answers.append(await overdue.within(EVER, server.answer))
        await asyncio.sleep(0)
    assert answers == ["here"]
    assert server.asked == 5
    await overdue.close()


async def test_who_comes_to_a_server_that_was_slow_asks_but_does_not_wait() -> None:
    overdue, server = Overdue(), Server()
    with pytest.raises(Late):
        await overdue.within(SOON, server.answer)
    server.answering.set()
    while overdue.is_waiting:
        await asyncio.sleep(0)
    server.answering.clear()
    for _ in range(3):
        with pytest.raises(Late):
            await overdue.within(EVER, server.answer)
    await asyncio.sleep(0)
    assert server.asked == 2, "one finds out, the others ask nothing"
    await overdue.close()


async def test_errors_are_the_callers_unless_it_has_gone_on() -> None:
    async def refuse() -> None:
        raise OSError("refused")

    asked = asyncio.Event()

    async def refuse_late() -> None:
        await asked.wait()
        raise OSError("refused")

    overdue = Overdue()
    with pytest.raises(OSError, match="refused"):
        await overdue.within(EVER, refuse)
    with pytest.raises(Late):
        await overdue.within(SOON, refuse_late)
    asked.set()
    await overdue.close()


async def test_who_is_cancelled_asks_no_more() -> None:
    overdue, server = Overdue(), Server()
    waiting = asyncio.create_task(overdue.within(EVER, server.answer))
    while not server.asked:
        await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not server.answering.is_set()
    server.answering.set()
    assert await overdue.within(EVER, server.answer) == "here"
    await overdue.close()


async def test_values_of_a_slow_redis_can_be_done_without() -> None:
    client = SlowClient()
    cache = RedisCache(client, client)  # pyright: ignore[reportArgumentType] - it never subscribes
    with pytest.raises(CacheUnavailable):
        await cache.get("key", within=SOON)
    with pytest.raises(CacheUnavailable):
        await cache.get("key", within=EVER)
    patient = asyncio.create_task(cache.get("other"))
    client.server.answering.set()
    assert await patient == b"other"
    await cache.close()
