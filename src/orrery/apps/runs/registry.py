"""The runs that live in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from orrery.apps.runs.live import LiveRun


class LiveRuns:
    """Live runs by id and by task."""

    def __init__(self) -> None:
        self._runs: dict[str, LiveRun] = {}
        self._tasks: dict[str, LiveRun] = {}

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[LiveRun]:
        return iter(tuple(self._runs.values()))

    def add(self, live: LiveRun) -> None:
        self._runs[live.spec.run_id] = live
        self._tasks[live.spec.task_id] = live

    def remove(self, live: LiveRun) -> None:
        self._runs.pop(live.spec.run_id, None)
        self._tasks.pop(live.spec.task_id, None)

    def by_run(self, run_id: str) -> LiveRun | None:
        return self._runs.get(run_id)

    def by_task(self, task_id: str) -> LiveRun | None:
        return self._tasks.get(task_id)

    async def drain(self, grace: float) -> None:
        """Waits for all to end, ``grace`` seconds at the most; the rest are let go of."""
        waiting = [asyncio.create_task(live.wait()) for live in self]
        if waiting:
            await asyncio.wait(waiting, timeout=grace)
        for live in self:
            await live.abandon()
