"""Texts cut into pieces of bounded length (knowledge.md 2.4). Pure, deterministic, linear; lengths are characters."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from orrery.retrieval.rules import Segmentation

_LEVELS = ("\n\n", "。", ". ", " ")
_LEAST_STEP = 20  # an overlap repeats a text at most this many times, however near it is to the whole length


def at_separator(text: str, segmentation: Segmentation) -> Iterator[str]:
    """Pieces between separators, which are removed; small pieces are never merged.

    Only a piece longer than ``max_tokens`` is cut further: at paragraphs, sentences, words, characters, and there
    alone pieces overlap. Empty pieces come too.
    """
    size = segmentation.max_tokens
    for piece in text.split(segmentation.separator):
        if len(piece) <= size:
            yield piece
        else:
            yield from _cut(piece, size, _overlap(segmentation), _LEVELS, is_kept_before=False)


def at_structure(text: str, segmentation: Segmentation) -> Iterator[str]:
    """Pieces as long as ``max_tokens`` allows, cut at paragraphs, else sentences, words, characters, overlapping.

    A separator goes with the piece after it.
    """
    yield from _cut(text, segmentation.max_tokens, _overlap(segmentation), _LEVELS, is_kept_before=True)


def _cut(text: str, size: int, overlap: int, levels: tuple[str, ...], *, is_kept_before: bool) -> Iterator[str]:
    separator = next((level for level in levels if level in text), "")
    if not separator:
        yield from _windows(text, size, overlap)
        return
    rest = levels[levels.index(separator) + 1 :]
    small: list[str] = []
    for piece in _with_separators(text.split(separator), separator, is_kept_before=is_kept_before):
        if len(piece) <= size:
            small.append(piece)
            continue
        yield from _merged(small, size, overlap)
        small.clear()
        yield from _cut(piece, size, overlap, rest, is_kept_before=is_kept_before)
    yield from _merged(small, size, overlap)


def _with_separators(pieces: list[str], separator: str, *, is_kept_before: bool) -> Iterator[str]:
    last = len(pieces) - 1
    for place, piece in enumerate(pieces):
        if is_kept_before:
            whole = separator + piece if place else piece
        else:
            whole = piece + separator if place < last else piece
        if whole:
            yield whole


def _merged(pieces: list[str], size: int, overlap: int) -> Iterator[str]:
    """Neighbours joined up to ``size``; each begins with as many of the last ones as fit into ``overlap``."""
    window: deque[str] = deque()
    length = 0
    for piece in pieces:
        if window and length + len(piece) > size:
            if joined := "".join(window).strip():
                yield joined
            while window and (length > overlap or length + len(piece) > size):
                length -= len(window.popleft())
        window.append(piece)
        length += len(piece)
    if joined := "".join(window).strip():
        yield joined


def _windows(text: str, size: int, overlap: int) -> Iterator[str]:
    start, step = 0, size - overlap
    while len(text) - start > size:
        yield text[start : start + size]
        start += step
    yield text[start:]


def _overlap(segmentation: Segmentation) -> int:
    size = segmentation.max_tokens
    return min(segmentation.chunk_overlap, size - max(1, size // _LEAST_STEP))
