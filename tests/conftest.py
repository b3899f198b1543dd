"""For all tests: properties have no deadlines, since a busy machine is no fault, and try the same examples each time.

With ORRERY_EXPLORE=1 the examples are drawn anew.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "orrery",
    deadline=None,
    derandomize=os.environ.get("ORRERY_EXPLORE") != "1",
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("orrery")
