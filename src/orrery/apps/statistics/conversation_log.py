"""Conversations of an app as its log shows them: found by period and words, counted, read, deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, Select, exists, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.catalog.tables import AppModelConfig
from orrery.apps.conversations.tables import Conversation, ConversationVariable, EndUser, Message, MessageFeedback
from orrery.apps.runs.tables import WorkflowRun
from orrery.apps.statistics.periods import Period
from orrery.database.engine import Database
from orrery.database.orm import utc_now
from orrery.errors import NotFound

SortBy = Literal["created_at", "-created_at", "updated_at", "-updated_at"]
Counts = Mapping[str, int]


class ConversationMissing(NotFound):
    """No such conversation of this app."""

    default_message = "Conversation Not Exists."


class ConversationFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which conversations are wanted. The period is that of the time they are sorted by.

    ``annotated`` asks for those with or without an annotated answer; no answer can be annotated yet.
    """

    page: int
    limit: int
    keyword: str | None = None
    period: Period = Period()
    sort_by: SortBy = "-updated_at"
    annotated: bool | None = None


class LoggedConversation(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation with what its log line shows. ``query`` is the first message's, ``runs`` counts run statuses."""

    row: Conversation
    end_user: EndUser | None
    config: AppModelConfig | None
    query: str
    messages: int
    user_feedback: Counts
    admin_feedback: Counts
    runs: Counts


class ConversationLog:
    """Queries on the conversations of one app; those of the debugger are not among them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, app_id: str, wanted: ConversationFilter) -> tuple[list[LoggedConversation], int]:
        """One page, and how many match in all."""
        query = _matching(app_id, wanted)
        column = Conversation.updated_at if wanted.sort_by.endswith("updated_at") else Conversation.created_at
        downwards = wanted.sort_by.startswith("-")
        order = (column.desc(), Conversation.id.desc()) if downwards else (column.asc(), Conversation.id.asc())
        async with self._database.read() as session:
            total = await session.scalar(
                select(func.count()).select_from(query.with_only_columns(Conversation.id).subquery())
            )
            rows = list(
                await session.scalars(
                    query.order_by(*order).offset((wanted.page - 1) * wanted.limit).limit(wanted.limit)
                )
            )
            return await _with_counts(session, rows), total or 0

    async def open(self, app_id: str, conversation_id: str, mode: str, *, reader: str) -> LoggedConversation:
        """One conversation, marked as read by an account. Raises `ConversationMissing`."""
        async with self._database.write() as session:
            row = await _find(session, app_id, conversation_id, mode)
            if row.read_at is None:
                row.read_at, row.read_account_id = utc_now(), reader
            await session.flush()
            (found,) = await _with_counts(session, [row])
        return found

    async def delete(self, app_id: str, conversation_id: str, mode: str) -> None:
        """Hides a conversation at once; its rows go with the next clean-up. Raises `ConversationMissing`."""
        async with self._database.write() as session:
            (await _find(session, app_id, conversation_id, mode)).is_deleted = True

    async def variables(self, app_id: str, conversation_id: str) -> list[ConversationVariable]:
        """The stored variables of a conversation of this app, by their creation; none for another app's."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(ConversationVariable)
                .where(ConversationVariable.app_id == app_id, ConversationVariable.conversation_id == conversation_id)
                .order_by(ConversationVariable.created_at, ConversationVariable.id)
            )
            return list(rows)


def _logged(app_id: str) -> Select[Conversation]:
    return select(Conversation).where(
        Conversation.app_id == app_id, Conversation.is_deleted.is_(False), Conversation.invoke_from != "debugger"
    )


async def _find(session: AsyncSession, app_id: str, conversation_id: str, mode: str) -> Conversation:
    query = select(Conversation).where(
        Conversation.app_id == app_id,
        Conversation.id == conversation_id,
        Conversation.mode == mode,
        Conversation.is_deleted.is_(False),
    )
    row = await session.scalar(query)
    if row is None:
        raise ConversationMissing
    return row


def _matching(app_id: str, wanted: ConversationFilter) -> Select[Conversation]:
    query = _logged(app_id)
    time = Conversation.updated_at if wanted.sort_by.endswith("updated_at") else Conversation.created_at
    if wanted.period.start is not None:
        query = query.where(time >= wanted.period.start)
    if wanted.period.end is not None:
        query = query.where(time < wanted.period.end)
    if wanted.annotated:
        query = query.where(false())
    return query if not wanted.keyword else query.where(_says(wanted.keyword))


def _says(keyword: str) -> ColumnElement[bool]:
    """True for conversations that hold the words in their name, messages, introduction or user's name."""
    message = exists().where(
        Message.conversation_id == Conversation.id,
        or_(Message.query.icontains(keyword, autoescape=True), Message.answer.icontains(keyword, autoescape=True)),
    )
    user = exists().where(
        EndUser.id == Conversation.from_end_user_id, EndUser.session_id.icontains(keyword, autoescape=True)
    )
    return or_(
        Conversation.name.icontains(keyword, autoescape=True),
        Conversation.introduction.icontains(keyword, autoescape=True),
        message,
        user,
    )


async def _with_counts(session: AsyncSession, rows: Sequence[Conversation]) -> list[LoggedConversation]:
    """What the lines show beside the rows: five queries, however many lines there are."""
    ids = [row.id for row in rows]
    users = {row.from_end_user_id for row in rows if row.from_end_user_id}
    configs = {row.app_model_config_id for row in rows if row.app_model_config_id}
    end_users = {r.id: r for r in await session.scalars(select(EndUser).where(EndUser.id.in_(users)))}
    saved = {r.id: r for r in await session.scalars(select(AppModelConfig).where(AppModelConfig.id.in_(configs)))}
    messages = await session.execute(
        select(Message.conversation_id, func.count(), func.min(Message.id))
        .where(Message.conversation_id.in_(ids))
        .group_by(Message.conversation_id)
    )
    counted = {row[0]: (row[1], row[2]) for row in messages}
    firsts = [first for _, first in counted.values()]
    queries = {
        row[0]: row[1]
        for row in await session.execute(select(Message.conversation_id, Message.query).where(Message.id.in_(firsts)))
    }
    feedback = await _feedback(session, ids)
    runs = await _run_statuses(session, ids)
    return [
        LoggedConversation(
            row=row,
            end_user=end_users.get(row.from_end_user_id or ""),
            config=saved.get(row.app_model_config_id or ""),
            query=queries.get(row.id, ""),
            messages=counted[row.id][0] if row.id in counted else 0,
            user_feedback=feedback.get((row.id, "user"), {}),
            admin_feedback=feedback.get((row.id, "admin"), {}),
            runs=runs.get(row.id, {}),
        )
        for row in rows
    ]


async def _feedback(session: AsyncSession, ids: Sequence[str]) -> dict[tuple[str, str], dict[str, int]]:
    """Ratings by conversation and source."""
    table = MessageFeedback
    rows = await session.execute(
        select(table.conversation_id, table.from_source, table.rating, func.count())
        .where(table.conversation_id.in_(ids))
        .group_by(table.conversation_id, table.from_source, table.rating)
    )
    found: dict[tuple[str, str], dict[str, int]] = {}
    for conversation_id, source, rating, count in rows:
        found.setdefault((conversation_id, source), {})[rating] = count
    return found


async def _run_statuses(session: AsyncSession, ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """How runs of graph apps ended, by conversation."""
    rows = await session.execute(
        select(Message.conversation_id, WorkflowRun.status, func.count())
        .join(WorkflowRun, WorkflowRun.id == Message.workflow_run_id)
        .where(Message.conversation_id.in_(ids))
        .group_by(Message.conversation_id, WorkflowRun.status)
    )
    found: dict[str, dict[str, int]] = {}
    for conversation_id, status, count in rows:
        found.setdefault(conversation_id, {})[status] = count
    return found
