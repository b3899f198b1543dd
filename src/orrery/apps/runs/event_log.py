"""The frames of one run, in order: what watchers read from, also late ones and those who come back.

A frame's sequence number is its place in the stream, from 1: a client that counted frames can come back as well as
one that was told ids. The log is bounded; who falls behind its window reads on from the store.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence

import msgspec

_WINDOW_BYTES = 5 * 1024 * 1024
_BATCH_BYTES = 64 * 1024


class Frame(msgspec.Struct, frozen=True, array_like=True):
    """``data`` is the JSON of one event, without the ``data:`` prefix; ``of`` names the source of a text whose frame
    does not say all of it: the round of a container.
    """

    seq: int
    data: str
    of: str = ""


class FellBehind(Exception):
    """The wanted frames are no longer in the window; they are in the store."""


class EventLog:
    """Published frames of a run in this process. All calls happen on the event loop."""

    def __init__(self, first_seq: int = 1) -> None:
        self._frames: list[Frame] = []
        self._next = first_seq
        self._bytes = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self.closed = False

    @property
    def last_seq(self) -> int:
        return self._next - 1

    def number(self, data: Sequence[str], sources: Sequence[str] = ()) -> list[Frame]:
        """Gives the next numbers to new frames, without publishing them; ``sources`` holds each frame's ``of``."""
        first = self._next
        self._next += len(data)
        named = itertools.zip_longest(data, sources, fillvalue="")
        return [Frame(first + i, text, of) for i, (text, of) in enumerate(named)]

    def publish(self, frames: Sequence[Frame]) -> None:
        """Shows frames to watchers; they must be durable by now."""
        self._frames.extend(frames)
        self._bytes += sum(len(frame.data) for frame in frames)
        while self._bytes > _WINDOW_BYTES and len(self._frames) > 1:
            self._bytes -= len(self._frames.pop(0).data)
        self._wake()

    def close(self) -> None:
        """No frame follows."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            _wake_one(future)

    async def follow(self, after: int = 0, *, pause: float | None = None) -> AsyncIterator[Sequence[Frame]]:
        """Batches of frames with numbers above ``after``, until the log closes. Raises `FellBehind`.

        Batches are small: whoever waits for a slow reader holds one, which the window no longer bounds.
        With ``pause``, an empty batch comes in every interval of that many seconds, busy or not.
        """
        loop = asyncio.get_running_loop()
        due = loop.time() + (pause or 0.0)
        while True:
            if pause is not None and loop.time() >= due:
                due += pause
                yield ()
            frames = self._frames
            if frames and frames[-1].seq > after:
                start = after + 1 - frames[0].seq
                if start < 0:
                    raise FellBehind
                batch = _batch(frames, start)
                after = batch[-1].seq
                yield batch
            elif self.closed:
                return
            else:
                await self._change(loop, None if pause is None else due)

    async def _change(self, loop: asyncio.AbstractEventLoop, until: float | None) -> None:
        """Returns when something was published, the log was closed, or the time has come."""
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.add(future)
        timer = None if until is None else loop.call_at(until, _wake_one, future)
        try:
            await future
        finally:
            self._waiting.discard(future)
            if timer is not None:
                timer.cancel()


def _batch(frames: Sequence[Frame], start: int) -> Sequence[Frame]:
    """Frames from ``start`` on, up to about `_BATCH_BYTES`, and one at least."""
    size = 0
    for at in range(start, len(frames)):
        size += len(frames[at].data)
        if size >= _BATCH_BYTES:
            return frames[start : at + 1]
    return frames[start:]


def _wake_one(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
