from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.workflow.nodes.trigger_schedule_cron import ScheduleConfigError, cron_of, read_time


def visual(frequency: str, **config: Any) -> dict[str, Any]:
    return {"mode": "visual", "frequency": frequency, "visual_config": config}


@pytest.mark.parametrize(
    ("data", "cron"),
    [
        ({}, "0 0 * * *"),
        (visual("hourly"), "0 * * * *"),
        (visual("hourly", on_minute=45), "45 * * * *"),
        (visual("daily", time="12:00 AM"), "0 0 * * *"),
        (visual("daily", time="12:30 PM"), "30 12 * * *"),
        (visual("daily", time="2:05 pm"), "5 14 * * *"),
        (visual("weekly", time="9:00 AM", weekdays=["wed", "sun"]), "0 9 * * 0,3"),
        (visual("weekly", time="9:00 AM", weekdays=["sat", "sat"]), "0 9 * * 6"),
        (visual("monthly", time="11:59 PM", monthly_days=["last", 15, 1]), "59 23 1,15,L * *"),
        (visual("monthly", monthly_days=["last"]), "0 0 L * *"),
        ({"mode": "cron", "cron_expression": " */5  9-17 * * MON-FRI "}, "*/5 9-17 * * MON-FRI"),
        ({"mode": "cron", "cron_expression": "@daily"}, "@daily"),
        ({"mode": "visual", "frequency": None, "cron_expression": None, "visual_config": None}, "0 0 * * *"),
    ],
)
def test_schedules_become_cron(data: dict[str, Any], cron: str) -> None:
    assert cron_of(data) == cron


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (visual("hourly", on_minute=60), "on_minute"),
        (visual("hourly", on_minute=True), "on_minute"),
        (visual("daily", time="25:00"), "time"),
        (visual("daily", time="13:00 PM"), "time"),
        (visual("daily", time="1:60 PM"), "time"),
        (visual("weekly"), "weekdays"),
        (visual("weekly", weekdays=["someday"]), "weekdays"),
        (visual("monthly", monthly_days=[]), "monthly_days"),
        (visual("monthly", monthly_days=[32]), "monthly_days"),
        (visual("yearly"), "frequency"),
        ({"mode": "cron"}, "cron_expression"),
        ({"mode": "cron", "cron_expression": "* * * *"}, "cron_expression"),
        ({"mode": "cron", "cron_expression": "* * * * ; rm"}, "cron_expression"),
    ],
)
def test_wrong_schedules_name_the_field(data: dict[str, Any], field: str) -> None:
    with pytest.raises(ScheduleConfigError, match=field):
        cron_of(data)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 23), st.integers(0, 59))
def test_every_time_of_day_reads_back(hour: int, minute: int) -> None:
    text = f"{(hour % 12) or 12}:{minute:02} {'PM' if hour >= 12 else 'AM'}"
    assert read_time(text) == (hour, minute)
