"""JSON as models and people write it: mended where it is broken, for a bounded price.

The mender takes quadratic time on some texts (6 kB of them took 8 s), and a text may be an attacker's. So only what
is no proper JSON gets to it, away from the event loop, and only for a while.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from types import FrameType

import json_repair

from orrery.whole_text import whole_values

MAX_CHARACTERS = 2_000_000
MAX_SECONDS = 2.0
"""CPU time for mending one text; 80 kB of ordinary broken JSON take a quarter of it."""


class BrokenJson(ValueError):
    """A text that is no JSON and can't be mended."""


class _OutOfTime(BaseException):
    """Not an `Exception`, so that the mender can't take it for one of its own."""


async def read_json(text: str) -> object:
    """The value that the text means; "" for a text without any JSON. Raises `BrokenJson`."""
    try:
        return whole_values(json.loads(text, strict=False, parse_constant=_no_number))
    except (ValueError, RecursionError):
        pass
    if len(text) > MAX_CHARACTERS:
        raise BrokenJson(f"not JSON, and with {len(text)} characters too long to mend")
    return await asyncio.to_thread(_mend, text, MAX_SECONDS)


def _no_number(name: str) -> object:
    """NaN and the infinities, which JSON doesn't have."""
    raise ValueError(name)


def _mend(text: str, seconds: float) -> object:
    deadline = time.thread_time() + seconds

    events = 0

    def watch(_frame: FrameType, _event: str, _arg: object) -> None:
        nonlocal events
        events += 1
        # Asking the clock costs ten times what counting does.
        if not events % 128 and time.thread_time() > deadline:
            raise _OutOfTime

    before = sys.getprofile()
    sys.setprofile(watch)  # of this thread only
    try:
        return whole_values(json_repair.loads(text, skip_json_loads=True))
    except _OutOfTime as error:
        raise BrokenJson(f"not JSON, and not mended within {seconds} s") from error
    except (ValueError, RecursionError) as error:
        raise BrokenJson(str(error)) from error
    finally:
        sys.setprofile(before)
