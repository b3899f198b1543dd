"""How much of each fault is tried: a taste in every test run, the table's counts with ``python -m tests.fault --full``."""

from __future__ import annotations

import os

FULL = os.environ.get("ORRERY_FAULT_FULL") == "1"
THOROUGH = "ORRERY_FAULT_FULL" in os.environ
"""True for ``python -m tests.fault``, with or without ``--full``: also what takes long, or differs little."""


def scaled(taste: int, full: int) -> int:
    """The count for this run."""
    return full if FULL else taste
