"""Whose turn it is when several queues have work: one rule for the table's runner and for Celery over Redis.

Each queue has a weight (deployment.md 3.3, priority), and queues with work get turns in proportion to it: while all of
them wait, eight urgent jobs and two plain ones are taken for each that is in no hurry. None starves, and a queue that
had nothing for a while has the next turn, however long the others are. It is fair queueing by start times: a queue's
next turn stands at the sum of its turns' lengths, and time is the turn that was taken last, so that nobody saves up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from orrery.jobs.queues import LOW, URGENT

_URGENT, _PLAIN, _LOW = 8.0, 2.0, 1.0


class QueueTurns:
    """The turns of one process."""

    def __init__(self) -> None:
        self._next: dict[str, float] = {}
        self._now = 0.0

    def order(self, queues: Iterable[str]) -> list[str]:
        """The queues, the one whose turn it is first. Ties go to the heavier one, then as given."""
        return sorted(queues, key=lambda queue: (self._start(queue), -weight_of(queue)))

    def took(self, queue: str) -> None:
        """A job of this queue was taken."""
        self._now = self._start(queue)
        self._next[queue] = self._now + 1 / weight_of(queue)

    def share(self, queues: Iterable[str], room: Mapping[str, int], most: int) -> dict[str, int]:
        """How many jobs of each queue the next ``most`` turns are, if all have that many; ``room`` bounds each."""
        ahead = QueueTurns()
        ahead._next, ahead._now = dict(self._next), self._now
        left = {queue: room.get(queue, 0) for queue in queues}
        shares: dict[str, int] = {}
        for _ in range(most):
            open_queues = [queue for queue, free in left.items() if free > 0]
            if not open_queues:
                break
            queue = ahead.order(open_queues)[0]
            ahead.took(queue)
            left[queue] -= 1
            shares[queue] = shares.get(queue, 0) + 1
        return shares

    def _start(self, queue: str) -> float:
        return max(self._next.get(queue, 0.0), self._now)


def weight_of(queue: str) -> float:
    """How many turns a queue gets beside the others."""
    if queue in URGENT:
        return _URGENT
    return _LOW if queue in LOW else _PLAIN
