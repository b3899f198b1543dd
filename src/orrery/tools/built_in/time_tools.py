"""Provider ``time``: the clock, time zones, Unix timestamps, days of the week."""

from __future__ import annotations

import calendar
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from orrery.tools.built_in.answer_tool import AnswerTool, BuiltInProvider
from orrery.tools.entity import (
    ProviderIdentity,
    ToolDescription,
    ToolEntity,
    ToolIdentity,
    ToolOption,
    ToolParameter,
    english,
)
from orrery.tools.errors import ToolInvokeError

Now: TypeAlias = Callable[[], datetime]

FORMAT: Final = "%Y-%m-%d %H:%M:%S"
_HOME: Final = "Asia/Shanghai"  # what these tools have always taken for granted; exported apps count on it
_ZONES: Final = (
    "UTC",
    "America/New_York",
    "America/Los_Angeles",
    "America/Chicago",
    "America/Sao_Paulo",
    "Asia/Shanghai",
    "Asia/Ho_Chi_Minh",
    "Asia/Tokyo",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Seoul",
    "Asia/Singapore",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Moscow",
    "Australia/Sydney",
    "Pacific/Auckland",
    "Africa/Cairo",
)


def time_provider(now: Now = lambda: datetime.now(UTC)) -> BuiltInProvider:
    """``now`` gives an aware time in any zone."""

    async def current(values: Mapping[str, object]) -> str:
        return current_time(values, now)

    identity = ProviderIdentity(
        name="time",
        label={"en_US": "Time", "zh_Hans": "时间"},
        description={"en_US": "Clock, calendar and time zones.", "zh_Hans": "时钟、日历与时区。"},
        icon="clock",
        tags=("utilities",),
    )
    return BuiltInProvider(
        identity,
        [
            AnswerTool(_CURRENT_TIME, current),
            AnswerTool(_ZONE_CONVERSION, _awaited(timezone_conversion)),
            AnswerTool(_TO_LOCAL, _awaited(timestamp_to_localtime)),
            AnswerTool(_TO_TIMESTAMP, _awaited(localtime_to_timestamp)),
            AnswerTool(_WEEKDAY, _awaited(weekday)),
        ],
    )


def current_time(values: Mapping[str, object], now: Now) -> str:
    """Now, in ``timezone`` and ``format``; an unknown zone is told as a text, for models to correct themselves."""
    name = str(values.get("timezone") or "UTC")
    layout = str(values.get("format") or f"{FORMAT} %Z")
    try:
        zone = _zone(name)
    except ToolInvokeError:
        return f"Invalid timezone: {name}"
    try:
        return now().astimezone(zone).strftime(layout)
    except ValueError as error:
        raise ToolInvokeError(f"Invalid format: {layout!r}") from error


def timezone_conversion(values: Mapping[str, object]) -> str:
    """``current_time`` of one zone as the time of another."""
    source = _zone(str(values.get("current_timezone") or _HOME))
    target = _zone(str(values.get("target_timezone") or "Asia/Tokyo"))
    return _local(values.get("current_time"), source).astimezone(target).strftime(FORMAT)


def timestamp_to_localtime(values: Mapping[str, object]) -> str:
    """Seconds since the epoch as a time of ``timezone``."""
    seconds = values.get("timestamp") or 0
    if not isinstance(seconds, (int, float)):
        raise ToolInvokeError(f"Invalid timestamp: {seconds}")
    try:
        return datetime.fromtimestamp(seconds, _zone(_zone_name(values))).strftime(FORMAT)
    except (ValueError, OverflowError, OSError) as error:
        raise ToolInvokeError(f"Invalid timestamp: {seconds}") from error


def localtime_to_timestamp(values: Mapping[str, object]) -> str:
    """A time of ``timezone`` as whole seconds since the epoch."""
    return str(int(_local(values.get("localtime"), _zone(_zone_name(values))).timestamp()))


def weekday(values: Mapping[str, object]) -> str:
    """The day of the week of a date; a date that isn't one is told as a text."""
    year, month, day = (values.get(name) for name in ("year", "month", "day"))
    try:
        date = datetime(int(str(year)), int(str(month)), int(str(day)), tzinfo=UTC)
    except (ValueError, OverflowError):
        return f"Invalid date: Year {year}, Month {month}, Day {day}."
    return f"{calendar.month_name[date.month]} {date.day}, {date.year} is {calendar.day_name[date.weekday()]}."


def _awaited(answer: Callable[[Mapping[str, object]], str]) -> Callable[[Mapping[str, object]], Awaitable[str]]:
    async def ask(values: Mapping[str, object]) -> str:
        return answer(values)

    return ask


def _zone_name(values: Mapping[str, object]) -> str:
    """Left out means home; left empty means the machine's own zone, which here is UTC."""
    return str(values.get("timezone") or "UTC") if "timezone" in values else _HOME


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ToolInvokeError(f"Invalid timezone: {name!r}") from error


def _local(text: object, zone: ZoneInfo) -> datetime:
    """A time of a zone; an hour that comes twice, or never, is taken as one of winter time."""
    try:
        time = datetime.strptime(str(text), FORMAT).replace(tzinfo=zone)
    except ValueError as error:
        raise ToolInvokeError(str(error)) from error
    return min((time.replace(fold=fold) for fold in (0, 1)), key=lambda each: each.dst() or timedelta())


def _entity(name: str, label: str, purpose: str, *parameters: ToolParameter) -> ToolEntity:
    return ToolEntity(
        identity=ToolIdentity(name=name, provider="time", label=english(label), icon="clock"),
        description=ToolDescription(human=english(purpose), llm=purpose),
        parameters=parameters,
    )


def _asked(name: str, label: str, purpose: str, **more: object) -> ToolParameter:
    kind = "number" if more.get("number") else "string"
    return ToolParameter(
        name=name,
        type=kind,
        label=english(label),
        human_description=english(purpose),
        llm_description=purpose,
        required=bool(more.get("required", True)),
        default=more.get("default"),
    )


_ZONE_HINT: Final = "IANA time zone, for example Asia/Shanghai"
_LOCAL_ZONE: Final = _asked("timezone", "Time zone", _ZONE_HINT, required=False, default=_HOME)
_CURRENT_TIME: Final = _entity(
    "current_time",
    "Current time",
    "Tells the current date and time.",
    ToolParameter(
        name="format",
        form="form",
        label=english("Format"),
        human_description=english("Time format in strftime notation."),
        default=FORMAT,
    ),
    ToolParameter(
        name="timezone",
        type="select",
        form="form",
        label=english("Time zone"),
        human_description=english("Time zone"),
        default="UTC",
        options=tuple(ToolOption(zone, english(zone)) for zone in _ZONES),
    ),
)
_ZONE_CONVERSION: Final = _entity(
    "timezone_conversion",
    "Convert between time zones",
    "Converts a time of one time zone to the time of another.",
    _asked("current_time", "Time", "The time to convert, for example 2024-01-01 00:00:00"),
    _asked("current_timezone", "From", _ZONE_HINT, default=_HOME),
    _asked("target_timezone", "To", "IANA time zone, for example Asia/Tokyo", default="Asia/Tokyo"),
)
_TO_LOCAL: Final = _entity(
    "timestamp_to_localtime",
    "Timestamp to local time",
    "Converts a Unix timestamp in seconds to a local time.",
    _asked("timestamp", "Timestamp", "Seconds since 1970-01-01 UTC", number=True),
    _LOCAL_ZONE,
)
_TO_TIMESTAMP: Final = _entity(
    "localtime_to_timestamp",
    "Local time to timestamp",
    "Converts a local time to a Unix timestamp in seconds.",
    _asked("localtime", "Local time", "Local time, for example 2024-01-01 00:00:00"),
    _LOCAL_ZONE,
)
_WEEKDAY: Final = _entity(
    "weekday",
    "Weekday",
    "Tells the day of the week of a date given by year, month and day.",
    _asked("year", "Year", "Year", number=True),
    _asked("month", "Month", "Month, 1 to 12", number=True),
    _asked("day", "Day", "Day of the month", number=True),
)
