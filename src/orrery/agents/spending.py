"""What an agent used goes with whatever ends it early: the vendor charges for it all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager

from orrery.agents.errors import AgentMaxIterationError
from orrery.inference.cut_off import note_spent
from orrery.inference.types import InvokeError, Usage


@contextmanager
def told_with(spent: Callable[[], Usage]) -> Generator[None]:
    """Adds what was used by then to errors and cancellations; the call that failed says its own part."""
    try:
        yield
    except (InvokeError, AgentMaxIterationError) as error:
        error.usage = spent() + (error.usage or Usage())
        raise
    except asyncio.CancelledError as cut:
        note_spent(cut, spent())
        raise
