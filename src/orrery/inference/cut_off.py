"""What a model call had used when somebody cut it off: it travels with the cancellation, which must stay what it is.

`asyncio` tells cancellations by their exact class, so the estimate is one of the arguments of the error.
"""

from __future__ import annotations

import asyncio

from orrery.inference.types import Usage


def note_spent(cut: asyncio.CancelledError, usage: Usage) -> None:
    """Adds to what was used until the cut."""
    cut.args = (*(arg for arg in cut.args if not isinstance(arg, Usage)), spent_until(cut) + usage)


def spent_until(cut: asyncio.CancelledError) -> Usage:
    """What was used until the cut, nothing where nobody noted it."""
    return sum((arg for arg in cut.args if isinstance(arg, Usage)), Usage())
