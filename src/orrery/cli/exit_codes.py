"""Exit codes that scripts can use. Apart from `failing`, so that light roles need not load the database's library."""

from __future__ import annotations

EXIT_FAILED = 1
EXIT_CONFIGURATION = 78
"""EX_CONFIG of sysexits.h: starting again without a change will not help."""
EXIT_UNAVAILABLE = 69
"""EX_UNAVAILABLE: something that this needs is down."""
