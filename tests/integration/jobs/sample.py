"""Jobs whose effects can be seen from outside: lines of a file, also across processes."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from orrery.jobs import Attempt, Due, GiveUp, Handler, TryAgain, job, scheduled


class Note(msgspec.Struct):
    text: str


class FailFirst(msgspec.Struct):
    times: int


class Doomed(msgspec.Struct):
    text: str


class Hopeless(msgspec.Struct):
    reason: str


class Endless(msgspec.Struct):
    pass


class Slow(msgspec.Struct):
    seconds: float
    text: str = "slow"


class Held(msgspec.Struct):
    """Goes on until its `may_end` is there."""

    text: str


class Later(msgspec.Struct):
    seconds: float


class Chore(msgspec.Struct):
    """Goes on until ``after`` stands among the effects. One at a time of each tenant."""

    tenant_id: str
    text: str
    after: str = ""


class Rich(msgspec.Struct):
    at: datetime
    numbers: list[int]
    words: dict[str, str | None]


def may_end(folder: Path, text: str) -> Path:
    """The file that lets a held job of this text end once it is there."""
    return folder / f"{text} may end"


class SampleJobs:
    """``folder`` is where the file of effects lies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "effects"

    def declared(self) -> tuple[Handler, ...]:
        return (
            self.note, self.fail_first, self.doomed, self.hopeless, self.endless, self.slow, self.held, self.later,
            self.rich, self.chore,
        )  # fmt: skip

    def _write(self, line: str) -> None:
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(handle, f"{line}\n".encode())
        finally:
            os.close(handle)

    @job("note", queue="mail", lease=30)
    async def note(self, payload: Note) -> None:
        self._write(payload.text)

    @job("fail_first", queue="dataset", retries=3, retry_delay=0.05, lease=30)
    async def fail_first(self, payload: FailFirst, attempt: Attempt) -> None:
        self._write(f"attempt {attempt.number}{' last' if attempt.last else ''}")
        if attempt.number <= payload.times:
            raise RuntimeError(f"failure {attempt.number}")

    @job("doomed", queue="dataset", retries=1, retry_delay=0.01, lease=30)
    async def doomed(self, payload: Doomed) -> None:
        self._write(payload.text)
        raise RuntimeError("never works")

    @job("hopeless", queue="dataset", retries=5, lease=30)
    async def hopeless(self, payload: Hopeless) -> None:
        self._write("hopeless")
        raise GiveUp(payload.reason)

    @job("endless", queue="plugin", retries=0, timeout=0.1, lease=30)
    async def endless(self, payload: Endless) -> None:
        await asyncio.Event().wait()

    @job("slow", queue="workflow", retries=0, lease=3)
    async def slow(self, payload: Slow) -> None:
        self._write(f"{payload.text} begins {os.getpid()}")
        await asyncio.sleep(payload.seconds)
        self._write(f"{payload.text} ends {os.getpid()}")

    @job("held", queue="workflow", retries=0, lease=3)
    async def held(self, payload: Held) -> None:
        self._write(f"{payload.text} begins {os.getpid()}")
        while not may_end(self._folder, payload.text).exists():
            await asyncio.sleep(0.02)
        self._write(f"{payload.text} ends {os.getpid()}")

    @job("later", queue="conversation", retries=1, retry_delay=100, lease=30)
    async def later(self, payload: Later, attempt: Attempt) -> None:
        self._write(f"later {attempt.number}")
        if attempt.number == 1:
            raise TryAgain("not yet", after=payload.seconds)

    @job("chore", queue="priority_dataset", lease=30, tenant="tenant_id")
    async def chore(self, payload: Chore) -> None:
        while payload.after and payload.after not in self._path.read_text().splitlines():
            await asyncio.sleep(0.02)
        self._write(payload.text)

    @job("rich", queue="mail", lease=30)
    async def rich(self, payload: Rich) -> None:
        self._write(f"{payload.at.astimezone(UTC).isoformat()} {sum(payload.numbers)} {payload.words}")


class MinuteJobs(SampleJobs):
    """One schedule: every minute of whatever clock is used. ``grace``: seconds of that clock."""

    def __init__(self, folder: Path, grace: float = 600.0) -> None:
        super().__init__(folder)
        self._grace = grace

    def declared(self) -> tuple[Handler, ...]:
        @scheduled(every=60, missed="each", grace=self._grace)
        @job("minute", queue="schedule_poller", lease=60)
        async def minute(due: Due) -> None:
            self._write(due.due_at.isoformat())

        return (minute,)
