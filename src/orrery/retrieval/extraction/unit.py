"""What a document comes apart into before it is split: pages, rows, sections, or all of it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from orrery.retrieval.extraction.limits import MAX_TEXT_CHARACTERS, UnreadableDocument
from orrery.whole_text import whole


class Unit(msgspec.Struct, frozen=True, array_like=True):
    """A part of a document that no piece goes beyond (knowledge.md 2.4); ``page`` counts from 1."""

    text: str
    page: int | None = None


def bounded(units: Iterable[Unit], limit: int = MAX_TEXT_CHARACTERS) -> list[Unit]:
    """The units that have any text, as databases can store it: without halves of characters and NUL.

    Raises `UnreadableDocument` when there is too much of it.
    """
    kept: list[Unit] = []
    for unit in units:
        limit -= len(unit.text)
        if limit < 0:
            raise UnreadableDocument(f"the document holds more than {MAX_TEXT_CHARACTERS} characters")
        text = whole(unit.text).replace("\0", "")
        if text.strip():
            kept.append(Unit(text, unit.page))
    return kept
