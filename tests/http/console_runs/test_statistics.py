from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import update
from tests.http.console_runs.graphs import asking_workflow, chat_config, chatflow, workflow
from tests.http.console_runs.world import World

from orrery.apps.conversations.tables import Conversation, Message, MessageFeedback
from orrery.apps.runs.tables import AppLog, WorkflowRun
from orrery.workspaces.accounts.tables import Account

CHAT_METRICS = (
    "statistics/daily-messages",
    "statistics/daily-conversations",
    "statistics/daily-end-users",
    "statistics/token-costs",
    "statistics/average-session-interactions",
    "statistics/user-satisfaction-rate",
    "statistics/tokens-per-second",
)
RUN_METRICS = (
    "workflow/statistics/daily-conversations",
    "workflow/statistics/daily-terminals",
    "workflow/statistics/token-costs",
    "workflow/statistics/average-app-interactions",
)


TODAY = "2026-01-15"


async def on_one_day(world: World) -> None:
    """As if all of it had happened at the noon of `TODAY`: no test begins on one day and ends on the next."""
    noon = datetime(2026, 1, 15, 12, tzinfo=UTC)
    async with world.database.write() as session:
        for table in (Message, Conversation, MessageFeedback, WorkflowRun, AppLog):
            await session.execute(update(table).values(created_at=noon))


async def data(client: httpx.AsyncClient, path: str, **params: Any) -> list[dict[str, Any]]:
    answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["data"]
    return list(answer.json()["data"])


async def test_a_chats_numbers(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "advanced-chat", chatflow())
    first = await world.run_published(owner, app_id, query="Who?")
    assert first.spec.turn is not None
    await world.run_published(owner, app_id, query="And?", conversation_id=first.spec.turn.conversation_id)
    await world.run_published(owner, app_id, query="Hello", user="ben")
    await owner.post(f"/apps/{app_id}/advanced-chat/workflows/draft/run", json={"query": "debugging"})
    rating = {"message_id": first.spec.turn.message_id, "rating": "like"}
    await owner.post(f"/apps/{app_id}/feedbacks", json=rating)
    await on_one_day(world)
    a = f"/apps/{app_id}/statistics"
    assert await data(owner, f"{a}/daily-messages") == [{"date": TODAY, "message_count": 3}]
    assert await data(owner, f"{a}/daily-conversations") == [{"date": TODAY, "conversation_count": 2}]
    assert await data(owner, f"{a}/daily-end-users") == [{"date": TODAY, "terminal_count": 2}]
    costs = {"date": TODAY, "token_count": 45, "total_price": "0", "currency": "USD"}
    assert await data(owner, f"{a}/token-costs") == [costs]
    assert await data(owner, f"{a}/average-session-interactions") == [{"date": TODAY, "interactions": 1.5}]
    assert await data(owner, f"{a}/user-satisfaction-rate") == [{"date": TODAY, "rate": 333.33}]
    (speed,) = await data(owner, f"{a}/tokens-per-second")
    assert speed["tps"] > 0
    assert await data(owner, f"{a}/daily-messages", start="2000-01-01 00:00", end="2000-01-07 23:59") == []


async def test_a_text_generators_answers_take_time(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "completion")
    await world.save_config(owner, app_id, chat_config("Hello"))
    for _ in range(2):
        await world.run_published(owner, app_id, query="")
    async with world.database.write() as session:
        await session.execute(update(Message).values(provider_response_latency=0.25, total_price=0.0000125))
    a = f"/apps/{app_id}/statistics"
    (latency,) = await data(owner, f"{a}/average-response-time")
    assert latency["latency"] == 250.0
    (speed,) = await data(owner, f"{a}/tokens-per-second")
    assert speed["tps"] == 20.0
    (costs,) = await data(owner, f"{a}/token-costs")
    assert costs["total_price"] == "0.000025"


async def test_a_workflows_numbers(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", asking_workflow())
    for user in ("ann", "ann", "ann", "ben"):
        await world.run_published(owner, app_id, user=user, inputs={"name": "x"})
    await owner.post(f"/apps/{app_id}/workflows/draft/run", json={"inputs": {"name": "debugging"}})
    await on_one_day(world)
    a = f"/apps/{app_id}/workflow/statistics"
    assert await data(owner, f"{a}/daily-conversations") == [{"date": TODAY, "runs": 4}]
    assert await data(owner, f"{a}/daily-terminals") == [{"date": TODAY, "terminal_count": 2}]
    assert await data(owner, f"{a}/token-costs") == [{"date": TODAY, "token_count": 60}]
    assert await data(owner, f"{a}/average-app-interactions") == [{"date": TODAY, "interactions": 2.0}]


async def test_days_are_those_of_the_account(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "advanced-chat", chatflow())
    for _ in range(2):
        await world.run_published(owner, app_id, query="Who?")
    zone = ZoneInfo("Pacific/Kiritimati")
    evening = datetime(2026, 1, 31, 23, 30, tzinfo=zone).astimezone(UTC)
    morning = datetime(2026, 2, 1, 0, 30, tzinfo=zone).astimezone(UTC)
    messages = [item.id for item in await world.messages(app_id)]
    async with world.database.write() as session:
        await session.execute(update(Account).values(timezone=zone.key))
        for message_id, time in zip(messages, (evening, morning), strict=True):
            await session.execute(update(Message).where(Message.id == message_id).values(created_at=time))
    path = f"/apps/{app_id}/statistics/daily-messages"
    assert await data(owner, path) == [
        {"date": "2026-01-31", "message_count": 1},
        {"date": "2026-02-01", "message_count": 1},
    ]
    day = await data(owner, path, start="2026-02-01 00:00", end="2026-02-01 23:59")
    assert day == [{"date": "2026-02-01", "message_count": 1}]


async def test_wrong_periods_are_refused(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "advanced-chat", chatflow())
    path = f"/apps/{app_id}/statistics/daily-messages"
    for params in ({"start": "2026-01-01"}, {"start": "2026-01-02 00:00", "end": "2026-01-01 00:00"}):
        answer = await owner.get(path, params=params)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_param")


@pytest.mark.parametrize("metric", [*CHAT_METRICS, *RUN_METRICS, "statistics/average-response-time"])
async def test_numbers_stay_in_their_workspace(world: World, metric: str) -> None:
    owner = await world.people.signed_in()
    mode = {"workflow/statistics": "workflow", "statistics": "advanced-chat"}[metric.rpartition("/")[0]]
    if metric.endswith("average-response-time"):
        mode = "completion"
    graph = {"workflow": workflow(), "advanced-chat": chatflow(), "completion": None}[mode]
    app_id = await world.new_app(owner, mode, graph)
    assert await data(owner, f"/apps/{app_id}/{metric}") == []
    other = await world.people.second_workspace(owner)
    answer = await other.get(f"/apps/{app_id}/{metric}")
    assert (answer.status_code, answer.json()["code"]) == (404, "app_not_found")
