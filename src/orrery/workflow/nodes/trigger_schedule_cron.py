"""What a person chose on the schedule's form, as a cron expression of five fields (workflow.md 3.20)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from orrery.workflow.fields import as_list, as_mapping, as_text

_TIME: Final = re.compile(r"\s*(\d{1,2}):(\d{2})\s*([AaPp][Mm])\s*")
_DAYS: Final = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
_FIELD: Final = re.compile(r"[\d*/,\-?LW#A-Za-z]+")
_MACROS: Final = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})


class ScheduleConfigError(ValueError):
    """The schedule can't be read; the text names the field."""


def cron_of(data: Mapping[str, object]) -> str:
    """The cron expression of a schedule trigger's data; daily at midnight when nothing is said.

    Raises `ScheduleConfigError`.
    """
    if data.get("mode") == "cron":
        return checked_cron(as_text(data.get("cron_expression")))
    frequency, config = as_text(data.get("frequency")) or "daily", as_mapping(data.get("visual_config"))
    if frequency == "hourly":
        minute = config.get("on_minute", 0)
        if isinstance(minute, bool) or not isinstance(minute, int) or not 0 <= minute <= 59:
            raise ScheduleConfigError("on_minute must be a number from 0 to 59 - at `$.visual_config.on_minute`")
        return f"{minute} * * * *"
    hour, minute = read_time(as_text(config.get("time")) or "12:00 AM")
    if frequency == "daily":
        return f"{minute} {hour} * * *"
    if frequency == "weekly":
        return f"{minute} {hour} * * {_weekdays(config)}"
    if frequency == "monthly":
        return f"{minute} {hour} {_month_days(config)} * *"
    raise ScheduleConfigError(f"Unknown frequency {frequency} - at `$.frequency`")


def read_time(text: str) -> tuple[int, int]:
    """``2:30 PM`` as (14, 30). Raises `ScheduleConfigError`."""
    match = _TIME.fullmatch(text)
    if match is None or not 1 <= int(match[1]) <= 12 or int(match[2]) > 59:
        raise ScheduleConfigError(f"'{text}' is not a time like 2:30 PM - at `$.visual_config.time`")
    return int(match[1]) % 12 + (12 if match[3].lower() == "pm" else 0), int(match[2])


def _weekdays(config: Mapping[str, object]) -> str:
    names = [str(day).lower() for day in as_list(config.get("weekdays"))]
    wrong = [name for name in names if name not in _DAYS]
    if wrong or not names:
        raise ScheduleConfigError(
            f"weekdays must be some of {', '.join(_DAYS)}, not {wrong or 'none'} - at `$.visual_config.weekdays`"
        )
    return ",".join(str(day) for day in sorted({_DAYS[name] for name in names}))


def _month_days(config: Mapping[str, object]) -> str:
    days: set[int] = set()
    last = False
    given = as_list(config.get("monthly_days"))
    for day in given:
        if day == "last":
            last = True
        elif isinstance(day, bool) or not isinstance(day, int) or not 1 <= day <= 31:
            raise ScheduleConfigError(f"{day} is no day of a month - at `$.visual_config.monthly_days`")
        else:
            days.add(day)
    if not given:
        raise ScheduleConfigError("Choose at least one day - at `$.visual_config.monthly_days`")
    return ",".join([*map(str, sorted(days)), *(["L"] if last else [])])


def checked_cron(expression: str) -> str:
    """The expression without needless blanks: five fields, or one of the names like ``@daily``.

    Raises `ScheduleConfigError`.
    """
    text = " ".join(expression.split())
    if text.lower() in _MACROS:
        return text.lower()
    fields = text.split(" ")
    if len(fields) != 5 or not all(_FIELD.fullmatch(field) for field in fields):
        raise ScheduleConfigError(f"'{expression}' is not a cron expression of five fields - at `$.cron_expression`")
    return text
