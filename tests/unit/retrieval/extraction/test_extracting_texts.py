"""The readers of documents, on documents made here."""

from __future__ import annotations

import io
import struct
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.retrieval.extraction import limits
from orrery.retrieval.extraction.formats import extract_text
from orrery.retrieval.extraction.limits import UnreadableDocument, UnsupportedDocument

from .documents import EPUB, archive, docx_file, pdf, pptx_file, xls_file, xlsx_file


def read(content: bytes, extension: str, mime_type: str = "") -> str:
    return extract_text(content, extension=extension, mime_type=mime_type)


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
    assert read(xls_file(("a", "b"), ("x", 2.0)), ".xls") == "| a | b |\n| --- | --- |\n| x | 2 |"
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
    monkeypatch.setattr(limits, "MAX_UNPACKED_BYTES", 1_000_000)
    bomb = archive(**EPUB, **{"OPS__big.txt": "0" * 2_000_000})
    assert len(bomb) < 20_000
    with pytest.raises(UnreadableDocument, match="unpacks to more than"):
        read(bomb, ".epub")
    # A lie about the size doesn't help: reading stops at what was declared.
    lie = bomb.replace(struct.pack("<I", 2_000_000), struct.pack("<I", 10))
    assert read(lie, ".epub").startswith("First")
    monkeypatch.setattr(limits, "MAX_ARCHIVE_ENTRIES", 3)
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
