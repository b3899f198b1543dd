"""Stretches of time as people name them: minutes and days of their own time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from orrery.errors import InvalidParam

_FORMAT = "%Y-%m-%d %H:%M"
_DAY = timedelta(days=1)


class Period(msgspec.Struct, frozen=True):
    """From ``start`` until right before ``end``, both aware UTC; None leaves that side open."""

    start: datetime | None = None
    end: datetime | None = None


class Offset(msgspec.Struct, frozen=True):
    """``seconds`` that local time is ahead of UTC, before the instant ``until`` (Unix seconds; None: for ever)."""

    seconds: int
    until: int | None = None


def zone_of(name: str | None) -> tzinfo:
    """A time zone by its name; UTC where nobody knows the name."""
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def period_of(start: str | None, end: str | None, zone: tzinfo) -> Period:
    """A period named by its first and last minute, as ``2026-03-01 00:00``; both belong to it.

    Raises `InvalidParam` for another spelling, and for an end before the start.
    """
    first, last = _minute("start", start, zone), _minute("end", end, zone)
    if first is not None and last is not None and last < first:
        raise InvalidParam("start must be earlier than or equal to end", params="start")
    return Period(first, None if last is None else last + timedelta(minutes=1))


def offsets_between(zone: tzinfo, first: datetime, last: datetime) -> list[Offset]:
    """The zone's distance from UTC from ``first`` to ``last``, by stretches in which it stays the same."""
    found: list[Offset] = []
    at, seconds = first, _seconds(zone, first)
    while at < last:
        following = min(at + _DAY, last)
        changed = _seconds(zone, following)
        if changed != seconds:
            found.append(Offset(seconds, _change(zone, at, following)))
            seconds = changed
        at = following
    return [*found, Offset(seconds)]


def _change(zone: tzinfo, before: datetime, after: datetime) -> int:
    """The second between two instants, not more than one change apart, at which the new offset begins."""
    low, high = int(before.timestamp()), int(after.timestamp())
    old = _seconds(zone, before)
    while high - low > 1:
        middle = (low + high) // 2
        if _seconds(zone, datetime.fromtimestamp(middle, UTC)) == old:
            low = middle
        else:
            high = middle
    return high


def _seconds(zone: tzinfo, instant: datetime) -> int:
    distance = zone.utcoffset(instant.astimezone(zone))
    return 0 if distance is None else int(distance.total_seconds())


def _minute(field: str, text: str | None, zone: tzinfo) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, _FORMAT).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidParam(f"{field}: must be a time like 2026-03-01 00:00.", params=field) from error
