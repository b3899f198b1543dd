"""Conversations of one user: listing, naming, pinning, deleting (workflow.md 5.5, 5.7)."""

from __future__ import annotations

from typing import Literal, cast, get_args

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from orrery.apps.conversations.errors import LastConversationNotFound, NothingToName
from orrery.apps.conversations.party import Party, conversations_of
from orrery.apps.conversations.tables import Conversation, Message, PinnedConversation
from orrery.apps.conversations.titles import Titles
from orrery.apps.runs.errors import ConversationNotFound
from orrery.database.engine import Database
from orrery.database.ids import is_id
from orrery.database.orm import utc_now

SortBy = Literal["created_at", "-created_at", "updated_at", "-updated_at"]


class Conversations:
    """Use cases on conversations. Somebody else's reads as none."""

    def __init__(self, database: Database, titles: Titles) -> None:
        self._database = database
        self._titles = titles

    async def page(
        self,
        party: Party,
        *,
        last_id: str | None,
        limit: int,
        sort_by: SortBy = "-updated_at",
        pinned: bool | None = None,
    ) -> tuple[list[Conversation], bool]:
        """Conversations after ``last_id``, and whether there are more. Raises `LastConversationNotFound`."""
        assert sort_by in get_args(SortBy)
        column = cast("InstrumentedAttribute[object]", getattr(Conversation, sort_by.lstrip("-")))
        descending = sort_by.startswith("-")
        query = conversations_of(party)
        if pinned is not None:
            chosen = Conversation.id.in_(_pinned(party))
            query = query.where(chosen if pinned else ~chosen)
        async with self._database.read() as session:
            if last_id:
                last = await _find(session, party, last_id)
                if last is None:
                    raise LastConversationNotFound
                place = getattr(last, sort_by.lstrip("-"))
                beyond = column < place if descending else column > place
                next_id = Conversation.id < last.id if descending else Conversation.id > last.id
                query = query.where(or_(beyond, (column == place) & next_id))
            order = (column.desc(), Conversation.id.desc()) if descending else (column.asc(), Conversation.id.asc())
            rows = list(await session.scalars(query.order_by(*order).limit(limit + 1)))
        return rows[:limit], len(rows) > limit

    async def get(self, party: Party, conversation_id: str) -> Conversation:
        """Raises `ConversationNotFound`."""
        async with self._database.read() as session:
            return _found(await _find(session, party, conversation_id))

    async def delete(self, party: Party, conversation_id: str) -> None:
        """Hides the conversation at once; `purge` removes it. Raises `ConversationNotFound`."""
        async with self._database.write() as session:
            row = _found(await _find(session, party, conversation_id))
            row.is_deleted, row.updated_at = True, utc_now()

    async def purge(self, *, most: int = 100) -> int:
        """Removes conversations that were deleted, with all that hangs on them; how many it were."""
        async with self._database.write() as session:
            ids = list(await session.scalars(select(Conversation.id).where(Conversation.is_deleted).limit(most)))
            if ids:
                await session.execute(delete(Conversation).where(Conversation.id.in_(ids)))
        return len(ids)

    async def rename(self, party: Party, conversation_id: str, name: str) -> Conversation:
        """Gives the conversation a name. Raises `ConversationNotFound`."""
        async with self._database.write() as session:
            row = _found(await _find(session, party, conversation_id))
            row.name, row.updated_at = name[:255], utc_now()
        return row

    async def name_by_content(self, party: Party, conversation_id: str) -> Conversation:
        """Names the conversation after its first message, unless somebody names it meanwhile.

        Raises `ConversationNotFound`, `NothingToName`.
        """
        before = await self.get(party, conversation_id)
        query = await self._first_query(conversation_id)
        if query is None:
            raise NothingToName
        await self.name_new(conversation_id, party.workspace_id, query, instead_of=before.name)
        return await self.get(party, conversation_id)

    async def name_new(self, conversation_id: str, workspace_id: str, query: str, *, instead_of: str) -> None:
        """Names a new conversation, unless somebody gave it another name than ``instead_of`` meanwhile."""
        title = await self._titles.of(workspace_id, query)
        async with self._database.write() as session:
            await session.execute(
                update(Conversation)
                .where(Conversation.id == conversation_id, Conversation.name == instead_of)
                .values(name=title[:255])
            )

    async def pin(self, party: Party, conversation_id: str) -> None:
        """Keeps the conversation at the top. Raises `ConversationNotFound`."""
        async with self._database.write() as session:
            row = _found(await _find(session, party, conversation_id))
            pinned = await session.scalar(_pinned(party).where(PinnedConversation.conversation_id == row.id))
            if pinned is None:
                session.add(
                    PinnedConversation(
                        app_id=party.app_id,
                        conversation_id=row.id,
                        created_by_role=party.role,
                        created_by=party.user_id,
                    )
                )

    async def unpin(self, party: Party, conversation_id: str) -> None:
        """Lets go of it again; one that was not pinned is fine."""
        if not is_id(conversation_id):
            return
        async with self._database.write() as session:
            await session.execute(
                delete(PinnedConversation).where(
                    PinnedConversation.app_id == party.app_id,
                    PinnedConversation.conversation_id == conversation_id,
                    PinnedConversation.created_by_role == party.role,
                    PinnedConversation.created_by == party.user_id,
                )
            )

    async def _first_query(self, conversation_id: str) -> str | None:
        async with self._database.read() as session:
            return await session.scalar(
                select(Message.query)
                .where(Message.conversation_id == conversation_id)
                .order_by(Message.created_at, Message.id)
                .limit(1)
            )


async def _find(session: AsyncSession, party: Party, conversation_id: str) -> Conversation | None:
    if not is_id(conversation_id):
        return None
    return await session.scalar(conversations_of(party).where(Conversation.id == conversation_id.lower()))


def _found(row: Conversation | None) -> Conversation:
    if row is None:
        raise ConversationNotFound
    return row


def _pinned(party: Party) -> Select[str]:
    return select(PinnedConversation.conversation_id).where(
        PinnedConversation.app_id == party.app_id,
        PinnedConversation.created_by_role == party.role,
        PinnedConversation.created_by == party.user_id,
    )
