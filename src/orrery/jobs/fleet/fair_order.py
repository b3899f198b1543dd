"""In which order a worker asks Redis for the queues' messages: by `QueueTurns`, as the table's runner does.

Celery's Redis transport asks for all queues by one BRPOP, which takes from the first that is not empty, and lets the
order be decided by such a class (``queue_order_strategy``). Its own choices are equal turns for all queues, or one
fixed order that starves the last. Other brokers decide themselves: RabbitMQ gives the consumers equal turns.
"""

from __future__ import annotations

from collections.abc import Iterable

from orrery.jobs.turns import QueueTurns


class FairOrder:
    """What kombu calls a cycle: told which queues there are, asked for the order, told which one gave a message."""

    def __init__(self, queues: Iterable[str] = ()) -> None:
        self._queues = list(queues)
        self._turns = QueueTurns()

    def update(self, queues: Iterable[str]) -> None:
        """From now on these are all queues."""
        self._queues = list(queues)

    def consume(self, number: int) -> list[str]:
        """The first so many queues, the one whose turn it is first."""
        return self._turns.order(self._queues)[:number]

    def rotate(self, last_used: str) -> str:
        """A message of this queue came."""
        self._turns.took(last_used)
        return last_used
