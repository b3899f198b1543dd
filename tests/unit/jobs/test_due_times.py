from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.jobs import JobsConfigurationError
from orrery.jobs.due_times import Cron, DueTimes, Every

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


def first(times: DueTimes, moment: datetime, number: int) -> list[datetime]:
    return list(islice(times.after(moment), number))


def test_a_period_is_aligned_to_the_clock_and_not_to_the_start() -> None:
    assert first(Every(600), NOON + timedelta(seconds=7), 2) == [NOON + timedelta(minutes=n) for n in (10, 20)]
    assert first(Every(600), NOON, 1) == [NOON + timedelta(minutes=10)]


@given(moments, st.floats(0.001, 1e6))
@settings(max_examples=60)
def test_due_times_of_a_period_ascend_and_any_start_agrees(moment: datetime, seconds: float) -> None:
    every = Every(seconds)
    found = first(every, moment, 4)
    assert all(earlier < later for earlier, later in zip([moment, *found], found, strict=False))
    assert first(every, found[0], 3) == found[1:]
    assert found[0] - moment <= timedelta(seconds=seconds) + timedelta(microseconds=1)


@given(moments, st.sampled_from(["*/15 * * * *", "30 2 * * *", "0 0 1 * *", "@weekly", "0 12 * * MON"]),
       st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Shanghai"]))  # fmt: skip
@settings(max_examples=60)
def test_due_times_of_cron_ascend_and_any_start_agrees(moment: datetime, expression: str, zone: str) -> None:
    cron = Cron(expression, zone)
    found = first(cron, moment, 4)
    assert all(earlier < later for earlier, later in zip([moment, *found], found, strict=False))
    assert first(cron, found[0], 3) == found[1:]


def test_a_time_that_the_zone_skips_or_repeats_is_due_once_a_day() -> None:
    cron = Cron("30 2 * * *", "Europe/Berlin")
    # On 29 March 2026 the clocks go from 2:00 to 3:00, on 25 October from 3:00 to 2:00.
    spring = first(cron, datetime(2026, 3, 28, 12, tzinfo=UTC), 2)
    assert [due.day for due in spring] == [29, 30]
    autumn = first(cron, datetime(2026, 10, 24, 12, tzinfo=UTC), 2)
    assert [due.day for due in autumn] == [25, 26]


@pytest.mark.parametrize(
    ("expression", "zone", "text"),
    [
        ("* * * *", "UTC", "five fields"),
        ("* * * * * *", "UTC", "five fields"),
        ("61 * * * *", "UTC", "not a cron expression"),
        ("", "UTC", "five fields"),
        ("@reboot", "UTC", "five fields"),
        ("* * * * *", "Mars/Olympus", "not a known time zone"),
        ("* * * * *", "../etc/passwd", "not a known time zone"),
    ],
)
def test_what_is_no_schedule_is_refused(expression: str, zone: str, text: str) -> None:
    with pytest.raises(JobsConfigurationError, match=text):
        Cron(expression, zone)
