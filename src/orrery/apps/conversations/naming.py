"""Naming new conversations after the reply was sent: naming must never make anybody wait."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError

from orrery.apps.conversations.service import Conversations
from orrery.apps.runs.spec import RunSpec, Turn
from orrery.apps.runs.turns import initial_name

_log = logging.getLogger(__name__)

MOST_WAITING = 256
"""Beyond this many, new conversations keep the beginning of their first message as name."""


class ConversationNaming:
    """Owns the tasks that name conversations. `close` before the database is closed."""

    def __init__(self, conversations: Conversations, *, at_a_time: int = 4) -> None:
        self._conversations = conversations
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(at_a_time)

    def name_later(self, spec: RunSpec) -> None:
        """Call it when a run has ended; names the conversation if this run began it and its caller wants a name."""
        turn = spec.turn
        if turn is None or not turn.auto_generate_name or not turn.query or len(self._tasks) >= MOST_WAITING:
            return
        task = asyncio.create_task(self._name(spec.workspace_id, turn), name=f"name-{turn.conversation_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        """Returns when nothing is left to name."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """Gives up what is not named yet."""
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _name(self, workspace_id: str, turn: Turn) -> None:
        async with self._turns:
            try:
                await self._conversations.name_new(
                    turn.conversation_id, workspace_id, turn.query, instead_of=initial_name(turn.query)
                )
            except (SQLAlchemyError, OSError) as error:
                _log.warning("conversation %s could not be named: %s", turn.conversation_id, error)
