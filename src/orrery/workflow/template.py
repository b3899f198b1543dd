"""Texts with ``{{#node.name#}}`` references: split once, rendered often, both in linear time (workflow.md 2.5)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import msgspec

# Every repetition is bounded, so matching costs at most a constant for each "{{#" of the text.
_REFERENCE: Final = re.compile(r"\{\{#([a-zA-Z0-9_]{1,50}(?:\.[a-zA-Z_][a-zA-Z0-9_]{0,29}){1,10})#\}\}")


class Piece(msgspec.Struct, frozen=True):
    """A literal text, or a reference whose ``text`` is its bare path.

    ``selector`` of a literal is set when the text could be read as a path: rendering replaces it if it resolves.
    """

    text: str
    selector: tuple[str, ...] | None
    is_reference: bool


@lru_cache(maxsize=2048)
def split_template(text: str) -> tuple[Piece, ...]:
    """Literals and references of a template in order; empty literals are left out."""
    pieces: list[Piece] = []
    for index, part in enumerate(_REFERENCE.split(text)):
        if index % 2:
            pieces.append(Piece(part, tuple(part.split(".")), is_reference=True))
        elif part:
            path = tuple(part.split(".")) if "." in part and len(part) <= 400 else None
            pieces.append(Piece(part, path, is_reference=False))
    return tuple(pieces)


def references_in(text: str) -> tuple[tuple[str, ...], ...]:
    """Selectors of all references of a template, in order, with repetitions."""
    return tuple(piece.selector for piece in split_template(text) if piece.is_reference and piece.selector)
