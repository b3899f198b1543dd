"""The same numbers from every database, held to a plain count of the same rows."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from tests.support.databases import BACKENDS, url_of

from orrery.apps.catalog.tables import App
from orrery.apps.conversations.tables import Conversation, Message, MessageFeedback
from orrery.apps.runs.tables import WorkflowRun
from orrery.apps.statistics.numbers import AppNumbers
from orrery.apps.statistics.periods import Period, period_of
from orrery.database.engine import Database
from orrery.database.ids import new_id
from orrery.schema import schema
from orrery.workspaces.members.tables import Workspace

FIRST = datetime(2026, 3, 20, tzinfo=UTC)
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns")]
EVER = Period()
pytestmark = pytest.mark.asyncio(loop_scope="module")  # the tests only read: one set of rows serves all


class Rows:
    """Two apps' worth of traffic over three weeks around a clock change."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.workspace_id, self.app_id, self.other_id = new_id(), new_id(), new_id()
        self.conversations: list[Conversation] = []
        self.messages: list[Message] = []
        self.runs: list[WorkflowRun] = []
        self.liked: set[str] = set()

    async def write(self) -> None:
        chance = random.Random(7)
        users = [new_id() for _ in range(4)]
        async with self.database.write() as session:
            session.add(Workspace(id=self.workspace_id, name="W"))
            await session.flush()
            for app_id in (self.app_id, self.other_id):
                session.add(App(id=app_id, tenant_id=self.workspace_id, name="A", mode="chat"))
            await session.flush()
            for place in range(60):
                began = FIRST + timedelta(minutes=chance.randrange(21 * 24 * 60))
                app_id = self.other_id if place % 7 == 0 else self.app_id
                invoke_from = "debugger" if place % 5 == 0 else "service-api"
                conversation = self._conversation(app_id, invoke_from, began, chance.choice(users))
                session.add(conversation)
                await session.flush()
                for turn in range(chance.randrange(1, 5)):
                    message = self._message(conversation, began + timedelta(hours=3 * turn), chance)
                    session.add(message)
                    await session.flush()
                    if chance.random() < 0.3:
                        session.add(self._like(message))
                run = self._run(app_id, invoke_from, began, chance.choice(users))
                session.add(run)

    def _conversation(self, app_id: str, invoke_from: str, began: datetime, user: str) -> Conversation:
        conversation = Conversation(
            app_id=app_id, mode="chat", name="C", inputs={}, invoke_from=invoke_from, from_source="api",
            from_end_user_id=user, created_at=began, id=new_id(),
        )  # fmt: skip
        self.conversations.append(conversation)
        return conversation

    def _message(self, conversation: Conversation, time: datetime, chance: random.Random) -> Message:
        message = Message(
            id=new_id(), app_id=conversation.app_id, conversation_id=conversation.id, inputs={}, query="q",
            invoke_from=conversation.invoke_from, from_source="api", from_end_user_id=conversation.from_end_user_id,
            message_tokens=chance.randrange(100), answer_tokens=chance.randrange(100),
            total_price=Decimal(chance.randrange(1000)) / 1_000_000,
            provider_response_latency=chance.randrange(1, 9) / 4, created_at=time,
        )  # fmt: skip
        self.messages.append(message)
        return message

    def _like(self, message: Message) -> MessageFeedback:
        self.liked.add(message.id)
        return MessageFeedback(
            app_id=message.app_id, conversation_id=message.conversation_id, message_id=message.id, rating="like",
            from_source="user",
        )  # fmt: skip

    def _run(self, app_id: str, invoke_from: str, time: datetime, user: str) -> WorkflowRun:
        run = WorkflowRun(
            tenant_id=self.workspace_id, app_id=app_id, workflow_id=new_id(), type="workflow", version="1",
            triggered_from="debugging" if invoke_from == "debugger" else "app-run", status="succeeded",
            total_tokens=11, created_by_role="end_user", created_by=user, created_at=time, task_id=new_id(),
        )  # fmt: skip
        self.runs.append(run)
        return run

    def mine(self, period: Period = EVER) -> list[Message]:
        return [
            m
            for m in self.messages
            if m.app_id == self.app_id and m.invoke_from != "debugger" and within(m.created_at, period)
        ]


def within(time: datetime, period: Period) -> bool:
    return (period.start is None or time >= period.start) and (period.end is None or time < period.end)


def local(time: datetime, zone: ZoneInfo) -> str:
    return time.astimezone(zone).date().isoformat()


@pytest_asyncio.fixture(params=BACKENDS, scope="module", loop_scope="module")
async def rows(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rows]:
    database = Database(url_of(request.param, tmp_path_factory.mktemp("numbers")))
    async with database.connection() as connection:
        await connection.run_sync(schema().create_all)
    try:
        rows = Rows(database)
        await rows.write()
        yield rows
    finally:
        await database.close()


async def test_messages_are_counted_by_local_days(rows: Rows) -> None:
    numbers = AppNumbers(rows.database)
    for zone in ZONES:
        for period in (EVER, period_of("2026-03-27 12:00", "2026-03-31 23:59", zone)):
            found = await numbers.messages(rows.app_id, period, zone)
            expected = Counter(local(m.created_at, zone) for m in rows.mine(period))
            assert [(day.date, day.count()) for day in found] == sorted(expected.items())


async def test_people_and_conversations_are_counted_once_a_day(rows: Rows) -> None:
    numbers = AppNumbers(rows.database)
    for zone in ZONES:
        users, conversations = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
        for message in rows.mine():
            users[local(message.created_at, zone)].add(str(message.from_end_user_id))
            conversations[local(message.created_at, zone)].add(message.conversation_id)
        found = await numbers.end_users(rows.app_id, EVER, zone)
        assert {day.date: day.count() for day in found} == {date: len(ids) for date, ids in users.items()}
        found = await numbers.conversations(rows.app_id, EVER, zone)
        assert {day.date: day.count() for day in found} == {date: len(ids) for date, ids in conversations.items()}


async def test_costs_are_exact(rows: Rows) -> None:
    zone = ZONES[1]
    tokens, price = Counter[str](), defaultdict[str, Decimal](Decimal)
    for message in rows.mine():
        date = local(message.created_at, zone)
        tokens[date] += message.message_tokens + message.answer_tokens
        price[date] += message.total_price
    found = await AppNumbers(rows.database).costs(rows.app_id, EVER, zone)
    assert {day.date: (day.count(), day.price(1)) for day in found} == {
        date: (tokens[date], price[date]) for date in tokens
    }


async def test_speed_likes_and_latency(rows: Rows) -> None:
    zone, numbers = ZONES[2], AppNumbers(rows.database)
    by_day = defaultdict[str, list[Message]](list)
    for message in rows.mine():
        by_day[local(message.created_at, zone)].append(message)
    for day in await numbers.speed(rows.app_id, EVER, zone):
        there = by_day[day.date]
        assert day.count() == sum(m.answer_tokens for m in there)
        assert day.real(1) == pytest.approx(sum(m.provider_response_latency for m in there))
    for day in await numbers.latency(rows.app_id, EVER, zone):
        there = by_day[day.date]
        assert day.real() == pytest.approx(sum(m.provider_response_latency for m in there) / len(there))
    likes = await numbers.likes(rows.app_id, EVER, zone)
    assert {day.date: (day.count(), day.count(1)) for day in likes} == {
        date: (sum(m.id in rows.liked for m in there), len(there)) for date, there in by_day.items()
    }


async def test_rounds_belong_to_the_day_the_conversation_began(rows: Rows) -> None:
    zone = ZONES[3]
    expected = defaultdict[str, list[int]](list)
    for conversation in rows.conversations:
        if conversation.app_id == rows.app_id and conversation.invoke_from != "debugger":
            count = sum(m.conversation_id == conversation.id for m in rows.messages)
            expected[local(conversation.created_at, zone)].append(count)
    found = await AppNumbers(rows.database).rounds(rows.app_id, EVER, zone)
    assert {day.date: (day.count(), day.count(1)) for day in found} == {
        date: (sum(counts), len(counts)) for date, counts in expected.items()
    }


async def test_runs_and_their_users(rows: Rows) -> None:
    zone = ZONES[1]
    expected = defaultdict[str, list[str]](list)
    for run in rows.runs:
        if run.app_id == rows.app_id and run.triggered_from != "debugging":
            expected[local(run.created_at, zone)].append(run.created_by)
    found = await AppNumbers(rows.database).runs(rows.app_id, EVER, zone)
    assert {day.date: (day.count(), day.count(1), day.count(2)) for day in found} == {
        date: (len(users), len(set(users)), 11 * len(users)) for date, users in expected.items()
    }


async def test_an_app_that_nobody_used_has_no_days(rows: Rows) -> None:
    numbers = AppNumbers(rows.database)
    assert await numbers.messages(new_id(), EVER, ZONES[0]) == []
    assert await numbers.runs(rows.app_id, Period(end=FIRST - timedelta(days=9)), ZONES[0]) == []
