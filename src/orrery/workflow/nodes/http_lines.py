"""Header and parameter lines of a request, and what may stand in a header (workflow.md 3.15).

Lines are cut before values are filled in, and a value never ends its line: what a variable holds can't add a header.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from orrery.workflow.nodes.http_errors import HttpRequestNodeError

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]+")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

Fill = Callable[[str], str]


def pairs(text: str, fill: Fill) -> list[tuple[str, str]]:
    """(key, value) of each ``key:value`` line, both filled in; lines without a key are skipped."""
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key := fill(key.strip()).strip():
            found.append((key, fill(value.strip())))
    return found


def header_name(name: str) -> str:
    """Raises `HttpRequestNodeError` for what HTTP doesn't allow in a name."""
    if not _TOKEN.fullmatch(name):
        raise HttpRequestNodeError(f"Invalid header name: {name!r}")
    return name


def header_value(value: str) -> str:
    """The value on one line: control characters become a space."""
    return _CONTROL.sub(" ", value).strip()


class RequestHeaders:
    """Headers by name, whatever the case; the last one of a name counts, as the name was last written."""

    def __init__(self) -> None:
        self._by_name: dict[str, tuple[str, str]] = {}

    def set(self, name: str, value: str) -> None:
        """Raises `HttpRequestNodeError`."""
        name = header_name(name)
        self._by_name[name.lower()] = (name, header_value(value))

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._by_name

    def get(self, name: str) -> str | None:
        found = self._by_name.get(name.lower())
        return found[1] if found else None

    def as_dict(self) -> dict[str, str]:
        return dict(self._by_name.values())
