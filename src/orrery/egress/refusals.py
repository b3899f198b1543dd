"""The latest destinations that were refused, for operators who wonder why something is not reached."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import msgspec

_MOST: Final = 100
_LONGEST: Final = 255


class RefusedDestination(msgspec.Struct, frozen=True, kw_only=True):
    """A host that was asked for. Only the name and the port are kept: paths and queries may hold secrets."""

    host: str
    port: int
    times: int
    first: datetime
    last: datetime


class Refusals:
    """Remembers the hundred destinations that were refused last, in this process only."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._found: OrderedDict[tuple[str, int], RefusedDestination] = OrderedDict()

    def note(self, host: str, port: int) -> None:
        """Counts one refusal."""
        key, now = (host[:_LONGEST].lower(), port), self._clock()
        known = self._found.pop(key, None)
        first, times = (now, 0) if known is None else (known.first, known.times)
        self._found[key] = RefusedDestination(host=key[0], port=port, times=times + 1, first=first, last=now)
        if len(self._found) > _MOST:
            self._found.popitem(last=False)

    def latest(self) -> list[RefusedDestination]:
        """The destinations, the last refused first."""
        return list(reversed(self._found.values()))
