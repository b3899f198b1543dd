"""An app's numbers by day, counted by the database (product.md 6.5, statistics)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import TypeAlias, cast

import msgspec
from sqlalchemy import ColumnElement, FromClause, SQLColumnExpression, func, select
from sqlalchemy.orm import join, outerjoin

from orrery.apps.conversations.tables import Conversation, Message, MessageFeedback
from orrery.apps.runs.tables import WorkflowRun
from orrery.apps.statistics.local_days import date_of, local_day
from orrery.apps.statistics.periods import Period, offsets_between
from orrery.database.engine import Database

_Number: TypeAlias = ColumnElement[int] | ColumnElement[float] | ColumnElement[Decimal]
_CENTS = Decimal("0.0000001")


class Day(msgspec.Struct, frozen=True):
    """One day of an app, with the numbers that were asked for, in their order."""

    date: str
    numbers: Sequence[object]

    def count(self, place: int = 0) -> int:
        """A number that counts something; nothing counts as zero."""
        return int(cast("int", self.numbers[place]) or 0)

    def real(self, place: int = 0) -> float:
        return float(cast("float", self.numbers[place]) or 0.0)

    def price(self, place: int) -> Decimal:
        """An amount of money with at most seven decimals, without zeros at its end."""
        amount = Decimal(str(self.numbers[place] or 0)).quantize(_CENTS)
        return amount.normalize() if amount else Decimal(0)


class AppNumbers:
    """Counts what callers of one app did. Days are those of ``zone``; days without anything are left out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def messages(self, app_id: str, period: Period, zone: tzinfo) -> list[Day]:
        """How many messages."""
        return await self._of_messages(app_id, period, zone, func.count())

    async def conversations(self, app_id: str, period: Period, zone: tzinfo) -> list[Day]:
        """How many conversations had a message."""
        return await self._of_messages(app_id, period, zone, func.count(Message.conversation_id.distinct()))

    async def end_users(self, app_id: str, period: Period, zone: tzinfo) -> list[Day]:
        """How many end users sent a message."""
        return await self._of_messages(app_id, period, zone, func.count(Message.from_end_user_id.distinct()))

    async def costs(self, app_id: str, period: Period, zone: tzinfo) -> list[Day]:
        """Tokens of prompts and answers, and their price in US dollars."""
        tokens = func.sum(Message.message_tokens + Message.answer_tokens)
        return await self._of_messages(app_id, period, zone, tokens, func.sum(Message.total_price))

    async def speed(self, app_id: str, period: Period, zone: tzinfo) -> list[Day]:
        """Tokens of answers, and the seconds that they took."""
        latency = func.sum(Message.provider_response_latency)
        return await self._of_messages(app_id, period, zone, func.sum(Message.answer_tokens), latency)

    async def latency(self, app_id: str, period: Period, zone: tzinfo) -> list[Day]:
        """Seconds that an answer took on average."""
        return await self._of_messages(app_id, period, zone, func.avg(Message.provider_response_latency))

    async def likes(self, app_id: str, period: Period, zone: tzinfo) -> list[Day]:
        """How many likes, and of how many messages."""
        liked = (
            select(MessageFeedback.message_id, func.count().label("likes"))
            .where(MessageFeedback.app_id == app_id, MessageFeedback.rating == "like")
            .group_by(MessageFeedback.message_id)
            .subquery()
        )
        source = outerjoin(Message, liked, liked.c.message_id == Message.id)
        likes = func.sum(func.coalesce(liked.c.likes, 0))
        question = _Question(Message.created_at, _messages_of(app_id), source, (likes, func.count()))
        return await self._days(question, period, zone)

    async def rounds(self, app_id: str, period: Period, zone: tzinfo) -> list[Day]:
        """Messages and conversations, by the day on which the conversation began."""
        source = join(Conversation, Message, Message.conversation_id == Conversation.id)
        numbers = (func.count(), func.count(Conversation.id.distinct()))
        question = _Question(
            Conversation.created_at, (Conversation.app_id == app_id, *_messages_of(app_id)), source, numbers
        )
        return await self._days(question, period, zone)

    async def runs(self, app_id: str, period: Period, zone: tzinfo) -> list[Day]:
        """Workflow runs, who started them (how many), and their tokens."""
        mine = (
            WorkflowRun.app_id == app_id,
            WorkflowRun.type == "workflow",
            WorkflowRun.triggered_from != "debugging",
        )
        numbers = (
            func.count(),
            func.count(WorkflowRun.created_by.distinct()),
            func.sum(WorkflowRun.total_tokens),
        )
        return await self._days(_Question(WorkflowRun.created_at, mine, WorkflowRun.__table__, numbers), period, zone)

    async def _of_messages(self, app_id: str, period: Period, zone: tzinfo, *numbers: _Number) -> list[Day]:
        question = _Question(Message.created_at, _messages_of(app_id), Message.__table__, numbers)
        return await self._days(question, period, zone)

    async def _days(self, question: _Question, period: Period, zone: tzinfo) -> list[Day]:
        """One statement that the database answers with a row per day, after one that asks how far the rows reach."""
        time = question.time
        conditions = list(question.mine)
        if period.start is not None:
            conditions.append(time >= period.start)
        if period.end is not None:
            conditions.append(time < period.end)
        reach = select(func.min(time), func.max(time)).select_from(question.source).where(*conditions)
        async with self._database.read() as session:
            first, last = cast("tuple[datetime | None, datetime | None]", tuple((await session.execute(reach)).one()))
            if first is None or last is None:
                return []
            day = local_day(time, offsets_between(zone, first, last))
            query = select(day, *question.numbers).select_from(question.source).where(*conditions)
            rows = await session.execute(query.group_by(day).order_by(day))
            return [Day(date_of(int(row[0])), tuple(row[1:])) for row in rows]


class _Question(msgspec.Struct, frozen=True):
    """What is counted: rows of ``source`` that meet ``mine``, by the day of ``time``."""

    time: SQLColumnExpression[datetime]
    mine: Sequence[ColumnElement[bool]]
    source: FromClause
    numbers: Sequence[_Number]


def _messages_of(app_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Message.app_id == app_id, Message.invoke_from != "debugger"
