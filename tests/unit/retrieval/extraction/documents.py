"""Documents made here, small and whole, one of each kind that is an archive or has pages."""

from __future__ import annotations

import io
import zipfile


def archive(**entries: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, text in entries.items():
            zipped.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    return buffer.getvalue()


def pdf(*texts: str) -> bytes:
    """A PDF with one page for each text."""
    pages = range(len(texts))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {len(texts)} /Kids [{' '.join(f'{4 + 2 * n} 0 R' for n in pages)}] >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for n, text in enumerate(texts):
        fonts = "/Resources << /Font << /F1 3 0 R >> >>"
        drawn = f"BT /F1 24 Tf 72 700 Td ({text}) Tj ET"
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * n} 0 R {fonts} >>",
            f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
        ]
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    return out + f"{head}trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF".encode()


def docx_file() -> bytes:
    import docx

    document = docx.Document()
    document.add_paragraph("Before")
    table = document.add_table(rows=2, cols=2)
    for row, words in enumerate([("h1", "h|2"), ("a\nb", "c")]):
        for column, word in enumerate(words):
            table.cell(row, column).text = word
    document.add_paragraph("After")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def xlsx_file() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["name", "n"])
    book.active.append(["x", 1])
    book.active.append([None, None])
    book.active["A5"] = "far"
    book.create_sheet("empty")
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def pptx_file() -> bytes:
    import pptx

    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Title"
    slide.placeholders[1].text = "Point"
    table = slide.shapes.add_table(1, 2, 0, 0, 100, 100).table
    table.cell(0, 0).text, table.cell(0, 1).text = "a", "b"
    buffer = io.BytesIO()
    deck.save(buffer)
    return buffer.getvalue()


EPUB = {
    "META-INF__container.xml": '<container><rootfiles><rootfile full-path="OPS/a.opf"/></rootfiles></container>',
    "OPS__a.opf": '<package><opf:item id="two" href="2.xhtml"/><item id="one" href="c%201.xhtml"/>'
    '<spine><itemref idref="one"/><itemref idref="two"/></spine></package>',
    "OPS__2.xhtml": "<html><head><title>no</title></head><body><p>Second</p></body></html>",
    "OPS__c 1.xhtml": "<body><h1>First &amp; foremost</h1><script>no()</script><p>one <b>two</b></p></body>",
}
