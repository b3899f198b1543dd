"""Nodes wait for the sandbox instead of being turned away."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from orrery.sandbox.limits import Limits
from orrery.sandbox.protocol import CodeExecutionError
from orrery.sandbox.queueing import QueuedRunner, calls_at_once


class Narrow:
    """Refuses whoever comes while it is busy with ``room`` others."""

    def __init__(self, room: int) -> None:
        self.room, self.busy, self.most, self.order = room, 0, 0, list[object]()

    async def call_main(self, language: str, code: str, inputs: Mapping[str, object]) -> dict[str, object]:
        if self.busy >= self.room:
            raise CodeExecutionError("Code execution service is unavailable")
        self.busy += 1
        self.most = max(self.most, self.busy)
        self.order.append(inputs["n"])
        await asyncio.sleep(0)
        self.busy -= 1
        if inputs["n"] == 7:
            raise CodeExecutionError("seven")
        return {"result": inputs["n"]}

    async def render_template(self, template: str, inputs: Mapping[str, object]) -> str:
        await self.call_main("", "", inputs)
        return template


async def test_hundreds_of_calls_wait_their_turn() -> None:
    narrow = Narrow(3)
    runner = QueuedRunner(narrow, 3)
    calls = [runner.call_main("python3", "", {"n": n}) for n in range(200)]
    results = await asyncio.gather(*calls, runner.render_template("t", {"n": 200}), return_exceptions=True)
    assert narrow.most == 3
    assert narrow.order == list(range(201))
    assert str(results[7]) == "seven"
    assert [r for i, r in enumerate(results[:200]) if i != 7] == [{"result": n} for n in range(200) if n != 7]


async def test_a_call_that_is_given_up_frees_its_turn() -> None:
    runner = QueuedRunner(Narrow(1), 1)
    first = asyncio.create_task(runner.call_main("python3", "", {"n": 1}))
    second = asyncio.create_task(runner.call_main("python3", "", {"n": 2}))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    assert await first == {"result": 1}
    assert await runner.call_main("python3", "", {"n": 3}) == {"result": 3}


def test_here_no_more_run_than_can_run() -> None:
    assert calls_at_once(embedded=True) == Limits().workers
    assert calls_at_once(embedded=False) < Limits().requests
