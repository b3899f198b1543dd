"""Modules that most snippets import, loaded once so that a child finds them in memory."""

from __future__ import annotations

import importlib

_USUAL = (
    *("base64", "binascii", "bisect", "collections", "copy", "csv", "dataclasses", "datetime", "decimal", "enum"),
    *("functools", "hashlib", "heapq", "hmac", "html", "io", "itertools", "json", "logging", "math", "operator"),
    *("random", "re", "statistics", "string", "textwrap", "threading", "time", "traceback", "types", "typing"),
    *("unicodedata", "urllib.parse", "uuid", "zoneinfo"),
)


def warm() -> None:
    """Imports the usual modules."""
    for name in _USUAL:
        importlib.import_module(name)
