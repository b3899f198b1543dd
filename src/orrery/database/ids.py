"""Time-ordered ids: UUID version 7 (RFC 9562, 5.7) as text, increasing within a process."""

from __future__ import annotations

import os
import threading
import time
import uuid

_RANDOM_BYTES = 2048

NIL_ID = "00000000-0000-0000-0000-000000000000"


class IdSource:
    """Makes ids that sort by creation. Thread safe; a clock that steps back does not break the order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0
        self._random = b""
        self._used = 0

    def __call__(self) -> str:
        # 48 bits of milliseconds, then a 12-bit counter seeded by sub-millisecond time (RFC 9562, 6.2 method 3).
        now = time.time_ns()
        stamp = (now // 1_000_000) << 12 | (now % 1_000_000) * 4096 // 1_000_000
        with self._lock:
            stamp = self._last = max(stamp, self._last + 1)
            if self._used == len(self._random):
                # One system call for many ids: a run needs about ten.
                self._random, self._used = os.urandom(_RANDOM_BYTES), 0
            random = self._random[self._used : self._used + 8]
            self._used += 8
        high = (stamp >> 12) << 16 | 0x7000 | (stamp & 0xFFF)
        low = 0x8000_0000_0000_0000 | int.from_bytes(random) >> 2
        text = f"{high << 64 | low:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


new_id = IdSource()


def is_id(text: object) -> bool:
    """True for the text of any UUID, in the spelling that the contract uses (36 characters, hyphens)."""
    if not isinstance(text, str) or len(text) != 36:
        return False
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
