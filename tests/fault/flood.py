"""Runs that keep coming while something breaks, and what must be true of them afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.fault.fleet import Fleet
from tests.fault.witness import Story, Witness

PAUSE = 0.06


@dataclass(frozen=True)
class Flood:
    """An app's runs: ``path`` and ``body`` of the request for a mark."""

    key: str
    path: str
    body: Callable[[str], dict[str, object]]

    async def stories(
        self,
        urls: Sequence[str],
        name: str,
        count: int,
        fault: Callable[[], None],
        *,
        patience: float = 180.0,
        repeat: bool = False,
    ) -> list[Story]:
        """``count`` runs one after the other, with the fault among them. ``repeat``: requests that fail come again."""
        async with Witness(urls, self.key, patience=patience) as witness:
            tasks: list[asyncio.Task[Story]] = []

            async def come() -> None:
                for n in range(count):
                    mark = f"{name}-{n}"
                    key = mark if repeat else None
                    tasks.append(asyncio.create_task(witness.run(self.path, self.body(mark), mark, key=key)))
                    await asyncio.sleep(PAUSE)

            coming = asyncio.create_task(come())
            await asyncio.sleep(PAUSE * min(count, 10) / 2)
            await asyncio.to_thread(fault)
            await coming
            return await asyncio.gather(*tasks)


def check_settled(fleet: Fleet, stories: Sequence[Story]) -> None:
    """One durable end for each accepted run, the one that its client was told; nothing half-written."""
    for story in stories:
        if story.accepted:
            story.check_whole()
    fleet.wait_for_rows("SELECT id FROM workflow_runs WHERE status = 'running'", [], 120)
    kept = {row[0]: row[1] for row in fleet.rows("SELECT id, status FROM workflow_runs")}
    for story in stories:
        if story.accepted:
            assert story.ends == [kept[story.run_id]], story.mark
    assert fleet.rows("SELECT id FROM workflow_node_executions WHERE status = 'running'") == []
    assert fleet.rows("SELECT id FROM workflow_runs WHERE lease_owner IS NOT NULL") == []
    assert fleet.rows("SELECT id FROM workflow_runs WHERE finished_at IS NULL OR outputs IS NULL") == []
