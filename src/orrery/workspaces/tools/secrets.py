"""Secrets of tools between forms and rows: sealed, opened for calls, masked for people."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from orrery.security.masking import UNCHANGED, mask_tool_credential


def masked(values: Mapping[str, object], secret: Collection[str]) -> dict[str, object]:
    """What may be shown: secret fields with only their ends readable."""
    return {
        name: mask_tool_credential(value) if name in secret and isinstance(value, str) and value else value
        for name, value in values.items()
    }


def merged(given: Mapping[str, object], kept: Mapping[str, object], secret: Collection[str]) -> dict[str, object]:
    """The given values, where a secret that comes back as it was shown, or marked unchanged, keeps its stored value."""
    result: dict[str, object] = {}
    for name, value in given.items():
        before = kept.get(name)
        shown = mask_tool_credential(before) if isinstance(before, str) and before else None
        if name in secret and before is not None and isinstance(value, str) and value in {UNCHANGED, shown}:
            result[name] = before
        elif value != UNCHANGED:
            result[name] = value
    return result


def origin_of(url: str) -> tuple[str, str]:
    """Scheme and host: secrets that were given for one are not for another."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
