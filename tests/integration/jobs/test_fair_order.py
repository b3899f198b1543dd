"""In which order messages of several queues are taken over Redis."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol, cast

import pytest

from orrery.jobs.announcing import Announced
from orrery.jobs.fleet.application import celery_app
from orrery.jobs.fleet.broker import broker_of
from orrery.jobs.fleet.carrier import CeleryCarrier
from orrery.jobs.queues import served_by_default
from orrery.settings.groups.cache import CacheSettings
from orrery.settings.groups.jobs import Jobs as JobSettings

pytest.importorskip("celery", reason="the celery extra is not installed")
pytestmark = pytest.mark.redis


class _Message(Protocol):
    delivery_info: dict[str, str]

    def ack(self) -> None: ...


class _Consumer(Protocol):
    def qos(self, *, prefetch_count: int) -> None: ...
    def consume(self) -> None: ...
    def cancel(self) -> None: ...


class _Connection(Protocol):
    def Consumer(self, queues: list[object], *, callbacks: list[object], accept: list[str]) -> _Consumer: ...
    def drain_events(self, *, timeout: float) -> None: ...


async def test_urgent_jobs_go_before_long_queues_and_none_of_those_starves(redis_url: str) -> None:
    from kombu.entity import Queue

    numbers = {"dataset": 40, "mail": 40, "priority_dataset": 16}
    broker = broker_of(JobSettings(broker_url=f"{redis_url}/50"), CacheSettings())
    app = celery_app(broker)
    carrier = CeleryCarrier(celery_app(broker))
    now = datetime.now(UTC)
    carrier.announce([Announced(f"{q}{n}", "note", q, {}, now) for q, number in numbers.items() for n in range(number)])
    assert [await carrier.depth(queue) for queue in numbers] == list(numbers.values())
    taken: list[str] = []

    def take(_body: object, message: _Message) -> None:
        taken.append(message.delivery_info["routing_key"])
        message.ack()

    with app.connection_for_read() as opened:
        connection = cast("_Connection", opened)
        queues = [cast("object", Queue(name, routing_key=name)) for name in served_by_default()]
        consumer = connection.Consumer(queues, callbacks=[take], accept=["json"])
        # As a worker with one place does: the next message is asked for when this one was acknowledged.
        consumer.qos(prefetch_count=1)
        consumer.consume()
        while len(taken) < sum(numbers.values()):
            connection.drain_events(timeout=60.0)
        consumer.cancel()
    await carrier.close()
    app.close()
    # While all of them wait, of eleven turns eight are urgent, two plain, and one is of those that are in no hurry.
    first = taken[:22]
    assert {queue: first.count(queue) for queue in numbers} == {"dataset": 4, "mail": 2, "priority_dataset": 16}
