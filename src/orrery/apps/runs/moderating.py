"""Moderation of one turn: its question before the engine starts, its answer while it comes (workflow.md 1.7)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from orrery.apps.moderation.protocol import Judged, Moderator, Said
from orrery.apps.runs.spec import RunSpec


def said_in(spec: RunSpec) -> Said:
    """What the user of a run sends."""
    return Said(app_id=spec.app_id, inputs=spec.inputs, query=spec.turn.query if spec.turn is not None else "")


class TurnModeration:
    """Judges the answer each time that ``every`` characters have come, one judgement at a time, and at its end.

    ``flagged`` is called once, with what is shown instead; from then on `silenced` holds.
    """

    def __init__(self, moderator: Moderator, spec: RunSpec, *, every: int, begun: bool = False) -> None:
        """``begun``: nodes were done already, so the question was judged."""
        self._moderator, self._spec, self._every, self._begun = moderator, spec, every, begun
        self._answer: list[str] = []
        self._new = 0
        self._task: asyncio.Task[None] | None = None
        self._failure: Exception | None = None
        self.flagged: Callable[[str], None] = _nobody
        self.failed: Callable[[Exception], None] = _nobody_either
        self.silenced = False

    async def judge_question(self) -> Judged | None:
        """Raises `ModerationFailed`."""
        return None if self._begun else await self._moderator.judge_inputs(said_in(self._spec))

    def hear(self, text: str) -> None:
        """Takes the next piece of the answer."""
        if self.silenced:
            return
        self._answer.append(text)
        self._new += len(text)
        if self._new >= self._every and self._task is None:
            self._task = asyncio.create_task(self._judge(), name=f"moderation-{self._spec.run_id}")

    async def settle(self) -> None:
        """Judges what is left. Raises `ModerationFailed`."""
        while not self.silenced and self._failure is None and (self._new or self._task is not None):
            if self._task is None:
                self._task = asyncio.create_task(self._judge(), name=f"moderation-{self._spec.run_id}")
            await asyncio.wait((self._task,))
        if self._failure is not None:
            raise self._failure

    async def close(self) -> None:
        """Ends a judgement that is under way."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _judge(self) -> None:
        try:
            text, new = "".join(self._answer), self._new
            self._new = 0
            reach = self._moderator.reach
            seen = text if reach is None else text[max(0, len(text) - new - reach) :]
            self._answer = [text if reach is None else text[len(text) - min(reach, len(text)) :]]
            instead = await self._moderator.judge_output(seen)
            if instead is not None:
                self.silenced = True
                self.flagged(instead)
        except Exception as error:  # noqa: BLE001  (told to whoever settles; the run is ended at once)
            self._failure = error
            self.failed(error)
        finally:
            self._task = None


def _nobody(_: str) -> None:
    """Nobody listens yet."""


def _nobody_either(_: Exception) -> None:
    """Nobody listens yet."""
