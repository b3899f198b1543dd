"""Office documents: word processing, spreadsheets, slides (workflow.md 3.18).

The libraries are imported by the call that needs them: together they take a third of a second to load.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from orrery.retrieval.extraction.limits import MAX_CELLS, TextBudget, UnreadableDocument, check_office_archive
from orrery.retrieval.extraction.plain import markdown_table

if TYPE_CHECKING:
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet
    from pptx.shapes.base import BaseShape


def read_docx(content: bytes) -> str:
    """Paragraphs, and tables as Markdown, in the document's order. Raises `UnreadableDocument`."""
    import docx  # lazy: see the module's text
    from docx.table import Table

    check_office_archive(content)
    document = docx.Document(io.BytesIO(content))
    budget = TextBudget()
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            budget.add(markdown_table([cell.text for cell in row.cells] for row in block.rows))
        elif text := block.text.strip():
            budget.add(text)
    return budget.join("\n")


def read_xlsx(content: bytes) -> str:
    """Each sheet with anything in it as a Markdown table. Raises `UnreadableDocument`."""
    import openpyxl  # lazy: see the module's text

    check_office_archive(content)
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    try:
        tables = (markdown_table(_rows(sheet)) for sheet in book.worksheets)
        return "\n\n".join(table for table in tables if table)
    finally:
        book.close()


def _rows(sheet: ReadOnlyWorksheet) -> Iterator[Sequence[object]]:
    # What a sheet says of its size is not to be trusted: a few bytes can claim seventeen thousand million cells.
    sheet.reset_dimensions()
    seen = 0
    for row in sheet.iter_rows(values_only=True):
        seen += max(len(row), 1)
        if seen > MAX_CELLS:
            raise UnreadableDocument(f"the sheet has more than {MAX_CELLS} cells")
        yield row


def read_pptx(content: bytes) -> str:
    """The text of every slide's shapes, tables as Markdown. Raises `UnreadableDocument`."""
    import pptx  # lazy: see the module's text

    check_office_archive(content)
    budget = TextBudget()
    for slide in pptx.Presentation(io.BytesIO(content)).slides:
        for shape in slide.shapes:
            if text := _shape_text(shape):
                budget.add(text)
    return budget.join("\n")


def _shape_text(shape: BaseShape, depth: int = 0) -> str:
    from pptx.shapes.autoshape import Shape  # lazy: see the module's text
    from pptx.shapes.graphfrm import GraphicFrame
    from pptx.shapes.group import GroupShape

    if isinstance(shape, GroupShape) and depth < 20:
        return "\n".join(text for child in shape.shapes if (text := _shape_text(child, depth + 1)))
    if isinstance(shape, GraphicFrame) and shape.has_table:
        return markdown_table([cell.text for cell in row.cells] for row in shape.table.rows)
    return shape.text_frame.text.strip() if isinstance(shape, Shape) else ""
