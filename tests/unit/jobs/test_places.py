from __future__ import annotations

import os
import sys

import pytest

from orrery.jobs.places import places_of
from orrery.settings.groups.jobs import Jobs


@pytest.mark.parametrize(
    ("jobs", "places"),
    [
        (Jobs(), 4),
        (Jobs(workers=2), 2),
        (Jobs(workers=2, max_workers=30), 2),
        (Jobs(workers=2, autoscale=True, max_workers=30), 30),
        (Jobs(workers=2, autoscale=True, max_workers=30, concurrency=7), 7),
    ],
)
def test_who_says_how_many_jobs_a_worker_runs(jobs: Jobs, places: int) -> None:
    assert places_of(jobs) == places


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processors are not given to processes")
def test_scaling_without_a_bound_goes_to_the_processors_of_this_process() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert places_of(Jobs(autoscale=True)) == 1
    finally:
        os.sched_setaffinity(0, before)
