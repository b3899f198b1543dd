"""The tasks of nodes that wait: started, awaited and cancelled by the one coroutine that drives a run."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from typing import Final

from orrery.workflow.execution import Execution
from orrery.workflow.node import NodeOutcome

_CANCEL_GRACE: Final = 5.0  # seconds that cancelled nodes get to clean up


class Workers:
    """``running`` by node number, ``arrived`` those whose task is done but whose result nobody took in yet."""

    __slots__ = ("_wake", "arrived", "running")

    def __init__(self) -> None:
        self.running: dict[int, Execution] = {}
        self.arrived: deque[Execution] = deque()
        self._wake: asyncio.Future[None] | None = None

    def start(self, execution: Execution, work: Coroutine[object, object, NodeOutcome]) -> None:
        """Gives an execution a task of its own."""
        self.running[execution.node.index] = execution
        execution.task = asyncio.create_task(work)

        def arrived(_: object) -> None:
            self.arrived.append(execution)
            self.wake()

        execution.task.add_done_callback(arrived)

    def wake(self) -> None:
        """Makes the driving coroutine look around."""
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def wait(self) -> None:
        """Returns when a task arrived, or somebody called `wake`."""
        if not self.arrived:
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake

    def take(self) -> Execution:
        """The next execution that arrived; it no longer counts as running."""
        execution = self.arrived.popleft()
        del self.running[execution.node.index]
        return execution

    async def cancel(self) -> tuple[list[Execution], bool]:
        """Cancels what still runs and waits for it for a while; returns what was cut off.

        The second part says whether the caller itself was cancelled meanwhile: it is to end so, but only when what
        runs below it is over, or inner nodes would tell of their end after the run told its own.
        """
        cut, cancelled = list(self.running.values()), False
        tasks = [execution.task for execution in cut if execution.task is not None]
        for task in tasks:
            task.cancel()
        loop = asyncio.get_running_loop()
        until = loop.time() + _CANCEL_GRACE
        while any(not task.done() for task in tasks) and loop.time() < until:
            try:
                await asyncio.wait(tasks, timeout=until - loop.time())
            except asyncio.CancelledError:
                cancelled = True
        for task in tasks:
            if task.done() and not task.cancelled():
                task.exception()  # looked at, so that the event loop doesn't complain that nobody did
        self.running.clear()
        return cut, cancelled
