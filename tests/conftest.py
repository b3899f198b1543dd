"""For all tests: properties have no deadlines, since a busy machine is no fault."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("orrery", deadline=None)
settings.load_profile("orrery")
