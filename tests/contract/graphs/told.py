"""What every case tells, event by event, on one line each: kept in ``told.txt``, whose changes are to be looked at.

``python -m tests.contract.graphs.told > tests/contract/graphs/told.txt`` writes it anew.
"""

# ruff: noqa: T201

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

from orrery.workflow.events import (
    Event,
    IterationCompleted,
    IterationNext,
    IterationStarted,
    LoopCompleted,
    LoopNext,
    LoopStarted,
    NodeFinished,
    NodePaused,
    NodeRetry,
    NodeStarted,
    RunEnded,
    TextChunk,
)
from orrery.workflow.testing import Trial, event_name

KEPT = Path(__file__).with_name("told.txt")
_MOST = 40
_ENDS = {"succeeded": "-", "failed": "!", "exception": "?"}


def line_of(name: str, trial: Trial) -> str:
    """``+`` start, ``-`` good end, ``!`` failure, ``?`` failure absorbed, ``~`` retry, ``[ > ]`` containers, texts quoted.

    The later part of a long story is only summed up.
    """
    words = [_word(event) for event in trial.events[1:]]
    if len(words) > _MOST:
        rest = hashlib.sha256(" ".join(words).encode()).hexdigest()[:12]
        words = [*words[: _MOST // 2], f"...{len(words)} in all, {rest}..."]
    return f"{name}: {' '.join(words)}"


def _word(event: Event) -> str:
    if isinstance(event, TextChunk):
        return repr(event.text if len(event.text) <= 24 else f"{event.text[:20]}..{len(event.text)}")
    if isinstance(event, RunEnded):
        counts = f"{event.total_steps} steps, {event.exceptions_count} exceptions, {event.total_tokens} tokens"
        return f"= {event.status} ({counts}){'' if event.error is None else f' {event.error!r}'}"
    if isinstance(event, NodeStarted):
        return f"+{event.node_id}"
    if isinstance(event, NodeFinished):
        return f"{_ENDS[event.status]}{event.node_id}"
    if isinstance(event, NodeRetry):
        return f"~{event.node_id}"
    if isinstance(event, NodePaused):
        return f"||{event.node_id}"
    if isinstance(event, (IterationStarted, LoopStarted)):
        return f"[{event.node_id}"
    if isinstance(event, (IterationNext, LoopNext)):
        return f">{event.round}"
    if isinstance(event, (IterationCompleted, LoopCompleted)):
        return f"{event.node_id}]{event.steps}"
    return event_name(event)


def kept() -> dict[str, str]:
    """The lines as they should be, by case."""
    return {line.partition(": ")[0]: line for line in KEPT.read_text("utf-8").splitlines()}


async def main() -> None:
    from .test_graph_corpus import CORPUS, execute

    for name, case in CORPUS:
        trial, _ = await execute(case)
        print(line_of(name, trial))


if __name__ == "__main__":
    asyncio.run(main())
