"""Documents made here, small and whole, one of each kind that is an archive or has pages."""

from __future__ import annotations

import io
import struct
import zipfile
from datetime import date


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


def xls_file(*rows: tuple[str | float | bool | date | None, ...]) -> bytes:
    """An old workbook of one sheet: a compound file with one stream of records."""
    cells = b""
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            place = struct.pack("<HHH", row, column, isinstance(value, date))
            match value:
                case str():
                    text = struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")
                    cells += _record(0x0204, place + text)
                case bool():
                    cells += _record(0x0205, place + struct.pack("<BB", value, 0))
                case float():
                    cells += _record(0x0203, place + struct.pack("<d", value))
                case date():
                    cells += _record(0x0203, place + struct.pack("<d", (value - date(1899, 12, 30)).days))
                case None:
                    pass
    return _compound(_workbook(cells))


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _workbook(cells: bytes) -> bytes:
    start = struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0)
    # Formats of cells: the general one, and the fourteenth that is built in, which shows dates.
    start = _record(0x0809, start) + b"".join(_record(0x00E0, struct.pack("<HH16x", 0, shown)) for shown in (0, 14))
    end = _record(0x000A, b"")
    length = len(start) + len(_record(0x0085, bytes(9))) + len(end)
    sheet = _record(0x0085, struct.pack("<IBBBB", length, 0, 0, 1, 0) + b"S")
    inner = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0)) + cells + end
    return start + sheet + end + inner


def _compound(stream: bytes) -> bytes:
    """A file of sectors: the table of sectors, the directory, the stream, which is too long for small sectors."""
    last, free, table = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
    sectors = max(-(-len(stream) // 512), 8)
    chain = [table, last, *range(3, sectors + 2), last]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, last, 0, last, 0)
    head += struct.pack("<I", 0) + struct.pack("<I", free) * 108

    def entry(name: str, kind: int, child: int, first: int, size: int) -> bytes:
        named = (name + "\0").encode("utf-16-le")
        links = struct.pack("<HBBIII", len(named) if name else 0, kind, 1, free, free, child)
        return (named if name else b"").ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", first, size)

    directory = entry("Root Entry", 5, 1, last, 0) + entry("Workbook", 2, free, 2, sectors * 512)
    directory += entry("", 0, free, 0, 0) * 2
    return (
        head
        + struct.pack("<128I", *chain, *[free] * (128 - len(chain)))
        + directory
        + stream.ljust(sectors * 512, b"\0")
    )
