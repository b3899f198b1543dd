"""The rounds of one iteration, in turn or several at once (workflow.md 3.7)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from orrery.inference.types import Usage
from orrery.workflow.context import EngineContext, SubRunFailed
from orrery.workflow.events import Event, IterationNext, NodePaused
from orrery.workflow.telling import event_of

ErrorHandling: TypeAlias = Literal["terminated", "continue-on-error", "remove-abnormal-output"]


class _Failed:
    """Stands for the result of an item whose round failed, since null is a result."""


FAILED: Final = _Failed()


class IterationRounds:
    """Runs one sub-run for each item on a pool of its own; only what it did to the conversation comes back from it.

    Operations come back, not values: what rounds side by side add to a variable adds up.
    """

    def __init__(
        self, context: EngineContext, start_node_id: str, result: Sequence[str], handling: ErrorHandling
    ) -> None:
        self._context, self._start_node_id, self._result = context, start_node_id, result
        self._terminates = handling == "terminated"
        self._durations: dict[str, float] = {}
        self.usage = Usage()

    async def in_turn(self, items: Sequence[object]) -> list[object]:
        """One item after the other. Raises `SubRunFailed` when the first failure ends it all."""
        results: list[object] = []
        for index, item in enumerate(items):
            self._tell_next(index)
            results.append(await self._round(index, item, None))
        return results

    async def concurrent(self, items: Sequence[object], workers: int) -> list[object]:
        """Several items at once; each item's events come in one block when it is done."""
        for index in range(len(items)):
            self._tell_next(index)
        results: dict[int, object] = {}
        slots = asyncio.Semaphore(workers)
        failed = False

        async def one(index: int, item: object) -> None:
            nonlocal failed
            async with slots:
                if failed:
                    return  # the group is about to cancel this round: it shall not begin before
                events: list[Event] = []
                try:
                    results[index] = await self._round(index, item, events)
                except Exception:
                    failed = True
                    raise
                finally:
                    for event in events:
                        self._context.emit(event)

        try:
            async with asyncio.TaskGroup() as group:
                for index, item in enumerate(items):
                    group.create_task(one(index, item))
        except BaseExceptionGroup as errors:
            # The first failure says why; the others are of rounds that it cancelled.
            raise errors.exceptions[0] from None
        if len(results) < len(items):
            raise asyncio.CancelledError  # a round ended because the whole run is to stop or to pause
        return [results[index] for index in range(len(items))]

    async def _round(self, index: int, item: object, events: list[Event] | None) -> object:
        context = self._context
        pool = context.pool.fork()
        pool.put(context.node_id, "item", item)
        pool.put(context.node_id, "index", index)
        marks = msgspec.structs.replace(context.marks, iteration_id=context.node_id, iteration_index=index)
        sub = context.sub_run(self._start_node_id, pool, marks, None if events is None else events.append)
        began = context.clock.monotonic()
        is_told = True
        try:
            await sub.execute()
            result = pool.get(self._result)
        except SubRunFailed:
            if self._terminates:
                raise
            result = FAILED
        except asyncio.CancelledError:
            if events is not None and not any(isinstance(event, NodePaused) for event in events):
                # Of a round that is cut off nothing is told, so nothing that it assigned may stay.
                events.clear()
                is_told = False
            raise
        finally:
            self._durations[str(index)] = context.clock.monotonic() - began
            self.usage += sub.usage
            if is_told:
                for write in sub.writes:
                    context.pool.write(write)
                context.note_writes(sub.writes)
        return result

    def metadata(self) -> Mapping[str, object]:
        """Tokens, price and how long each round took, in seconds by the item's number."""
        return {
            "total_tokens": self.usage.total_tokens,
            "total_price": self.usage.total_price,
            "currency": self.usage.currency,
            "iteration_duration_map": dict(self._durations),
        }

    def _tell_next(self, index: int) -> None:
        self._context.emit(event_of(IterationNext, self._context, round=index))
