"""File values inside outputs: their signed addresses are made when they are shown (workflow.md 2.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from orrery.workflow.segments import is_file

Sign = Callable[[Mapping[str, object]], str]


def with_urls(value: object, sign: Sign) -> object:
    """The value with a fresh ``url`` in every file; the very same object when it holds none."""
    if isinstance(value, dict):
        mapping = cast("dict[str, object]", value)
        if is_file(mapping):
            return {**mapping, "url": sign(mapping)}
        changed = {key: with_urls(item, sign) for key, item in mapping.items() if _may_hold_files(item)}
        if any(changed[key] is not mapping[key] for key in changed):
            return {**mapping, **changed}
        return mapping
    if isinstance(value, list):
        items = cast("list[object]", value)
        signed = [with_urls(item, sign) if _may_hold_files(item) else item for item in items]
        return signed if any(new is not old for new, old in zip(signed, items, strict=True)) else items
    return value


def _may_hold_files(value: object) -> bool:
    return isinstance(value, dict | list)


def files_of(outputs: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Files found in outputs: values, or elements of lists."""
    found: list[Mapping[str, object]] = []
    for value in outputs.values():
        candidates = cast("list[object]", value) if isinstance(value, list) else [value]
        found.extend(cast("Mapping[str, object]", item) for item in candidates if is_file(item))
    return found
