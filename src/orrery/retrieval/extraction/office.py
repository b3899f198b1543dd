"""Office documents: word processing, spreadsheets, slides (workflow.md 3.18).

The libraries are imported by the call that needs them: together they take a third of a second to load.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from orrery.retrieval.extraction.limits import MAX_CELLS, TextBudget, UnreadableDocument, check_office_archive
from orrery.retrieval.extraction.plain import markdown_table

if TYPE_CHECKING:
    from docx.text.paragraph import Paragraph
    from pptx.shapes.base import BaseShape


def read_docx(content: bytes) -> str:
    """Paragraphs, and tables as Markdown, in the document's order. Raises `UnreadableDocument`."""
    return docx_text(content, links=False)


def docx_text(content: bytes, *, links: bool) -> str:
    """The same, with links of paragraphs as Markdown if ``links``. Raises `UnreadableDocument`."""
    import docx  # lazy: see the module's text
    from docx.table import Table

    check_office_archive(content)
    document = docx.Document(io.BytesIO(content))
    budget = TextBudget()
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            budget.add(markdown_table([cell.text for cell in row.cells] for row in block.rows))
        elif text := (_linked(block) if links else block.text).strip():
            budget.add(text)
    return budget.join("\n")


def _linked(paragraph: Paragraph) -> str:
    from docx.text.hyperlink import Hyperlink  # lazy: see the module's text

    return "".join(
        f"[{part.text}]({part.url})" if isinstance(part, Hyperlink) and part.url else part.text
        for part in paragraph.iter_inner_content()
    )


def read_xlsx(content: bytes) -> str:
    """Each sheet with anything in it as a Markdown table. Raises `UnreadableDocument`."""
    return tables(xlsx_rows(content))


def tables(sheets: Iterable[Iterable[Sequence[object]]]) -> str:
    """Sheets as Markdown tables, those without anything left out."""
    return "\n\n".join(table for rows in sheets if (table := markdown_table(iter(rows))))


def xlsx_rows(content: bytes) -> Iterator[Iterator[Sequence[object]]]:
    """The rows of each sheet, to be read in turn. Raises `UnreadableDocument`."""
    import openpyxl  # lazy: see the module's text

    check_office_archive(content)
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    try:
        for sheet in book.worksheets:
            # What a sheet says of its size is not to be trusted: a few bytes can claim seventeen thousand million
            # cells.
            sheet.reset_dimensions()
            yield not_too_many(sheet.iter_rows(values_only=True))
    finally:
        book.close()


def not_too_many(rows: Iterable[Sequence[object]]) -> Iterator[Sequence[object]]:
    """The rows; raises `UnreadableDocument` when there are too many cells."""
    seen = 0
    for row in rows:
        seen += max(len(row), 1)
        if seen > MAX_CELLS:
            raise UnreadableDocument(f"the sheet has more than {MAX_CELLS} cells")
        yield row


def read_pptx(content: bytes) -> str:
    """The text of every slide's shapes, tables as Markdown. Raises `UnreadableDocument`."""
    return "\n".join(text for text in pptx_slides(content) if text)


def pptx_slides(content: bytes) -> list[str]:
    """The text of each slide. Raises `UnreadableDocument`."""
    import pptx  # lazy: see the module's text

    check_office_archive(content)
    budget = TextBudget()
    for slide in pptx.Presentation(io.BytesIO(content)).slides:
        budget.add("\n".join(text for shape in slide.shapes if (text := _shape_text(shape))))
    return budget.pieces


def _shape_text(shape: BaseShape, depth: int = 0) -> str:
    from pptx.shapes.autoshape import Shape  # lazy: see the module's text
    from pptx.shapes.graphfrm import GraphicFrame
    from pptx.shapes.group import GroupShape

    if isinstance(shape, GroupShape) and depth < 20:
        return "\n".join(text for child in shape.shapes if (text := _shape_text(child, depth + 1)))
    if isinstance(shape, GraphicFrame) and shape.has_table:
        return markdown_table([cell.text for cell in row.cells] for row in shape.table.rows)
    return shape.text_frame.text.strip() if isinstance(shape, Shape) else ""
