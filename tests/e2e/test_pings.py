"""Pings of a stream (workflow.md 4.1), with an interval that a test can wait for."""

from __future__ import annotations

import asyncio

from starlette.types import Message

from orrery.apps.runs.event_log import EventLog
from orrery.http.streams import event_stream


async def test_a_silent_stream_is_pinged_and_says_its_frames_in_order() -> None:
    log, sent = EventLog(), list[Message]()
    gone = asyncio.Event()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    def pings() -> int:
        return b"".join(part.get("body", b"") for part in sent).count(b"event: ping\n\n")

    serving = asyncio.create_task(event_stream(log, pause=0.02)({"type": "http"}, receive, send))
    async with asyncio.timeout(60):
        while pings() < 2:
            await asyncio.sleep(0.005)
        log.publish(log.number(['{"event":"one"}', '{"event":"two"}']))
        log.close()
        await serving
    body = b"".join(part.get("body", b"") for part in sent)
    assert body.replace(b"event: ping\n\n", b"") == b'data: {"event":"one"}\n\ndata: {"event":"two"}\n\n'
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert asyncio.all_tasks() == {asyncio.current_task()}
