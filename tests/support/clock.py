"""A wall clock that tests move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class MovableClock:
    """Stands still until `advance`. ``now()`` is aware UTC, ``seconds()`` Unix seconds, ``monotonic()`` from zero."""

    def __init__(self, start: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)) -> None:
        self._start = start
        self._passed = timedelta()

    def advance(self, **amount: float) -> None:
        """Moves on, for example by ``minutes=5``."""
        self._passed += timedelta(**amount)

    def now(self) -> datetime:
        return self._start + self._passed

    def seconds(self) -> float:
        return self.now().timestamp()

    def monotonic(self) -> float:
        return self._passed.total_seconds()
