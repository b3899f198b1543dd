"""Small jobs for unit tests, and what they heard."""

from __future__ import annotations

import asyncio

import msgspec

from orrery.jobs import Attempt, Due, Handler, job, scheduled


class Ping(msgspec.Struct):
    text: str


class Pong(msgspec.Struct):
    number: int = 0


class Wait(msgspec.Struct):
    pass


class Samples:
    def __init__(self) -> None:
        self.heard: list[object] = []
        self.most_at_once = 0
        self.error: BaseException | None = None
        self.go = asyncio.Event()
        self._now = 0

    def declared(self) -> tuple[Handler, ...]:
        return (self.ping, self.pong, self.wait)

    @job("ping", queue="mail", retries=2, retry_delay=10, lease=30)
    async def ping(self, payload: Ping) -> None:
        self.heard.append(payload.text)
        if self.error is not None:
            raise self.error

    @job("pong", queue="dataset", retries=0)
    async def pong(self, payload: Pong, attempt: Attempt) -> None:
        self.heard.append((payload.number, attempt.number, attempt.last))

    @job("wait", queue="plugin", timeout=None, lease=30)
    async def wait(self, payload: Wait) -> None:
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            await self.go.wait()
        finally:
            self._now -= 1
        self.heard.append("waited")


class Nightly:
    @scheduled(cron="30 2 * * *", grace=3600)
    @job("nightly", queue="retention")
    async def nightly(self, due: Due) -> None: ...


class Minutely:
    @scheduled(every=60, grace=600, missed="each")
    @job("minutely", queue="schedule_poller")
    async def minutely(self, due: Due) -> None: ...
