"""Tables by their rows, each with the names of its columns (knowledge.md 3.1)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from orrery.retrieval.extraction.encodings import decode
from orrery.retrieval.extraction.limits import MAX_CELLS, MAX_INPUT_BYTES, UnreadableDocument
from orrery.retrieval.extraction.unit import Unit

_LOOKED_AT = 10
"""Rows of a sheet among which its head is looked for."""


def csv_units(content: bytes) -> Iterator[Unit]:
    """``name: value;name: value`` of each row below the first; a row of more cells than that is left out.

    Raises `UnreadableDocument`.
    """
    csv.field_size_limit(MAX_INPUT_BYTES)  # of the whole process, and always the same
    rows = (row for row in csv.reader(io.StringIO(decode(content), newline="")) if row)
    cells = 0
    try:
        names = [name.strip() for name in next(rows, list[str]())]
        for row in rows:
            cells += max(len(row), len(names))
            if cells > MAX_CELLS:
                raise UnreadableDocument(f"the table has more than {MAX_CELLS} cells")
            if len(row) <= len(names) and any(cell.strip() for cell in row):
                padded = chain(row, [""] * (len(names) - len(row)))
                pairs = zip(names, padded, strict=True)
                yield Unit(";".join(f"{name}: {cell.strip()}" for name, cell in pairs))
    except csv.Error as error:
        raise UnreadableDocument(f"Failed to extract text from CSV: {error}") from error


def sheet_units(rows: Iterable[Sequence[object]], *, empties: bool) -> Iterator[Unit]:
    """``"name":"value";"name":"value"`` of each row below the sheet's head.

    The head is the first row of two cells among the first ten, or else the fullest of them; what stands above it and
    columns without a name are left out, and without ``empties`` cells without a value, too.
    """
    remaining = iter(rows)
    first = list(islice(remaining, _LOOKED_AT))
    at = _head(first)
    if at is None:
        return
    names = {place: str(cell).strip() for place, cell in enumerate(first[at]) if not _empty(cell)}
    for row in chain(first[at + 1 :], remaining):
        # A short row is not worth a look at every name: there may be many of both.
        if any(place in names and not _empty(cell) for place, cell in enumerate(row)):
            values = [(name, row[place] if place < len(row) else None) for place, name in names.items()]
            pairs = (f'"{name}":"{_text(value)}"' for name, value in values if empties or not _empty(value))
            yield Unit(";".join(pairs))


def _head(rows: Sequence[Sequence[object]]) -> int | None:
    """Where the head is; None where there is nothing."""
    full = [sum(not _empty(cell) for cell in row) for row in rows]
    for place, cells in enumerate(full):
        if cells > 1:
            return place
    return full.index(max(full)) if any(full) else None


def _empty(value: object) -> bool:
    return value is None or value == ""


def _text(value: object) -> str:
    return "" if value is None else str(value)
