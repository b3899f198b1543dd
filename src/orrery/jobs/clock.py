"""Time as jobs know it. Wall time for what people plan, monotonic time for leases, which a clock jump must not end."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Protocol

from orrery.database.orm import utc_now


class Clock(Protocol):
    """``now`` is aware UTC, ``monotonic`` seconds that never step, ``sleep`` waits seconds of this clock."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clocks and the event loop's timers."""

    def now(self) -> datetime:
        return utc_now()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
