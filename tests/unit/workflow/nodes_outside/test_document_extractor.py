"""The document-extractor node and the readers behind it, on documents made here."""

from __future__ import annotations

import io
import struct
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.workflow.node import NodeFailure
from orrery.workflow.nodes import document_limits
from orrery.workflow.nodes.document_extractor import DocumentExtractorNode
from orrery.workflow.nodes.document_formats import extract_text
from orrery.workflow.nodes.document_limits import UnreadableDocument, UnsupportedDocument

from .outside import Context


def read(content: bytes, extension: str, mime_type: str = "") -> str:
    return extract_text(content, extension=extension, mime_type=mime_type)


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


@pytest.mark.parametrize(
    ("content", "extension", "expected"),
    [
        ("é".encode(), ".md", "é"),
        ("é".encode("utf-16"), ".txt", "é"),
        ("中文".encode("gb18030"), ".txt", "中文"),
        (b"<b>x</b>", ".HTML", "<b>x</b>"),
        (b"WEBVTT\n\n00:00.000 --> 00:01.000\nHi", ".vtt", "WEBVTT\n\n00:00.000 --> 00:01.000\nHi"),
        ('{"a":["é"]}'.encode(), ".json", '{\n  "a": [\n    "é"\n  ]\n}'),
        (b"{b: 1, a: [x]}", ".yml", "b: 1\na:\n- x\n"),
        (b"# c\na=1\n b : 2=3\n\nlone", ".properties", "# c\na: 1\nb: 2=3\n\nlone: "),
        (b'a,b\n"1\n2",x|y\n,\nz', ".csv", "| a | b |\n| --- | --- |\n| 1 2 | x\\|y |\n| z |  |"),
    ],
)
def test_texts(content: bytes, extension: str, expected: str):
    assert read(content, extension) == expected


def test_office_documents():
    table = "| h1 | h\\|2 |\n| --- | --- |\n| a b | c |"
    assert read(docx_file(), ".docx") == f"Before\n{table}\nAfter"
    assert read(xlsx_file(), ".xlsx") == "| name | n |\n| --- | --- |\n| x | 1 |\n| far |  |"
    assert read(pptx_file(), ".pptx") == "Title\nPoint\n| a | b |\n| --- | --- |"


def test_pages():
    assert read(pdf("Hello", "World"), ".pdf") == "Hello\nWorld"
    assert read(archive(**EPUB), ".epub") == "First & foremost\none two\n\nSecond"


def test_email():
    plain = b"From: a@b\nContent-Type: text/plain; charset=iso-8859-1\n\nCaf\xe9\n"
    assert read(plain, ".eml") == "Café"
    html = (
        b'MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary="B"\n\n'
        b"--B\nContent-Type: text/html; charset=unheard-of\n\n<p>Hi <b>you</b></p>\n--B--\n"
    )
    assert read(html, ".eml") == "Hi you"


def test_the_media_type_counts_where_there_is_no_ending():
    assert read(b"{}", "", "application/json; charset=utf-8") == "{}"
    assert read(b"x", "", "text/unheard-of") == "x"
    assert read(b"x", ".txt", "application/pdf") == "x"


@pytest.mark.parametrize(
    ("extension", "mime_type", "text"),
    [
        (".xyz", "text/plain", "Unsupported Extension Type: .xyz"),
        ("", "model/vrml", "Unsupported MIME type: model/vrml"),
        ("", "", "Unable to determine file type: MIME type or file extension is missing"),
        (".doc", "", "UNSTRUCTURED_API_URL must be set"),
    ],
)
def test_what_is_not_supported(extension: str, mime_type: str, text: str):
    with pytest.raises(UnsupportedDocument) as caught:
        read(b"", extension, mime_type)
    assert str(caught.value) == text


@pytest.mark.parametrize("extension", [".pdf", ".docx", ".xlsx", ".pptx", ".epub"])
def test_bytes_that_are_something_else(extension: str):
    with pytest.raises(UnreadableDocument, match=rf"^Failed to extract text from {extension[1:].upper()}: "):
        read(b"not that", extension)
    with pytest.raises(UnreadableDocument):
        read(archive(**{"a.txt": "x"}) if extension != ".pdf" else pdf("x")[:60], extension)


def test_broken_json_and_yaml():
    with pytest.raises(UnreadableDocument, match=r"^Failed to decode or parse JSON file: "):
        read(b"{", ".json")
    with pytest.raises(UnreadableDocument, match=r"^Failed to decode or parse YAML file: "):
        read(b"[", ".yaml")
    with pytest.raises(UnreadableDocument):
        read(b"[" * 100_000, ".json")


def test_archives_that_unpack_too_far(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(document_limits, "MAX_UNPACKED_BYTES", 1_000_000)
    bomb = archive(**EPUB, **{"OPS__big.txt": "0" * 2_000_000})
    assert len(bomb) < 20_000
    with pytest.raises(UnreadableDocument, match="unpacks to more than"):
        read(bomb, ".epub")
    # A lie about the size doesn't help: reading stops at what was declared.
    lie = bomb.replace(struct.pack("<I", 2_000_000), struct.pack("<I", 10))
    assert read(lie, ".epub").startswith("First")
    monkeypatch.setattr(document_limits, "MAX_ARCHIVE_ENTRIES", 3)
    with pytest.raises(UnreadableDocument, match="entries"):
        read(archive(**EPUB), ".epub")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_office_xml_may_not_declare_entities(encoding: str):
    buffer = io.BytesIO()
    laughs = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'.encode(encoding)
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr("word/document.xml", laughs)
    with pytest.raises(UnreadableDocument, match="declares a document type"):
        read(buffer.getvalue(), ".docx")


def test_a_sheet_may_not_claim_more_than_it_holds():
    cells = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(1, 200))
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f'<dimension ref="A1:XFD1048576"/><sheetData>{cells}</sheetData></worksheet>'
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx_file())) as source, zipfile.ZipFile(buffer, "w") as target:
        for entry in source.infolist():
            wide = entry.filename == "xl/worksheets/sheet1.xml"
            target.writestr(entry, sheet if wide else source.read(entry))
    with pytest.raises(UnreadableDocument, match="cells"):
        read(buffer.getvalue(), ".xlsx")


@settings(max_examples=60)
@given(st.binary(max_size=200), st.sampled_from([".json", ".yaml", ".csv", ".properties", ".eml", ".epub", ".txt"]))
def test_no_bytes_break_a_reader(content: bytes, extension: str):
    try:
        assert isinstance(read(content, extension), str)
    except UnreadableDocument as error:
        assert str(error)


def test_pdfs_may_be_read_by_several_threads():
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(lambda n: read(pdf(f"T{n}", "x"), ".pdf"), range(24)))
    assert texts == [f"T{n}\nx" for n in range(24)]


async def test_the_node_gives_a_text_or_a_list():
    made = Context()
    one = made.services.files.add(b"1", name="a.txt", mime_type="text/plain")
    two = made.services.files.add(b"[2]", name="b.json", mime_type="application/json")
    made.variables.put("a", "file", one)
    made.variables.put("a", "files", [one, two])
    node = DocumentExtractorNode.parse("d", {"variable_selector": ["a", "file"], "is_array_file": False})
    assert (await node.run(made)).outputs == {"text": "1"}
    node = DocumentExtractorNode.parse("d", {"variable_selector": ["a", "files"], "is_array_file": True})
    assert (await node.run(made)).outputs == {"text": ["1", "[\n  2\n]"]}
    made.services.files.contents.clear()
    with pytest.raises(NodeFailure, match=r"^Error downloading file: ") as caught:
        await node.run(made)
    assert type(caught.value).__name__ == "FileDownloadError"


async def test_the_installation_chooses_how_to_extract():
    async def shout(content: bytes, *, extension: str, mime_type: str) -> str:
        return f"{content.decode().upper()}{extension}"

    made = Context()
    made.variables.put("a", "file", made.services.files.add(b"x", name="a.txt", mime_type="text/plain"))
    kind = DocumentExtractorNode.configured(shout)
    assert (await kind.parse("d", {"variable_selector": ["a", "file"]}).run(made)).outputs == {"text": "X.txt"}


async def test_the_node_names_what_it_cannot_read():
    made = Context()
    odd = made.services.files.add(b"1", name="a.xyz", mime_type="text/plain")
    bad = made.services.files.add(b"1", name="a.pdf", mime_type="application/pdf")
    for name, value in {"text": "x", "odd": odd, "bad": [bad], "mixed": [odd, 1]}.items():
        made.variables.put("a", name, value)

    async def error(name: str) -> tuple[str, str]:
        with pytest.raises(NodeFailure) as caught:
            await DocumentExtractorNode.parse("d", {"variable_selector": ["a", name]}).run(made)
        return type(caught.value).__name__, caught.value.message

    assert await error("gone") == ("DocumentExtractorError", "File variable not found for selector: ['a', 'gone']")
    assert (await error("text"))[1] == "Variable ['a', 'text'] is not an ArrayFileSegment"
    assert (await error("mixed"))[1] == "Variable ['a', 'mixed'] is not an ArrayFileSegment"
    assert await error("odd") == ("UnsupportedFileTypeError", "Unsupported Extension Type: .xyz")
    assert (await error("bad"))[0] == "TextExtractionError"
