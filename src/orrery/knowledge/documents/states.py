"""The states that a document goes through while it is indexed (knowledge.md 1.2)."""

from __future__ import annotations

from typing import Final

WAITING: Final = "waiting"
PARSING: Final = "parsing"
SPLITTING: Final = "splitting"
INDEXING: Final = "indexing"
COMPLETED: Final = "completed"
ERROR: Final = "error"

UNDER_WAY = (WAITING, PARSING, "cleaning", SPLITTING, INDEXING)
"""States that a job has to lead out of. Nothing here sets ``cleaning``; rows that were moved here may have it."""

STALE: Final = "re_segment"
"""A segment whose document is being indexed anew: neither counted nor found."""
