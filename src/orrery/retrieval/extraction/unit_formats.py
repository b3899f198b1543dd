"""Which units a document comes apart into, by its ending and then by its media type (knowledge.md 3.1).

`units_of` is pure and works on bytes alone, so it can run in a confined process of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from orrery.retrieval.extraction.encodings import decode
from orrery.retrieval.extraction.formats import Reader, named_failures, needs_service, reader_of
from orrery.retrieval.extraction.limits import UnsupportedDocument, check_size
from orrery.retrieval.extraction.office import (
    docx_text,
    pptx_slides,
    read_docx,
    read_pptx,
    read_xlsx,
    xlsx_rows,
)
from orrery.retrieval.extraction.old_workbooks import read_xls, xls_rows
from orrery.retrieval.extraction.pages import epub_chapters, pdf_pages, read_epub, read_pdf
from orrery.retrieval.extraction.plain import html_text, read_csv, read_email
from orrery.retrieval.extraction.rows import csv_units, sheet_units
from orrery.retrieval.extraction.sections import sections_of
from orrery.retrieval.extraction.unit import Unit, bounded

UnitReader: TypeAlias = Callable[[bytes], Iterable[Unit]]


def _text(content: bytes) -> Iterable[Unit]:
    return [Unit(decode(content))]


def _sections(content: bytes) -> Iterable[Unit]:
    return sections_of(decode(content))


def _page(content: bytes) -> Iterable[Unit]:
    return [Unit(html_text(decode(content)))]


def _docx(content: bytes) -> Iterable[Unit]:
    return [Unit(docx_text(content, links=True))]


def _xlsx(content: bytes) -> Iterable[Unit]:
    return (unit for rows in xlsx_rows(content) for unit in sheet_units(rows, empties=True))


def _xls(content: bytes) -> Iterable[Unit]:
    return (unit for rows in xls_rows(content) for unit in sheet_units(rows, empties=False))


def _numbered(texts: Callable[[bytes], Iterable[str]]) -> UnitReader:
    def read(content: bytes) -> Iterable[Unit]:
        return (Unit(text, number) for number, text in enumerate(texts(content), 1))

    return read


def _email(content: bytes) -> Iterable[Unit]:
    return [Unit(read_email(content))]


_BY_READER: dict[Reader, UnitReader] = {
    read_pdf: _numbered(pdf_pages),
    read_docx: _docx,
    read_xlsx: _xlsx,
    read_xls: _xls,
    read_csv: csv_units,
    read_pptx: _numbered(pptx_slides),
    read_epub: lambda content: map(Unit, epub_chapters(content)),
    read_email: _email,
}
"""Besides these all texts are one unit, as they are."""
_SECTIONED = frozenset({"md", "markdown", "mdx", "text/markdown", "text/x-markdown"})
_PAGES = frozenset({"html", "htm", "text/html", "application/xhtml+xml"})


def unit_reader_of(extension: str, mime_type: str) -> UnitReader:
    """Raises `UnsupportedDocument` with the contract's text."""
    reader = reader_of(extension, mime_type)
    if reader is needs_service:
        raise UnsupportedDocument("UNSTRUCTURED_API_URL must be set")
    kind = (extension.removeprefix(".") or mime_type.partition(";")[0].strip()).lower()
    if kind in _SECTIONED:
        return _sections
    return _page if kind in _PAGES else _BY_READER.get(reader, _text)


def is_plain(reader: UnitReader) -> bool:
    """Whether a reader only decodes and cuts, without parsing what a stranger made."""
    return reader in {_text, _sections}


def units_of(content: bytes, *, extension: str, mime_type: str) -> list[Unit]:
    """A document's units. Blocking; up to seconds of CPU for large documents.

    Raises `UnsupportedDocument`, `UnreadableDocument`; their texts are for the document's error.
    """
    reader = unit_reader_of(extension, mime_type)
    check_size(content)
    with named_failures(extension, mime_type):
        return bounded(reader(content))
