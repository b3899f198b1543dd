"""Documents read in a confined process: the same texts and units, and hostile ones end as errors that leave the server alive."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import struct
import sys
import zipfile
import zlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from orrery.retrieval.extraction.confined import LIMITS, ConfinedExtract, ConfinedUnits, confined_reader
from orrery.retrieval.extraction.formats import extract_text
from orrery.retrieval.extraction.limits import ReaderUnavailable, UnreadableDocument, UnsupportedDocument
from orrery.retrieval.extraction.parcel import Parcel, pack, unpack, unwrap, unwrap_units, wrap, wrap_units
from orrery.retrieval.extraction.unit import Unit
from orrery.retrieval.extraction.unit_formats import units_of
from orrery.sandbox.confined import CallRefused
from orrery.sandbox.limits import Limits

from .documents import EPUB, archive, docx_file, pdf, pptx_file, xls_file, xlsx_file

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def extract() -> AsyncIterator[ConfinedExtract]:
    reader = confined_reader(Limits(workers=2, timeout=120.0, memory=160 << 20, output=LIMITS.output))
    yield ConfinedExtract(reader)
    await reader.close()


@pytest.fixture
def take_apart(extract: ConfinedExtract) -> ConfinedUnits:
    """The same process, asked for units."""
    return ConfinedUnits(extract.call)


EMAIL = b"From: a@b\nSubject: S\nContent-Type: text/html\n\n<p>Hi <b>you</b></p>"
DOCUMENTS = {
    ".txt": "é".encode("utf-16"), ".md": b"# x", ".html": b"<b>x</b>", ".vtt": b"WEBVTT\n\n00:00.000 --> 00:01.000\nHi",
    ".srt": b"1\n00:00:00,000 --> 00:00:01,000\nHi", ".json": b'{"a":[1]}', ".yaml": b"{a: [x]}", ".xml": b"<a>1</a>",
    ".properties": b"a=1", ".csv": b"a,b\n1,2", ".eml": EMAIL, ".pdf": pdf("Hello", "World"), ".docx": docx_file(),
    ".xlsx": xlsx_file(), ".xls": xls_file(("a", "b"), ("x", 2.0)), ".pptx": pptx_file(), ".epub": archive(**EPUB),
}  # fmt: skip


@pytest.mark.parametrize("extension", DOCUMENTS)
async def test_the_text_is_the_same_as_in_the_open(extract: ConfinedExtract, extension: str):
    content = DOCUMENTS[extension]
    text = await extract(content, extension=extension, mime_type="")
    assert text == extract_text(content, extension=extension, mime_type="")
    assert text


@pytest.mark.parametrize("extension", DOCUMENTS)
async def test_the_units_are_the_same_as_in_the_open(take_apart: ConfinedUnits, extension: str):
    content = DOCUMENTS[extension]
    units = await take_apart(content, extension=extension, mime_type="")
    assert units == units_of(content, extension=extension, mime_type="")
    assert units


async def test_the_media_type_counts_where_there_is_no_ending(extract: ConfinedExtract):
    assert await extract(b"[1]", extension="", mime_type="application/json; charset=utf-8") == "[\n  1\n]"


@pytest.mark.parametrize(
    ("extension", "mime_type", "text"),
    [
        (".xyz", "", "Unsupported Extension Type: .xyz"),
        ("", "model/vrml", "Unsupported MIME type: model/vrml"),
        ("", "", "Unable to determine file type: MIME type or file extension is missing"),
        (".doc", "", "UNSTRUCTURED_API_URL must be set"),
    ],
)
async def test_what_is_not_supported_keeps_its_words(
    extract: ConfinedExtract, take_apart: ConfinedUnits, extension: str, mime_type: str, text: str
):
    for read in (extract, take_apart):
        with pytest.raises(UnsupportedDocument) as caught:
            await read(b"", extension=extension, mime_type=mime_type)
        assert str(caught.value) == text


def zipped(entries: dict[str, bytes], of: bytes = b"") -> bytes:
    """An archive of ``entries``, over those of the archive ``of``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        if of:
            with zipfile.ZipFile(io.BytesIO(of)) as source:
                for entry in source.infolist():
                    if entry.filename not in entries:
                        target.writestr(entry, source.read(entry))
        for name, content in entries.items():
            target.writestr(name, content)
    return buffer.getvalue()


def pdf_stream(content: bytes, *filters: str) -> bytes:
    """A PDF whose only page draws ``content``, which is encoded by ``filters``."""
    for _ in filters:
        content = zlib.compress(content, 9)
    head = f"<< /Length {len(content)} /Filter [{' '.join('/FlateDecode' for _ in filters)}] >>"
    drawn = b"BT /F1 24 Tf 72 700 Td (MARK) Tj ET"
    plain = b"<< /Length %d >>\nstream\n%b" % (len(drawn), drawn)
    made = pdf("MARK")
    assert plain in made
    return made.replace(plain, head.encode() + b"\nstream\n" + content)


def nested_docx(depth: int) -> bytes:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    inner = b"<w:tbl><w:tr><w:tc>" * depth + b"<w:p/>" + b"</w:tc></w:tr></w:tbl>" * depth
    return zipped(
        {"word/document.xml": f"<w:document {space}><w:body>".encode() + inner + b"</w:body></w:document>"}, docx_file()
    )


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%b">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
) + b"]><x>&j;</x>"  # fmt: skip
YAML_BOMB = "a0: &a0 [x,x]\n" + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))

HOSTILE = {
    "zip bomb": (".docx", zipped({"word/document.xml": bytes(250 << 20)})),
    "zip bomb that lies": (
        ".epub", zipped({"META-INF/container.xml": bytes(90 << 20)}).replace(struct.pack("<I", 90 << 20), struct.pack("<I", 9)),
    ),
    "entities in word": (".docx", zipped({"word/document.xml": LAUGHS}, docx_file())),
    "entities in slides": (".pptx", zipped({"ppt/presentation.xml": LAUGHS}, pptx_file())),
    "entities in sheets": (".xlsx", zipped({"xl/workbook.xml": LAUGHS}, xlsx_file())),
    "wide text in sheets": (".xlsx", zipped({"xl/sharedStrings.xml": b"<sst>" + b"<si><t>x</t></si>" * 4_000_000 + b"</sst>"}, xlsx_file())),
    "deep word": (".docx", nested_docx(5_000)),
    "deep json": (".json", b"[" * 3_000_000),
    "deep yaml": (".yaml", b"[" * 60_000),
    "deep e-mail": (".eml", b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3_000))),
    "many entries": (".epub", zipped({f"{n}": b"" for n in range(10_001)})),
    "broken pdf": (".pdf", pdf("x")[:200]),
    "pages that hold each other": (".pdf", pdf("x").replace(b"/Kids [4 0 R]", b"/Kids [2 0 R]")),
    "wide table": (".csv", b",".join([b"x"] * 2_100_000)),
}  # fmt: skip
ALIKE_IN_UNITS = {
    "entities in sheets",
    "deep word",
    "deep e-mail",
    "many entries",
    "pages that hold each other",
}
"""Those whose hostility is met on the way to units, too, by another reader or by taking apart what it gives."""
SURVIVED = {
    "entities in a chapter": (".epub", archive(**{**EPUB, "OPS__2.xhtml": LAUGHS.decode()})),
    "aliases in yaml": (".yaml", YAML_BOMB.encode()),
    "huge pdf page": (".pdf", pdf("x").replace(b"[0 0 612 792]", b"[0 0 9999999 9999999]")),
    "filters over filters": (".pdf", pdf_stream(b"BT /F1 24 Tf 72 700 Td (deep) Tj ET", *["x"] * 40)),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_documents_end_as_errors(extract: ConfinedExtract, take_apart: ConfinedUnits, name: str):
    extension, content = HOSTILE[name]
    with pytest.raises(UnreadableDocument) as caught:
        await extract(content, extension=extension, mime_type="")
    assert str(caught.value)
    if name in ALIKE_IN_UNITS:
        with pytest.raises(UnreadableDocument) as caught:
            await take_apart(content, extension=extension, mime_type="")
        assert str(caught.value)
    assert await extract(b"[1]", extension=".json", mime_type="") == "[\n  1\n]"


@pytest.mark.parametrize("name", SURVIVED)
async def test_hostile_documents_that_grow_are_read_as_they_are(extract: ConfinedExtract, name: str):
    extension, content = SURVIVED[name]
    assert len(await extract(content, extension=extension, mime_type="")) < 100_000


async def test_greed_for_memory_is_named(extract: ConfinedExtract):
    sheet = (
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' + b"<si><t>x</t></si>" * 8_000_000
    )
    book = zipped({"xl/sharedStrings.xml": sheet + b"</sst>"}, xlsx_file())
    with pytest.raises(UnreadableDocument, match=r"^Failed to extract text from XLSX: it needed more memory than "):
        await extract(book, extension=".xlsx", mime_type="")


async def test_greed_for_time_is_named():
    # Of memory there is more than either needs, so that only the time can run out, on a machine of any speed.
    reader = confined_reader(Limits(workers=1, timeout=0.5, memory=2 << 30, output=LIMITS.output))
    extract = ConfinedExtract(reader)
    drawing = pdf_stream(b"BT /F1 24 Tf 72 700 Td " + b"(xxxxxxxxxx) Tj " * 3_000_000 + b"ET", "Flate")
    for content, kind in ((b"- {a: b}\n" * 400_000, "YAML"), (drawing, "PDF")):
        words = rf"^Failed to extract text from {kind}: it took longer than 0.5 seconds$"
        with pytest.raises(UnreadableDocument, match=words):
            await extract(content, extension=f".{kind.lower()}", mime_type="")
    await reader.close()


async def test_plain_text_starts_no_process():
    reader = confined_reader()
    extract, take_apart = ConfinedExtract(reader), ConfinedUnits(reader)
    assert await extract(b"x", extension=".py", mime_type="") == "x"
    assert await take_apart(b"# x", extension=".md", mime_type="") == [Unit("x")]
    assert reader.zygote is None
    await reader.close()


async def test_a_reader_that_was_ended_by_others_is_asked_again():
    reader = confined_reader()
    take_apart = ConfinedUnits(reader)
    assert await take_apart(b"a,b\n1,2", extension="csv", mime_type="") == [Unit("a: 1;b: 2")]
    assert reader.zygote is not None
    os.kill(reader.zygote, signal.SIGSTOP)
    asked = asyncio.create_task(take_apart(b"a,b\n3,4", extension="csv", mime_type=""))
    for _ in range(100):
        await asyncio.sleep(0)  # it has asked by then, and would wait for ever
    os.kill(reader.zygote, signal.SIGKILL)
    assert await asked == [Unit("a: 3;b: 4")]
    await reader.close()


async def test_a_document_that_was_not_looked_at_may_be_read_later():
    async def refuse(payload: bytes) -> bytes:
        raise CallRefused("it can't be read safely on this machine")

    with pytest.raises(ReaderUnavailable, match=r"^The document can't be read: it can't be "):
        await ConfinedUnits(refuse)(b"a,b", extension="csv", mime_type="")
    with pytest.raises(UnreadableDocument, match=r"^Failed to extract text from CSV: it can't be read safely"):
        await ConfinedExtract(refuse)(b"a,b", extension="csv", mime_type="")


async def test_parcels_keep_every_byte_and_character():
    content = os.urandom(100) + b"\n\n"
    assert unpack(pack(content, extension=".ü\n", mime_type='a"b')) == (content, ".ü\n", 'a"b', "text")
    assert unpack(pack(content, extension="", mime_type="", wanted="units"))[3] == "units"
    for kind in Parcel:
        assert unwrap(wrap(kind, "é\ud800\0")) == (kind, "é\ud800\0")
        assert kind is Parcel.UNITS or unwrap_units(wrap(kind, "é")) == (kind, "é")
    units = [Unit("é\n", 3), Unit("b")]
    assert unwrap_units(wrap_units(units)) == units
