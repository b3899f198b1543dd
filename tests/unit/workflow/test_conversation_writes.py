"""Operations on conversation variables: built on what is held, written once though a container is done again."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest

from orrery.workflow.conversation_writes import ConversationWrite, WroteInside
from orrery.workflow.events import NodeFinished
from orrery.workflow.journal import FinishedNode, JournalEntry, Resume, StartedNode
from orrery.workflow.node import NodeOutcome
from orrery.workflow.pool import Pool
from orrery.workflow.testing import ListJournal

from .graphs import assign, end, node, run, start, stored


@pytest.mark.parametrize(
    ("operation", "operand", "held", "after"),
    [
        ("+=", 2, 5, 7),
        ("-=", 2, 5, 3),
        ("*=", 2, 5, 10),
        ("/=", 2, 5, 2.5),
        ("append", "z", ["a"], ["a", "z"]),
        ("extend", ["y", "z"], ["a"], ["a", "y", "z"]),
        ("remove-first", None, ["a", "b"], ["b"]),
        ("remove-last", None, ["a", "b"], ["a"]),
        ("+=", 2, None, 2),
        ("append", "z", None, ["z"]),
        # Somebody else made something of it that the operation can't be built on: the last writer wins.
        ("+=", 2, "text", "own view"),
        ("+=", 2, True, "own view"),
        ("append", "z", {"a": 1}, "own view"),
        ("/=", 3, 10**400, "own view"),
        ("set", None, 5, "own view"),
    ],
)
def test_operations_build_on_what_is_held(operation: Any, operand: object, held: object, after: object) -> None:
    before = copy.deepcopy(held)
    assert ConversationWrite("x", "own view", operation, operand).on(held) == after
    assert held == before, "what is held is left as it is"


GRAPH = stored(
    start(),
    node(
        "it", "iteration", iterator_selector=["start", "items"], output_selector=["ask", "text"],
        error_strategy="default-value", default_value=[],
    ),
    node("itstart", "iteration-start", parent="it"),
    assign("add", ("conversation.n", "+=", 1), ("conversation.seen", "append", ("it", "item")), parent="it"),
    node("ask", "tool", parent="it"),
    assign("beside", ("conversation.n", "+=", 10)),
    end(n="conversation.n", seen="conversation.seen"),
    edges_="start > beside > it > end, itstart > add > ask",
)  # fmt: skip


def conversation(number: int = 0) -> Pool:
    pool = Pool(inputs={"items": ["a", "b", "c"]})
    pool.declare("conversation", "n", "number", number)
    pool.declare("conversation", "seen", "array[string]", [])
    return pool


def kept(trial: Any) -> list[tuple[str, object]]:
    """What the run has stored."""
    events = [event for event in trial.events if isinstance(event, NodeFinished)]
    return [(write.name, write.operand) for event in events for write in event.conversation_writes if write.kept]


class Repeatable:
    """A tool that may be called again."""

    type, kind, repeatable = "tool", "executable", True

    @classmethod
    def parse(cls, node_id: str, data: Any) -> Any:
        return cls()

    def references(self) -> Any:
        return ()

    async def run(self, context: Any) -> NodeOutcome:
        return NodeOutcome(outputs={"text": "x"})


async def journal_until(writes: int) -> list[JournalEntry]:
    """What was durable when so many rounds had written."""
    journal = ListJournal()
    await run(GRAPH, pool=conversation(), kinds={"tool": Repeatable}, journal=journal)
    inside = [entry for entry in journal.entries if isinstance(entry, WroteInside)]
    assert [list(entry.place) for entry in inside] == [["it", str(number), "add"] for number in range(3)]
    before = journal.entries[: journal.entries.index(inside[writes - 1]) + 1]
    # Journals travel: what comes back from JSON must do.
    return msgspec.json.decode(msgspec.json.encode(before), type=list[JournalEntry])


@pytest.mark.parametrize("writes", [1, 2, 3])
async def test_a_container_that_is_done_again_stores_only_what_was_not_stored(writes: int) -> None:
    entries = await journal_until(writes)
    trial = await run(GRAPH, pool=conversation(), kinds={"tool": Repeatable}, resume=Resume.from_entries(entries))
    assert kept(trial) == [("n", 1), ("seen", "a"), ("n", 1), ("seen", "b"), ("n", 1), ("seen", "c")][2 * writes :]
    assert trial.result.outputs == {"n": 13, "seen": ["a", "b", "c"]}


async def test_what_a_container_wrote_that_must_not_be_done_again_stays_in_view() -> None:
    started = StartedNode("it", "old-id")
    resume = Resume.from_entries([*await journal_until(2), started])
    trial = await run(GRAPH, pool=conversation(), resume=resume)
    assert kept(trial) == []
    assert trial.result.outputs == {"n": 12, "seen": ["a", "b"]}

    # Once more, after the container was told as failed: its entry knows what it had written.
    journal = ListJournal()
    await run(GRAPH, pool=conversation(), resume=resume, journal=journal)
    told = [entry for entry in journal.entries if isinstance(entry, FinishedNode) and entry.node_id == "it"]
    trial = await run(GRAPH, pool=conversation(), resume=Resume.from_entries([*await journal_until(2), *told]))
    assert trial.result.outputs == {"n": 12, "seen": ["a", "b"]}


async def test_a_conversation_as_it_is_now_holds_what_was_done_to_it() -> None:
    entries = [entry for entry in await journal_until(1) if isinstance(entry, FinishedNode)]
    resume = Resume.from_entries(entries, as_begun=False)
    trial = await run(GRAPH, pool=conversation(10), kinds={"tool": Repeatable}, resume=resume)
    assert trial.result.outputs == {"n": 13, "seen": ["a", "b", "c"]}


async def test_what_rounds_side_by_side_add_adds_up() -> None:
    graph = msgspec.json.decode(msgspec.json.encode(GRAPH), type=dict[str, Any])
    graph["nodes"][1]["data"] |= {"is_parallel": True, "parallel_nums": 3}
    trial = await run(graph, pool=conversation(), kinds={"tool": Repeatable})
    assert (trial.result.outputs["n"], sorted(trial.result.outputs["seen"])) == (13, ["a", "b", "c"])
