"""Console routes of an app's statistics: one number per day, in the caller's own time zone (product.md 6.5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import tzinfo

import msgspec

from orrery.apps.catalog.modes import CHAT_MODES
from orrery.apps.catalog.service import AppService
from orrery.apps.statistics.numbers import AppNumbers, Day
from orrery.apps.statistics.periods import Period, period_of
from orrery.apps.statistics.zones import AccountZones
from orrery.http.call import Call
from orrery.http.console.app_shapes import JsonObject
from orrery.http.endpoint import RouteGroup, route
from orrery.security.permissions import Permission

_COMPLETION = frozenset({"completion"})
_WORKFLOW = frozenset({"workflow"})

Count = Callable[[str, Period, tzinfo], Awaitable[Sequence[Day]]]


class PeriodQuery(msgspec.Struct):
    """First and last minute, as ``2026-03-01 00:00``, in the caller's time zone."""

    start: str | None = None
    end: str | None = None


class StatisticsRoutes(RouteGroup):
    """What callers did with an app; the debugger does not count."""

    def __init__(self, apps: AppService, numbers: AppNumbers, zones: AccountZones) -> None:
        self._apps = apps
        self._numbers = numbers
        self._zones = zones

    @route("GET", "/apps/{app_id}/statistics/daily-messages", auth="console", scope="workspace",
           permission=Permission.APP_VIEW, query=PeriodQuery)  # fmt: skip
    async def messages(self, call: Call, query: PeriodQuery) -> JsonObject:
        """Counts messages."""
        days = await self._days(call, query, self._numbers.messages)
        return _data({"date": day.date, "message_count": day.count()} for day in days)

    @route("GET", "/apps/{app_id}/statistics/daily-conversations", auth="console", scope="workspace",
           permission=Permission.APP_VIEW, query=PeriodQuery)  # fmt: skip
    async def conversations(self, call: Call, query: PeriodQuery) -> JsonObject:
        """Counts conversations that had a message."""
        days = await self._days(call, query, self._numbers.conversations)
        return _data({"date": day.date, "conversation_count": day.count()} for day in days)

    @route("GET", "/apps/{app_id}/statistics/daily-end-users", auth="console", scope="workspace",
           permission=Permission.APP_VIEW, query=PeriodQuery)  # fmt: skip
    async def end_users(self, call: Call, query: PeriodQuery) -> JsonObject:
        """Counts end users who sent a message."""
        days = await self._days(call, query, self._numbers.end_users)
        return _data({"date": day.date, "terminal_count": day.count()} for day in days)

    @route("GET", "/apps/{app_id}/statistics/token-costs", auth="console", scope="workspace",
           permission=Permission.APP_VIEW, query=PeriodQuery)  # fmt: skip
    async def costs(self, call: Call, query: PeriodQuery) -> JsonObject:
        """Sums tokens and their price."""
        days = await self._days(call, query, self._numbers.costs)
        return _data(
            {"date": day.date, "token_count": day.count(), "total_price": f"{day.price(1):f}", "currency": "USD"}
            for day in days
        )

    @route("GET", "/apps/{app_id}/statistics/average-session-interactions", auth="console", scope="workspace",
           permission=Permission.APP_VIEW, query=PeriodQuery)  # fmt: skip
    async def rounds(self, call: Call, query: PeriodQuery) -> JsonObject:
        """Averages messages per conversation."""
        days = await self._days(call, query, self._numbers.rounds, CHAT_MODES)
        return _data({"date": day.date, "interactions": round(_ratio(day), 2)} for day in days)

    @route("GET", "/apps/{app_id}/statistics/user-satisfaction-rate", auth="console", scope="workspace",
           permission=Permission.APP_VIEW, query=PeriodQuery)  # fmt: skip
    async def likes(self, call: Call, query: PeriodQuery) -> JsonObject:
        """Counts likes per thousand messages."""
        days = await self._days(call, query, self._numbers.likes)
        return _data({"date": day.date, "rate": round(1000 * _ratio(day), 2)} for day in days)

    @route("GET", "/apps/{app_id}/statistics/average-response-time", auth="console", scope="workspace",
           permission=Permission.APP_VIEW, query=PeriodQuery)  # fmt: skip
    async def latency(self, call: Call, query: PeriodQuery) -> JsonObject:
        """Averages the milliseconds that answers took."""
        days = await self._days(call, query, self._numbers.latency, _COMPLETION)
        return _data({"date": day.date, "latency": round(1000 * day.real(), 4)} for day in days)

    @route("GET", "/apps/{app_id}/statistics/tokens-per-second", auth="console", scope="workspace",
           permission=Permission.APP_VIEW, query=PeriodQuery)  # fmt: skip
    async def speed(self, call: Call, query: PeriodQuery) -> JsonObject:
        """Divides the tokens of answers by the seconds that they took."""
        days = await self._days(call, query, self._numbers.speed)
        return _data({"date": day.date, "tps": round(_ratio(day), 4)} for day in days)

    @route("GET", "/apps/{app_id}/workflow/statistics/daily-conversations", auth="console", scope="workspace",
           permission=Permission.APP_VIEW, query=PeriodQuery)  # fmt: skip
    async def runs(self, call: Call, query: PeriodQuery) -> JsonObject:
        """Counts workflow runs."""
        days = await self._days(call, query, self._numbers.runs)
        return _data({"date": day.date, "runs": day.count()} for day in days)

    @route("GET", "/apps/{app_id}/workflow/statistics/daily-terminals", auth="console", scope="workspace",
           permission=Permission.APP_VIEW, query=PeriodQuery)  # fmt: skip
    async def run_users(self, call: Call, query: PeriodQuery) -> JsonObject:
        """Counts those who ran the workflow."""
        days = await self._days(call, query, self._numbers.runs)
        return _data({"date": day.date, "terminal_count": day.count(1)} for day in days)

    @route("GET", "/apps/{app_id}/workflow/statistics/token-costs", auth="console", scope="workspace",
           permission=Permission.APP_VIEW, query=PeriodQuery)  # fmt: skip
    async def run_tokens(self, call: Call, query: PeriodQuery) -> JsonObject:
        """Sums the tokens of workflow runs."""
        days = await self._days(call, query, self._numbers.runs)
        return _data({"date": day.date, "token_count": day.count(2)} for day in days)

    @route("GET", "/apps/{app_id}/workflow/statistics/average-app-interactions", auth="console", scope="workspace",
           permission=Permission.APP_VIEW, query=PeriodQuery)  # fmt: skip
    async def runs_per_user(self, call: Call, query: PeriodQuery) -> JsonObject:
        """Averages runs per user."""
        days = await self._days(call, query, self._numbers.runs, _WORKFLOW)
        return _data({"date": day.date, "interactions": round(_ratio(day), 2)} for day in days)

    async def _days(
        self, call: Call, query: PeriodQuery, count: Count, modes: frozenset[str] | None = None
    ) -> Sequence[Day]:
        app = (await self._apps.get(call.account.workspace_id, call.id("app_id"), modes=modes)).app
        zone = await self._zones.of(call.account.account_id)
        return await count(app.id, period_of(query.start, query.end, zone), zone)


def _ratio(day: Day) -> float:
    """The first number for each of the second."""
    return day.real() / day.real(1) if day.real(1) else 0.0


def _data(rows: Iterable[JsonObject]) -> JsonObject:
    return {"data": list(rows)}
