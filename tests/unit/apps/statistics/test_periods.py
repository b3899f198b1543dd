from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.apps.statistics.periods import Period, offsets_between, period_of, zone_of
from orrery.errors import InvalidParam

ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")
INSTANTS = st.integers(946_684_800, 1_893_456_000).map(lambda s: datetime.fromtimestamp(s, UTC))


def test_a_period_is_named_in_local_minutes() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert period_of("2026-03-01 00:00", "2026-03-01 23:59", berlin) == Period(
        datetime(2026, 2, 28, 23, 0, tzinfo=UTC), datetime(2026, 3, 1, 23, 0, tzinfo=UTC)
    )
    assert period_of(None, "", berlin) == Period()


def test_a_day_of_a_clock_change_has_its_own_length() -> None:
    found = period_of("2026-03-29 00:00", "2026-03-29 23:59", ZoneInfo("Europe/Berlin"))
    assert found.start is not None
    assert found.end is not None
    assert found.end - found.start == timedelta(hours=23)


@pytest.mark.parametrize("text", ["2026-03-01", "yesterday", "2026-13-01 00:00", "0001-01-01 00:00"])
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(InvalidParam) as caught:
        period_of(text, None, ZoneInfo("Asia/Kathmandu"))
    assert caught.value.params == "start"


def test_the_end_is_not_before_the_start() -> None:
    with pytest.raises(InvalidParam):
        period_of("2026-03-02 00:00", "2026-03-01 23:59", UTC)
    assert period_of("2026-03-01 10:00", "2026-03-01 10:00", UTC).start is not None


@pytest.mark.parametrize("name", [None, "", "Mars/Olympus", "../../etc/passwd", "/etc/passwd", "x" * 300])
def test_unknown_zones_are_utc(name: str | None) -> None:
    assert zone_of(name) is UTC


def test_known_zones_are_found() -> None:
    assert zone_of("Europe/Berlin") == ZoneInfo("Europe/Berlin")


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(ZONES), INSTANTS, st.integers(0, 500), st.floats(0, 1))
def test_offsets_hold_at_every_instant(name: str, first: datetime, days: int, place: float) -> None:
    zone = ZoneInfo(name)
    last = first + timedelta(days=days)
    offsets = offsets_between(zone, first, last)
    instant = first + (last - first) * place
    stamp = int(instant.timestamp())
    found = next(o.seconds for o in offsets if o.until is None or stamp < o.until)
    local = datetime.fromtimestamp(stamp, zone).utcoffset()
    assert local is not None
    assert found == local.total_seconds()


def test_changes_are_found_to_the_second() -> None:
    first, last = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
    spring, autumn, rest = offsets_between(ZoneInfo("Europe/Berlin"), first, last)
    assert (spring.seconds, spring.until) == (3600, int(datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp()))
    assert (autumn.seconds, autumn.until) == (7200, int(datetime(2026, 10, 25, 1, tzinfo=UTC).timestamp()))
    assert (rest.seconds, rest.until) == (3600, None)
