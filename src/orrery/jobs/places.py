"""How many jobs a worker runs at a time, from the settings (deployment.md 3.1)."""

from __future__ import annotations

import os
import sys

from orrery.settings.groups.jobs import Jobs

DEFAULT_PLACES = 4
"""Where no variable says a number."""


def places_of(jobs: Jobs) -> int:
    """``CELERY_WORKER_CONCURRENCY``, or the bound of ``CELERY_AUTO_SCALE``, or ``CELERY_WORKER_AMOUNT``.

    A place is begun when a job first needs it, so that scaling automatically is the same as having that many places;
    ``CELERY_MIN_WORKERS`` has nothing to say.
    """
    automatic = (jobs.max_workers or _processors()) if jobs.autoscale else jobs.workers
    return jobs.concurrency or automatic or DEFAULT_PLACES


def _processors() -> int:
    """Those that this process may use, as ``nproc`` counts them; all of the machine's where that can't be asked."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
