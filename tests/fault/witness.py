"""A client that keeps all it saw: it starts a run, comes back whenever its stream breaks, and tells the whole story.

It uses only what the API promises: the run's id from the first frame, and ``Last-Event-ID``.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
from tests.support.sse import Sent, parse_frame

ENDS = frozenset({"workflow_finished", "message_end", "error"})
_PAUSE = 0.1


@dataclass
class Story:
    """What one client saw of one request. ``status`` is the first answer's, 0 when there was none."""

    mark: str
    status: int = 0
    run_id: str = ""
    frames: list[Sent] = field(default_factory=list[Sent])
    breaks: int = 0
    refusal: str = ""
    seconds: float = 0.0

    @property
    def accepted(self) -> bool:
        """True when the client was told that the run exists."""
        return bool(self.run_id)

    @property
    def ends(self) -> list[str]:
        """The statuses of the ends that were told."""
        return [str(frame.data["data"]["status"]) for frame in self.frames if frame.event == "workflow_finished"]

    @property
    def errors(self) -> list[str]:
        """Why the run failed, as its end told it."""
        finished = (frame.data["data"] for frame in self.frames if frame.event == "workflow_finished")
        return [str(end["error"]) for end in finished if end["error"]]

    @property
    def text(self) -> str:
        return "".join(str(frame.data["answer"]) for frame in self.frames if frame.event == "message")

    def check_whole(self) -> None:
        """Fails on a gap, a frame told twice or out of order, more than one end, a node finished twice."""
        numbers = [frame.seq for frame in self.frames]
        assert numbers == list(range(1, len(numbers) + 1)), (self.mark, numbers)
        assert len(self.ends) == 1, (self.mark, self.ends, self.refusal)
        done = [str(frame.data["data"]["id"]) for frame in self.frames if frame.event == "node_finished"]
        assert len(done) == len(set(done)), (self.mark, done)


class Witness:
    """Sends requests to the servers in turn. Close with ``async with``."""

    def __init__(self, urls: Sequence[str], key: str, *, patience: float = 180.0) -> None:
        self._urls = itertools.cycle(urls)
        self._patience = patience
        self._client = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {key}"},
            timeout=httpx.Timeout(60, read=patience),
            trust_env=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def run(self, path: str, body: dict[str, object], mark: str, *, key: str | None = None) -> Story:
        """A streamed run, followed to its end over every break. With ``key``, the request itself is repeated too."""
        story, began = Story(mark), time.monotonic()
        headers = {"Last-Event-ID": "0", **({"Idempotency-Key": key} if key else {})}
        content = {**body, "response_mode": "streaming"}
        while not story.accepted:
            await self._read(story, "POST", f"{next(self._urls)}/v1{path}", json=content, headers=headers)
            if key is None or story.accepted or time.monotonic() - began > self._patience:
                break
            await asyncio.sleep(_PAUSE)
        while story.accepted and not _is_over(story) and time.monotonic() - began < self._patience:
            story.breaks += 1
            await asyncio.sleep(_PAUSE)
            await self.come_back(story)
        story.seconds = time.monotonic() - began
        return story

    async def come_back(self, story: Story) -> None:
        """The rest of the story from any server."""
        last = story.frames[-1].seq if story.frames else 0
        url = f"{next(self._urls)}/v1/workflow/{story.run_id}/events"
        await self._read(story, "GET", url, params={"user": "ann"}, headers={"Last-Event-ID": str(last)})

    async def _read(self, story: Story, method: str, url: str, **request: Any) -> None:
        held = b""
        try:
            async with self._client.stream(method, url, **request) as response:
                story.status = story.status or response.status_code
                if response.status_code != 200:
                    story.refusal = f"{response.status_code} {(await response.aread()).decode()}"
                    return
                async for chunk in response.aiter_raw():
                    held += chunk
                    while (at := held.find(b"\n\n")) >= 0:
                        block, held = held[:at], held[at + 2 :]
                        _keep(story, parse_frame(block))
        except httpx.TransportError as error:
            story.refusal = type(error).__name__


def _keep(story: Story, frame: Sent) -> None:
    if frame.event == "ping":
        return
    story.frames.append(frame)
    story.run_id = story.run_id or str(frame.data.get("workflow_run_id") or "")


def _is_over(story: Story) -> bool:
    events = {frame.event for frame in story.frames}
    chat = any(frame.event == "message" or "conversation_id" in frame.data for frame in story.frames)
    return bool(events & {"message_end", "error"}) if chat else bool(events & ENDS)
