"""An event loop whose time passes only when nothing else is left to do: waits take no time, and none comes late.

For tests of what happens after so many seconds, as long as nothing but the loop is at work: no socket, no thread.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import ParamSpec, cast

P = ParamSpec("P")

_one_turn = cast("Callable[[asyncio.AbstractEventLoop], None]", vars(asyncio.BaseEventLoop)["_run_once"])


class TimelessLoop(asyncio.SelectorEventLoop):
    """``time()`` starts at zero and jumps to the next timer as soon as the loop would wait for it."""

    _ready: object
    _scheduled: list[asyncio.TimerHandle]

    def __init__(self) -> None:
        super().__init__()
        self._passed = 0.0

    def time(self) -> float:
        return self._passed

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:
            self._passed = max(self._passed, self._scheduled[0].when())
        _one_turn(self)


def timeless(test: Callable[P, Coroutine[object, object, None]]) -> Callable[P, None]:
    """Runs an asynchronous test on such a loop."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=TimelessLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run
