"""Lets the nodes of this process wait for the sandbox, which turns away whoever comes when its own queue is full.

A parallel iteration may ask for hundreds of snippets at once; they are work that was accepted, so they wait their turn
here, as long as their run may last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Literal

from orrery.sandbox.limits import Limits
from orrery.sandbox.protocol import CodeRunner

_REMOTE = 40  # calls at once to a sandbox service: it admits 50 (``MAX_REQUESTS``), from other processes too


class QueuedRunner:
    """`CodeRunner` that gives ``runner`` no more than ``most`` calls at once; the others wait, first come first served."""

    def __init__(self, runner: CodeRunner, most: int) -> None:
        self._runner = runner
        self._turns = asyncio.Semaphore(most)

    async def call_main(
        self, language: Literal["python3", "javascript"], code: str, inputs: Mapping[str, object]
    ) -> dict[str, object]:
        """See `CodeRunner.call_main`."""
        async with self._turns:
            return await self._runner.call_main(language, code, inputs)

    async def render_template(self, template: str, inputs: Mapping[str, object]) -> str:
        """See `CodeRunner.render_template`."""
        async with self._turns:
            return await self._runner.render_template(template, inputs)


def calls_at_once(*, embedded: bool) -> int:
    """How many calls a process may have under way: here no more than can run, since one that waits too long is refused."""
    return Limits().workers if embedded else _REMOTE
