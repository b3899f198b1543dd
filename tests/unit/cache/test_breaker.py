"""Who meets a server that is away: one caller at a time, and after a rest."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.clock import MovableClock

from orrery.cache.breaker import Breaker, Resting


async def call(breaker: Breaker, error: Exception | None = None) -> None:
    async with breaker.passing(OSError):
        if error is not None:
            raise error


async def test_nobody_waits_for_a_server_that_was_away_just_now() -> None:
    clock = MovableClock()
    breaker = Breaker(1.0, clock.monotonic)
    with pytest.raises(OSError, match="gone"):
        await call(breaker, OSError("gone"))
    with pytest.raises(Resting):
        await call(breaker)
    clock.advance(seconds=1)
    await call(breaker)
    await call(breaker)


async def test_one_caller_tries_and_the_others_follow() -> None:
    clock = MovableClock()
    breaker = Breaker(1.0, clock.monotonic)
    with pytest.raises(OSError, match="gone"):
        await call(breaker, OSError("gone"))
    clock.advance(seconds=2)
    answered = asyncio.Event()

    async def slow() -> None:
        async with breaker.passing(OSError):
            await answered.wait()

    trying = asyncio.create_task(slow())
    await asyncio.sleep(0)
    with pytest.raises(Resting):
        await call(breaker)
    trying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trying
    # Who gave up waiting has found nothing out: the next one tries.
    trying = asyncio.create_task(slow())
    await asyncio.sleep(0)
    answered.set()
    await trying
    await call(breaker)


async def test_a_refusal_is_an_answer() -> None:
    clock = MovableClock()
    breaker = Breaker(1.0, clock.monotonic)
    with pytest.raises(OSError, match="gone"):
        await call(breaker, OSError("gone"))
    clock.advance(seconds=1)
    with pytest.raises(ValueError, match="wrong type"):
        await call(breaker, ValueError("wrong type"))
    await call(breaker)


async def test_without_a_rest_everybody_tries() -> None:
    breaker = Breaker(0.0)
    for _ in range(3):
        with pytest.raises(OSError, match="gone"):
            await call(breaker, OSError("gone"))
    await asyncio.gather(*(call(breaker) for _ in range(3)))
