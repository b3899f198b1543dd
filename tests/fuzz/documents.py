"""Documents of every kind, bent: whole files, and the members of those that are archives."""

from __future__ import annotations

import base64
import io
import json
import random
import zipfile
from functools import cache

from tests.unit.retrieval.extraction.documents import xls_file

from orrery.retrieval.extraction.formats import extract_text
from orrery.retrieval.extraction.limits import UnreadableDocument
from orrery.retrieval.extraction.unit_formats import units_of

from .mutations import bent_bytes
from .target import Ready

PLAIN = {
    "csv": b'a,b\n"x ""y""",2\n\xc3\xa9;1\n', "json": '{"a": [1, {"b": "é"}]}'.encode(), "yaml": b"a: &x [1, 2]\nb: *x\nc: !!str 1\n", "properties": b"a=1\nb : 2\\\n more\n",
    "html": b"<html><head><style>x</style></head><body><p>a<br>b</p><table><tr><td>c</td></tr></table><script>1<2</script></body></html>", "md": b"# a\n\n* b\n",
    "eml": b"From: a@b.c\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html; charset=latin1\r\n"
           b"Content-Transfer-Encoding: quoted-printable\r\n\r\n<b>a=E9</b>\r\n--x\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--x--\r\n",
    "vtt": b"WEBVTT\n\n00:01.000 --> 00:02.000\nhello\n", "txt": "grün 北京".encode("gb18030"), "xml": b'<?xml version="1.0" encoding="utf-16"?><a>x</a>',
}  # fmt: skip
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;">' % (98 + i, *[97 + i] * 8) for i in range(9))
    + b"]><z>&j;</z>"
)


@cache
def seeds() -> dict[str, bytes]:
    return {
        **PLAIN,
        "docx": _docx(),
        "xlsx": _xlsx(),
        "pptx": _pptx(),
        "epub": _epub(),
        "pdf": _pdf(),
        "xls": xls_file(("a", "é"), (1.0, "x")),
    }


def _docx() -> bytes:
    import docx

    document = docx.Document()
    document.add_paragraph("Before")
    document.add_table(rows=2, cols=2).cell(0, 0).text = "a\nb"
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _xlsx() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["name", 1, 2.5, True])
    sheet.append(["=A1", None, "é"])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _pptx() -> bytes:
    import pptx

    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    assert slide.shapes.title is not None
    slide.shapes.title.text = "Title"
    buffer = io.BytesIO()
    deck.save(buffer)
    return buffer.getvalue()


def _epub() -> bytes:
    return _zip({
        "mimetype": b"application/epub+zip",
        "META-INF/container.xml": b'<container><rootfiles><rootfile full-path="b.opf"/></rootfiles></container>',
        "b.opf": b'<package><manifest><item id="a" href="a.xhtml"/></manifest><spine><itemref idref="a"/></spine></package>',
        "a.xhtml": b"<html><body><p>chapter</p></body></html>",
    })  # fmt: skip


def _pdf() -> bytes:
    drawn = b"BT /F1 24 Tf 72 700 Td (hello) Tj ET"
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count 1 /Kids [4 0 R] >>", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R /Resources << /Font << /F1 3 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
    ]  # fmt: skip
    out, offsets = b"%PDF-1.4\n", list[int]()
    for number, part in enumerate(parts, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + b"xref\n0 6\n0000000000 65535 f \n%strailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(out),
    )


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _bent_archive(dice: random.Random, data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name in dice.sample(sorted(members), min(len(members), dice.randint(1, 3))):
        choice = dice.randrange(6)
        if choice == 0:
            del members[name]
        elif choice == 1:
            members[name] = BOMB
        elif choice == 2:
            members[name] = members[name] + b" " * dice.choice([1000, 5_000_000])
        else:
            members[name] = bent_bytes(dice, members[name])
    return _zip(members)


class Documents(Ready):
    """A text, or a refusal that can be shown; and the same of its units."""

    name = "documents"
    deadline = 15.0

    def make(self, dice: random.Random) -> bytes:
        kind = dice.choice(sorted(seeds()))
        data = seeds()[kind]
        is_archive = data[:2] == b"PK"
        data = _bent_archive(dice, data) if is_archive and dice.random() < 0.6 else bent_bytes(dice, data, most=12)
        if dice.random() < 0.1:
            kind = dice.choice(sorted(seeds()))
        return json.dumps([kind, base64.b64encode(data).decode()]).encode()

    async def check(self, data: bytes) -> None:
        kind, coded = json.loads(data)
        content = base64.b64decode(coded)
        try:
            text = extract_text(content, extension=f".{kind}", mime_type="")
        except UnreadableDocument as refused:
            assert str(refused)
        else:
            text.encode("utf-8", "surrogatepass")
        try:
            units = units_of(content, extension=f".{kind}", mime_type="")
        except UnreadableDocument as refused:
            assert str(refused)
        else:
            assert all(unit.text.strip() and unit.text.encode() and "\0" not in unit.text for unit in units)
