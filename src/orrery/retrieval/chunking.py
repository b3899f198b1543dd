"""Documents into chunks: the order of cleaning, splitting and trimming for each form (knowledge.md 2.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec

from orrery.retrieval.cleaning import cleaned, storable, without_leading_marks, without_leading_stop
from orrery.retrieval.rules import ProcessRule, Segmentation, require_form
from orrery.retrieval.splitting import at_separator, at_structure


class Passage(Protocol):
    """What extraction gives: a page, row, section or whole text. Chunks never span two of them."""

    @property
    def text(self) -> str: ...


class Chunk(msgspec.Struct, frozen=True):
    """A segment to be; ``children`` only for hierarchical documents, and then never empty."""

    content: str
    children: tuple[str, ...] = ()


def chunks_of(units: Iterable[Passage], rule: ProcessRule, form: str) -> list[Chunk]:
    """Chunks in the order of the text, none empty. Raises `BadRule` where the rule does not fit the form."""
    return list(each_chunk(units, rule, form))


def each_chunk(units: Iterable[Passage], rule: ProcessRule, form: str) -> Iterator[Chunk]:
    """As `chunks_of`, one at a time: a large document need not be held in pieces."""
    require_form(rule, form)
    if form == "text_model":
        for unit in units:
            for piece in _pieces(cleaned(unit.text, rule), rule):
                if piece.strip() and (content := without_leading_marks(piece).strip()):
                    yield Chunk(content)
        return
    for content in _parents(units, rule):
        yield Chunk(content, children_of(content, rule))


def children_of(parent: str, rule: ProcessRule) -> tuple[str, ...]:
    """A parent's child chunks; a parent of punctuation alone is its own child, so that it can be found.

    Raises `BadRule` where the rule has no children.
    """
    if rule.subchunks is None:
        require_form(rule, "hierarchical_model")
        return ()
    return tuple(_without_stops(at_separator(parent, rule.subchunks))) or (parent,)


def _parents(units: Iterable[Passage], rule: ProcessRule) -> Iterator[str]:
    if rule.parent_mode == "full-doc":
        whole = "\n".join(storable(unit.text) for unit in units)
        if whole.strip():
            yield whole
        return
    for unit in units:
        yield from _without_stops(_pieces(cleaned(unit.text, rule), rule))


def _pieces(text: str, rule: ProcessRule) -> Iterator[str]:
    segmentation = rule.segmentation or Segmentation()
    return at_structure(text, segmentation) if rule.mode == "automatic" else at_separator(text, segmentation)


def _without_stops(pieces: Iterable[str]) -> Iterator[str]:
    for piece in pieces:
        if content := without_leading_stop(piece.strip()).strip():
            yield content
