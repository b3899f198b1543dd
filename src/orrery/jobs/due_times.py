"""The due times of a schedule: pure functions of the calendar, the same in every process.

Nothing here remembers anything, so any number of processes agree on the due times, and a clock that jumps changes
only which of them lie in the past.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from orrery.jobs.errors import JobsConfigurationError

_WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


class DueTimes(Protocol):
    """When something is due."""

    def after(self, moment: datetime) -> Iterator[datetime]:
        """The due times later than ``moment``, ascending, aware UTC, possibly without end."""
        ...


class Every:
    """Multiples of a period since the epoch, so that processes started at different times agree."""

    def __init__(self, seconds: float) -> None:
        self._microseconds = round(seconds * 1_000_000)

    def after(self, moment: datetime) -> Iterator[datetime]:
        passed = (moment - _EPOCH) // timedelta(microseconds=1)
        count = passed // self._microseconds
        while True:
            count += 1
            yield _EPOCH + timedelta(microseconds=count * self._microseconds)


class Cron:
    """Five fields in a time zone. Around clock changes of the zone it does what Debian's cron does.

    Raises `JobsConfigurationError` for a wrong expression or an unknown zone.
    """

    def __init__(self, expression: str, zone: str = "UTC") -> None:
        self._expression = _WORDS.get(expression.strip().lower(), expression)
        self._zone = _zone(zone)
        if len(self._expression.split()) != 5:
            raise JobsConfigurationError(f"{expression!r} is not a cron expression of five fields")
        try:
            CronSim(self._expression, _EPOCH)
        except CronSimError as error:
            raise JobsConfigurationError(f"{expression!r} is not a cron expression: {error}") from error

    def after(self, moment: datetime) -> Iterator[datetime]:
        for found in CronSim(self._expression, moment.astimezone(self._zone)):
            due = found.astimezone(UTC)
            if due > moment:
                yield due


def _zone(name: str) -> tzinfo:
    if name.upper() == "UTC":
        # Small images have no time zone data; UTC needs none.
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise JobsConfigurationError(f"{name!r} is not a known time zone") from error


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
