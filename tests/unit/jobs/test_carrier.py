from __future__ import annotations

import logging
import time
from datetime import UTC, datetime

import pytest

from orrery.jobs.announcing import Announced
from orrery.jobs.fleet.application import celery_app
from orrery.jobs.fleet.broker import Broker
from orrery.jobs.fleet.carrier import CeleryCarrier

pytest.importorskip("celery", reason="the celery extra is not installed")

BLOCKED_SECONDS = 60
"""A twentieth of what it takes to wait for each of the tries."""
NOWHERE = Broker(url="redis://127.0.0.1:1/0", transport_options={})


async def test_a_broker_that_is_away_holds_up_neither_enqueuing_nor_the_end(caplog: pytest.LogCaptureFixture) -> None:
    carrier = CeleryCarrier(celery_app(NOWHERE))
    started = time.monotonic()
    for number in range(1200):
        carrier.announce([Announced(str(number), "ping", "mail", {}, datetime.now(UTC))])
    assert time.monotonic() - started < BLOCKED_SECONDS
    assert "announced later" in caplog.text
    await carrier.close()
    assert time.monotonic() - started < BLOCKED_SECONDS
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * len(caplog.records)


def test_an_application_keeps_messages_until_their_job_ended_and_keeps_no_results() -> None:
    app = celery_app(NOWHERE, prefetch=3, zone="Asia/Shanghai")
    conf = app.conf
    assert (conf["task_acks_late"], conf["task_ignore_result"], conf["result_backend"]) == (True, True, None)
    assert (conf["worker_prefetch_multiplier"], conf["timezone"]) == (3, "Asia/Shanghai")
    assert conf["accept_content"] == ["json"], "no message can bring code"
    wake = {"task": "orrery.wake", "schedule": 60.0, "options": {"queue": "schedule_poller"}}
    assert conf["beat_schedule"] == {"orrery-wake": wake}
