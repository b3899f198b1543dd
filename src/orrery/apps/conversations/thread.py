"""The thread of a conversation: which messages the newest one continues (workflow.md 5.7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from orrery.database.ids import NIL_ID


class Linked(Protocol):
    """What threading reads of a message."""

    @property
    def id(self) -> str: ...
    @property
    def parent_message_id(self) -> str | None: ...
    @property
    def answer(self) -> str: ...


M = TypeVar("M", bound=Linked)


def thread_of(newest_first: Sequence[M]) -> list[M]:
    """The messages of the thread, newest first. The newest is left out while its answer is empty."""
    thread: list[M] = []
    expected: str | None = None
    for message in newest_first:
        if not thread or expected in {message.id, NIL_ID} or not message.parent_message_id:
            thread.append(message)
            if not message.parent_message_id:
                break
            expected = message.parent_message_id
    return thread[1:] if thread and not thread[0].answer else thread
