"""What the runs room is told by the settings, as the engine's and its own words."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from orrery.apps.runs.truncation import DisplayLimits
from orrery.workflow.limits import RunLimits


class RunPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds on runs. ``max_active``: runs of one app at a time, 0 for no bound; times in seconds."""

    engine: RunLimits = RunLimits()
    display: DisplayLimits = DisplayLimits()
    default_active_requests: int = 0
    max_active_requests: int = 0
    max_live_runs: int = 5000
    """Runs in one process; beyond it callers are told to come back (reliability.md 3.1, G8)."""

    lease: timedelta = timedelta(seconds=30)
    """How long a run belongs to a process that stopped renewing."""

    moderated_every: int = 300
    """Characters of an answer after which it is judged again, where an app moderates what is said."""

    def bound_for(self, app_limit: int | None) -> int:
        """The smallest positive of the app's own limit (or the default) and the ceiling; 0 for none."""
        own = app_limit or self.default_active_requests
        positive = [limit for limit in (own, self.max_active_requests) if limit > 0]
        return min(positive, default=0)
