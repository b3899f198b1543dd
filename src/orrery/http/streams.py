"""A run's frames on the wire: server-sent events with pings, and with ids for clients that ask for them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence

from orrery.apps.runs.event_log import EventLog, FellBehind, Frame
from orrery.http.responses import EventStream

PING = b"event: ping\n\n"
PING_SECONDS = 10.0


def event_stream(
    log: EventLog,
    *,
    after: int = 0,
    with_ids: bool = False,
    first: Sequence[Frame] = (),
    pause: float = PING_SECONDS,
) -> EventStream:
    """The answer to a streaming request: ``first``, then the log's frames after ``after``, until it closes.

    ``pause`` is the interval of pings, in seconds.
    """
    return EventStream(encoded(log, after, first, with_ids=with_ids, pause=pause))


def encode(frame: Frame, *, with_id: bool) -> bytes:
    """One frame as bytes (workflow.md 4.1)."""
    prefix = f"id: {frame.seq}\n" if with_id else ""
    return f"{prefix}data: {frame.data}\n\n".encode()


async def encoded(
    log: EventLog, after: int, first: Sequence[Frame], *, with_ids: bool, pause: float = PING_SECONDS
) -> AsyncIterator[bytes]:
    """``first``, then the log's frames after ``after``, as bytes."""
    if first:
        yield b"".join([encode(frame, with_id=with_ids) for frame in first])
    # A watcher that fell out of the window ends here: it can come back, and is then served from the store.
    with contextlib.suppress(FellBehind):
        async for frames in log.follow(after, pause=pause):
            yield b"".join([encode(frame, with_id=with_ids) for frame in frames]) if frames else PING
