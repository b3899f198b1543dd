"""Asking a broker whether it is there, as operators do."""

from __future__ import annotations

import pytest

from orrery.jobs.fleet.application import celery_app
from orrery.jobs.fleet.broker import Broker
from orrery.jobs.fleet.carrier import CeleryCarrier

pytest.importorskip("celery")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("memory://", None),
        ("redis://user:never-to-be-seen@127.0.0.1:1/0", "The broker can't be used: OperationalError."),
    ],
)
async def test_what_is_wrong_with_it(url: str, problem: str | None) -> None:
    carrier = CeleryCarrier(celery_app(Broker(url=url, transport_options={})))
    try:
        assert await carrier.problem(seconds=600) == problem
    finally:
        await carrier.close()
