"""Frames as bytes: data lines, ids for those who ask, pings in every pause, an end for who fell behind."""

from __future__ import annotations

import asyncio

from tests.support.timeless import timeless

from orrery.apps.runs.event_log import EventLog, Frame
from orrery.http.responses import EventStream
from orrery.http.streams import PING, encode, event_stream


async def body(stream: EventStream) -> list[bytes]:
    return [chunk async for chunk in stream._source]


def test_a_frame() -> None:
    assert encode(Frame(3, '{"a":"é"}'), with_id=False) == b'data: {"a":"\xc3\xa9"}\n\n'
    assert encode(Frame(3, "{}"), with_id=True) == b"id: 3\ndata: {}\n\n"


async def test_stored_frames_come_first_and_none_twice() -> None:
    log = EventLog()
    log.publish(log.number(["1", "2", "3"]))
    log.close()
    stored = [Frame(1, "1"), Frame(2, "2")]
    chunks = await body(event_stream(log, after=2, first=stored, with_ids=True))
    assert b"".join(chunks) == b"id: 1\ndata: 1\n\nid: 2\ndata: 2\n\nid: 3\ndata: 3\n\n"


@timeless
async def test_pings_come_while_nothing_happens() -> None:
    log = EventLog()
    reading = asyncio.create_task(body(event_stream(log, pause=10)))
    await asyncio.sleep(35)
    log.publish(log.number(["x"]))
    log.close()
    chunks = await reading
    assert chunks.count(PING) == 3
    assert chunks[-1] == b"data: x\n\n"


async def test_who_fell_behind_gets_an_end() -> None:
    log = EventLog(first_seq=9)
    log.publish(log.number(["x"]))
    assert await body(event_stream(log, after=0)) == []
