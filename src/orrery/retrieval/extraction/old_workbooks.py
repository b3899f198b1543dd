"""Spreadsheets in the binary format that was before XML (workflow.md 3.18, knowledge.md 3.1)."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib import import_module
from typing import Protocol, cast

from orrery.retrieval.extraction.limits import UnreadableDocument
from orrery.retrieval.extraction.office import not_too_many, tables

_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NUMBER, _DATE, _BOOLEAN, _ERROR = 2, 3, 4, 5


class _Cell(Protocol):
    """``value`` is a text, or a float for numbers, dates and booleans."""

    ctype: int
    value: str | float


class _Sheet(Protocol):
    nrows: int

    def row(self, rowx: int) -> Sequence[_Cell]: ...


class _Book(Protocol):
    nsheets: int
    datemode: int

    def sheet_by_index(self, sheetx: int) -> _Sheet: ...
    def unload_sheet(self, sheet_name_or_index: int) -> None: ...


class _Library(Protocol):
    """What is used of ``xlrd``, which has no types of its own."""

    def open_workbook(
        self, *, file_contents: bytes, ragged_rows: bool, on_demand: bool, logfile: io.StringIO
    ) -> _Book: ...

    def xldate_as_datetime(self, xldate: float, datemode: int) -> datetime: ...


def _library() -> _Library:
    return cast("_Library", import_module("xlrd"))  # lazy: a library for one format


def read_xls(content: bytes) -> str:
    """Each sheet with anything in it as a Markdown table. Raises `UnreadableDocument`."""
    return tables(xls_rows(content))


def xls_rows(content: bytes) -> Iterator[Iterator[Sequence[object]]]:
    """The rows of each sheet, to be read in turn. Raises `UnreadableDocument`."""
    if not content.startswith(_COMPOUND_FILE):
        raise UnreadableDocument("it is not a workbook of that format")
    # Rows end at their last cell: a few bytes can claim the farthest corner.
    book = _library().open_workbook(file_contents=content, ragged_rows=True, on_demand=True, logfile=io.StringIO())
    for place in range(book.nsheets):
        sheet = book.sheet_by_index(place)
        rows = (sheet.row(number) for number in range(sheet.nrows))
        yield not_too_many([_value(cell, book.datemode) for cell in row] for row in rows)
        book.unload_sheet(place)


def _value(cell: _Cell, datemode: int) -> object:
    value = cell.value
    if not isinstance(value, float):
        return None if cell.ctype == _ERROR else bool(value) if cell.ctype == _BOOLEAN else value
    if cell.ctype == _DATE:
        return _library().xldate_as_datetime(value, datemode)
    # That format has no whole numbers: those that are shown as such are fractions without a rest.
    return int(value) if cell.ctype == _NUMBER and value.is_integer() and abs(value) < 1 << 53 else value
