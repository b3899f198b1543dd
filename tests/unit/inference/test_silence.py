import asyncio

import pytest
from tests.support.timeless import timeless

from orrery.inference.silence import SilenceLimit


@timeless
async def test_a_long_read_is_ended_and_short_ones_are_not() -> None:
    limit = SilenceLimit(3)
    for _ in range(8):
        with limit:
            await asyncio.sleep(0.5)
    with pytest.raises(TimeoutError), limit:
        await asyncio.sleep(5)
    with limit:
        await asyncio.sleep(0.1)
    with pytest.raises(TimeoutError), limit:
        await asyncio.sleep(5)
    limit.close()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


@timeless
async def test_time_between_reads_does_not_count() -> None:
    limit = SilenceLimit(2)
    with limit:
        await asyncio.sleep(0)
    await asyncio.sleep(6)
    with limit:
        await asyncio.sleep(0.5)
    limit.close()


async def test_a_cancel_from_outside_stays_a_cancel() -> None:
    limit = SilenceLimit(5)

    async def read() -> None:
        with limit:
            await asyncio.sleep(5)

    task = asyncio.create_task(read())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    limit.close()


async def test_an_error_of_the_read_passes() -> None:
    limit = SilenceLimit(5)
    with pytest.raises(KeyError), limit:
        raise KeyError
    limit.close()
