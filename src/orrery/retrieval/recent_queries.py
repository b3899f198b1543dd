"""`RecentQueries`: the vectors of queries asked in the last minutes, in this process's memory (knowledge.md 6.1)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

from orrery.inference.types import ModelRef

_SECONDS = 600.0
_ENTRIES = 2000


class RecentQueries:
    """A `QueryCache`: an entry lives ten minutes since it was last asked for. ``clock`` gives seconds."""

    def __init__(self, *, clock: Callable[[], float] = monotonic, entries: int = _ENTRIES) -> None:
        self._clock, self._most = clock, entries
        self._kept: OrderedDict[tuple[str, str, str], tuple[float, bytes]] = OrderedDict()  # the latest asked last

    async def get(self, model: ModelRef, query_hash: str) -> bytes | None:
        key = (model.provider, model.name, query_hash)
        found = self._kept.pop(key, None)
        if found is None or self._clock() - found[0] > _SECONDS:
            return None
        self._kept[key] = (self._clock(), found[1])
        return found[1]

    async def put(self, model: ModelRef, query_hash: str, vector: bytes) -> None:
        key = (model.provider, model.name, query_hash)
        self._kept[key] = (self._clock(), vector)
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
