"""What a run writes down so that another process can go on with it (reliability.md 3.1, G1 and G2).

`Journal.record` only appends; nothing is promised until `barrier` returns. The engine waits for it before a node's
outside effect and before it tells the end. Nodes inside containers are not recorded: a container is one step, which
is done again from its start or, when something inside must not happen twice, fails as interrupted. Only where people
are asked inside are they recorded, each with its round: a container that waits for an answer may do nothing twice. What others wrote
to the conversation is recorded too, so that it is written once though the container is done again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias

import msgspec

from orrery.inference.types import Usage
from orrery.workflow.conversation_writes import ConversationWrite, WroteInside
from orrery.workflow.events import OUTSIDE, Marks, TextChunk


def round_of(marks: Marks) -> str:
    """The name of a container's round, "" outside of any."""
    parts: list[str] = []
    if marks.iteration_id is not None:
        parts.append(f"{marks.iteration_id}:{marks.iteration_index}")
    if marks.loop_id is not None:
        parts.append(f"{marks.loop_id}:{marks.loop_index}")
    return "/".join(parts)


def source_of(chunk: TextChunk) -> str:
    """What a text is of: its selector, and the container's round that tells it, each round by itself."""
    source, told_in = ".".join(chunk.selector), round_of(chunk.marks)
    return f"{source} {told_in}" if told_in else source


class StartedNode(msgspec.Struct, frozen=True, tag="started"):
    """A node that must not be done twice has begun."""

    node_id: str
    execution_id: str
    round: str = ""


class PausedNode(msgspec.Struct, frozen=True, tag="paused"):
    """A node waits; it may begin again."""

    node_id: str
    execution_id: str
    round: str = ""


class InnerText(msgspec.Struct, tag="text", omit_defaults=True):
    """A text that a node inside a container told; ``selector`` is what it is the text of, ``marks`` name the round."""

    node_id: str
    selector: Sequence[str]
    text: str
    marks: Marks = OUTSIDE


class FinishedNode(msgspec.Struct, frozen=True, kw_only=True, tag="finished"):
    """A node's result, enough to replay it: pool, edges, text and totals.

    ``steps`` and ``failures`` count its attempts, ``inner_steps`` those of the nodes inside it; ``run_starts`` is the
    run's counter when it was done; ``streams`` holds the whole text it sent on each of its streams, ``retriever_resources`` the
    sources that it or what is inside it used, of which ``unclosed`` never ended;
    ``conversation_writes`` is what it did to the conversation, what is inside a container included;
    ``merged_outputs`` is what a container added to the run's outputs, ``inner_texts`` what was told inside it.
    ``round`` names the container's round that the node was done in (`round_of`), "" outside of any.
    ``order`` numbers a run's entries as they were taken in, from 1: times can't order them, since clocks are set.
    """

    node_id: str
    execution_id: str
    status: str
    outputs: Mapping[str, object]
    handle: str = "source"
    variable_updates: Sequence[tuple[Sequence[str], object]] = ()
    conversation_writes: Sequence[ConversationWrite] = ()
    streams: Mapping[str, str] = {}
    unclosed: Sequence[str] = ()
    merged_outputs: Mapping[str, object] = {}
    inner_texts: Sequence[InnerText] = ()
    usage: Usage | None = None
    retriever_resources: Sequence[Mapping[str, object]] = ()
    steps: int = 1
    failures: int = 0
    inner_steps: int = 0
    run_starts: int = 0
    order: int = 0
    round: str = ""


JournalEntry: TypeAlias = StartedNode | PausedNode | FinishedNode | WroteInside


class Journal(Protocol):
    """Where entries go. ``record`` must not block; ``barrier`` returns when all earlier entries are durable."""

    def record(self, entry: JournalEntry) -> None: ...
    async def barrier(self) -> None: ...


class Resume(msgspec.Struct, frozen=True):
    """An earlier part of the same run.

    ``streamed_chars`` is how much answer text watchers already hold; None means all that the finished nodes released.
    ``streamed_of`` says more exactly what they hold of what, by source (`source_of`): nodes that are done again may
    tell in another order, rounds of containers above all, or something else.
    ``paused`` are nodes that wait, by id: they begin again under the execution id that they had.
    """

    finished: Sequence[FinishedNode] = ()
    started: Mapping[str, str] = {}
    streamed_chars: int | None = None
    elapsed: float = 0.0
    paused: Mapping[str, str] = {}
    is_rerun: bool = False
    """The earlier part is that of another run, which this one begins with."""
    streamed_of: Mapping[str, str] = {}
    rounds: Mapping[str, Resume] = {}
    """What was recorded inside containers, by round."""
    wrote: Sequence[WroteInside] = ()
    """What else wrote to the conversation inside containers."""
    as_begun: bool = True
    """Whether the pool's conversation is that of the run's beginning. If it is a later one, what nodes did to it is in
    it already: then each value that they left is put there, and nothing is built on what is held."""

    @classmethod
    def from_entries(
        cls,
        entries: Iterable[JournalEntry],
        *,
        streamed_chars: int | None = None,
        streamed_of: Mapping[str, str] | None = None,
        elapsed: float = 0.0,
        as_begun: bool = True,
    ) -> Resume:
        """Reads a journal in the order it was written: ``started`` is what neither finished nor paused."""
        inside: dict[str, list[StartedNode | PausedNode | FinishedNode]] = {}
        outside: list[StartedNode | PausedNode | FinishedNode] = []
        wrote: list[WroteInside] = []
        for entry in entries:
            if isinstance(entry, WroteInside):
                wrote.append(entry)
            else:
                (inside.setdefault(entry.round, []) if entry.round else outside).append(entry)
        own = cls._of(outside)
        rounds = {name: cls._of(found) for name, found in inside.items()}
        return cls(
            own.finished,
            own.started,
            streamed_chars,
            elapsed,
            own.paused,
            streamed_of=streamed_of or {},
            rounds=rounds,
            wrote=wrote,
            as_begun=as_begun,
        )

    @classmethod
    def _of(cls, entries: Iterable[StartedNode | PausedNode | FinishedNode]) -> Resume:
        finished: list[FinishedNode] = []
        started: dict[str, str] = {}
        paused: dict[str, str] = {}
        for entry in entries:
            if isinstance(entry, StartedNode):
                started[entry.node_id] = entry.execution_id
                continue
            started.pop(entry.node_id, None)
            if isinstance(entry, FinishedNode):
                finished.append(entry)
                paused.pop(entry.node_id, None)
            else:
                paused[entry.node_id] = entry.execution_id
        return cls(tuple(finished), started, paused=paused)
