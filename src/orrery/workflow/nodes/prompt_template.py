"""Prompt texts as pieces: literal text, and references to variables (workflow.md 2.5, 3.10).

A prompt is cut once, before any value is known, so a value that looks like a reference stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, TypeGuard

from orrery.workflow.node import Selector, Variables
from orrery.workflow.nodes.llm_errors import VariableNotFoundError
from orrery.workflow.segments import text_of

REFERENCE = re.compile(r"\{\{#(context|histories|query|[a-zA-Z0-9_]{1,50}(?:\.[a-zA-Z_][a-zA-Z0-9_]{0,29}){1,10})#\}\}")

Reference: TypeAlias = tuple[str, ...]
Piece: TypeAlias = str | Reference
FileValue: TypeAlias = Mapping[str, object]


def cut(template: str) -> list[Piece]:
    """Pieces in order. A reference is its path; ``context``, ``histories`` and ``query`` are paths of one name."""
    pieces: list[Piece] = []
    # With one capturing group, the odd places of the split are the references.
    for place, text in enumerate(REFERENCE.split(template)):
        if place % 2:
            pieces.append(tuple(text.split(".")))
        elif text:
            pieces.append(text)
    return pieces


def references(template: str) -> Iterator[Reference]:
    """Paths of the variables that a text refers to."""
    return (piece for piece in cut(template) if isinstance(piece, tuple) and len(piece) > 1)


def require(variables: Variables, selector: Selector) -> object | None:
    """A referred variable's value. Raises `VariableNotFoundError`; a variable that holds null is found."""
    value = variables.get(selector)
    if value is None and not variables.exists(selector):
        raise VariableNotFoundError(f"Variable #{'.'.join(selector)}# not found")
    return value


def fill(template: str, variables: Variables) -> str:
    """Text with every reference replaced. Raises `VariableNotFoundError`."""
    parts: list[str] = []
    for piece in cut(template):
        if isinstance(piece, str):
            parts.append(piece)
        elif len(piece) > 1:
            parts.append(text_of(require(variables, piece)))
    return "".join(parts)


def is_mapping(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)
