"""Documents taken apart: what becomes a unit in each format, in the contract's forms of text."""

from __future__ import annotations

import io
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.retrieval.extraction import unit
from orrery.retrieval.extraction.limits import UnreadableDocument, UnsupportedDocument
from orrery.retrieval.extraction.rows import sheet_units
from orrery.retrieval.extraction.sections import sections_of
from orrery.retrieval.extraction.unit import Unit, bounded
from orrery.retrieval.extraction.unit_formats import units_of

from .documents import EPUB, archive, docx_file, pdf, pptx_file, xls_file, xlsx_file


def texts(content: bytes, extension: str, mime_type: str = "") -> list[str]:
    return [part.text for part in units_of(content, extension=extension, mime_type=mime_type)]


@pytest.mark.parametrize("extension", ["txt", ".TXT", "vtt", "properties", "json", "yaml", "py", "xml"])
def test_texts_are_one_unit_as_they_are(extension: str):
    assert texts(b"{b:  1}\n\n# a=1\n", extension) == ["{b:  1}\n\n# a=1\n"]


def test_a_document_without_text_has_no_units():
    assert texts(b"", "txt") == texts(b" \n\0", "md") == texts(pdf(""), "pdf") == texts(b"a,b\n,\n", "csv") == []


MARKDOWN = """before <b>it</b>
<!-- unseen
# not a heading, but who knows -->
# One # of
text
 # no heading
#none

```py
# a comment
x: List[int] = <y>
```
after < 3 > <br/> 2
## Two ##

##   Three
"""


def test_markdown_comes_apart_at_headings_outside_of_fences():
    assert texts(MARKDOWN.encode(), "mdx") == [
        "before it\n<!-- unseen",
        "not a heading, but who knows -->",
        "One  of\ntext\n # no heading\n#none\n\n```py\n# a comment\nx: List[int] = <y>\n```\nafter < 3 >  2",
        "Two",
        "Three",
    ]
    assert texts(b"# A\nb", "", "text/markdown; charset=utf-8") == ["A\nb"]


def test_a_fence_that_stays_open_holds_the_rest():
    assert texts(b"a\n```\n# b\n<i>", "md") == ["a\n```\n# b\n<i>"]


def test_pages_are_units_with_their_numbers():
    assert units_of(pdf("Hello", "", "World"), extension="pdf", mime_type="") == [Unit("Hello", 1), Unit("World", 3)]
    assert units_of(pptx_file(), extension="pptx", mime_type="") == [Unit("Title\nPoint\n| a | b |\n| --- | --- |", 1)]
    assert texts(archive(**EPUB), "epub") == ["First & foremost\none two", "Second"]


def test_a_page_of_the_web_is_its_text():
    assert texts(b"<head><style>x</style></head><p>a &amp; b<br>c<script>no()</script>", "htm") == ["a & b\nc"]
    assert texts(b"From: a@b\nContent-Type: text/html\n\n<p>Hi <b>you</b></p>", "eml") == ["Hi you"]


def test_rows_of_commas_have_the_names_of_their_columns():
    table = b'name , n\n"x;\n""y""",1\n\nbad,1,2\nshort\n , \n\xc3\xa9,\n'
    assert texts(table, "csv") == ['name: x;\n"y";n: 1', "name: short;n: ", "name: é;n: "]
    assert texts(b"only,a,head\n", "csv") == []


def test_rows_of_sheets_have_the_names_of_their_columns():
    assert texts(xlsx_file(), "xlsx") == ['"name":"x";"n":"1"', '"name":"far";"n":""']
    book = xls_file(("a title", None), ("Größe", "n", None, "far"), ("x", 2.0, 5.0), (None, 2.5, None, "z"))
    assert texts(book, "xls") == ['"Größe":"x";"n":"2"', '"n":"2.5";"far":"z"']
    assert texts(xls_file(("day", "is"), (date(2026, 2, 3), True)), "xls") == [
        '"day":"2026-02-03 00:00:00";"is":"True"'
    ]
    with pytest.raises(UnreadableDocument, match=r"^Failed to extract text from XLS: "):
        texts(xlsx_file(), "xls")
    with pytest.raises(UnreadableDocument, match=r"^Failed to extract text from XLS: "):
        texts(book[:700], "xls")


def test_the_head_of_a_sheet_is_its_first_row_of_two_or_else_the_fullest():
    assert [part.text for part in sheet_units([[None], [None, "one"], ["x"], [7]], empties=True)] == []
    assert [part.text for part in sheet_units([[None], ["one"], [None, "x"], [7]], empties=True)] == ['"one":"7"']
    late = [["t"]] * 10 + [["a", "b"], ["c", "d"]]
    assert [part.text for part in sheet_units(late, empties=True)][-1] == '"t":"c"'
    assert list(sheet_units([], empties=True)) == list(sheet_units([[None, ""]], empties=True)) == []


def test_word_documents_are_one_unit_with_links():
    import docx
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.oxml import parse_xml

    document = docx.Document()
    paragraph = document.add_paragraph("see ")
    link = document.part.relate_to("https://example.com/a", RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    spaces = "".join(
        f' xmlns:{name}="http://schemas.openxmlformats.org/{where}"'
        for name, where in (("w", "wordprocessingml/2006/main"), ("r", "officeDocument/2006/relationships"))
    )
    paragraph._p.append(parse_xml(f'<w:hyperlink r:id="{link}"{spaces}><w:r><w:t>here</w:t></w:r></w:hyperlink>'))
    buffer = io.BytesIO()
    document.save(buffer)
    assert texts(buffer.getvalue(), "docx") == ["see [here](https://example.com/a)"]
    assert texts(docx_file(), "docx") == ["Before\n| h1 | h\\|2 |\n| --- | --- |\n| a b | c |\nAfter"]


@pytest.mark.parametrize("extension", ["doc", "ppt", "msg", "exe", ""])
def test_what_nothing_reads_is_not_supported(extension: str):
    with pytest.raises(UnsupportedDocument):
        texts(b"x", extension)


def test_too_much_text_is_refused():
    with pytest.raises(UnreadableDocument, match="characters"):
        bounded([Unit("ab"), Unit("cd")], limit=3)
    assert bounded([Unit("a\ud83e\udd16\0b\ud800")]) == [Unit("a🤖b�")]
    assert unit.MAX_TEXT_CHARACTERS == 20_000_000


@settings(max_examples=60)
@given(st.binary(max_size=300), st.sampled_from(["md", "csv", "html", "eml", "epub", "txt", "xls", "pdf", "json"]))
def test_whatever_the_bytes_there_are_units_or_a_reason(content: bytes, extension: str):
    try:
        units = units_of(content, extension=extension, mime_type="")
    except UnreadableDocument as error:
        assert str(error)
    else:
        assert all(part.text.strip() and "\0" not in part.text for part in units)


@settings(max_examples=60)
@given(st.text(alphabet="#`<ab \n", max_size=60))
def test_no_word_is_lost_from_sections(text: str):
    kept = "".join(part.text for part in sections_of(text))
    assert [letter for letter in kept if letter in "ab"] == [letter for letter in text if letter in "ab"]


def test_many_short_rows_below_a_wide_head_are_bounded():
    with pytest.raises(UnreadableDocument, match="more than 2000000 cells"):
        texts(b",".join([b"x"] * 100_001) + b"\n" + b"y\n" * 20, "csv")


NOT_UTF_8 = {
    "gb18030": "知识库把文档切成小段，再把每一段变成向量。检索的时候，先找出最接近的段落。",
    "big5": "知識庫把文件切成小段，再把每一段變成向量。檢索的時候，先找出最接近的段落。",
    "cp932": "知識ベースは文書を小さな段落に分け、それぞれをベクトルにします。検索のときに最も近いものを探します。",
    "cp949": "지식 베이스는 문서를 작은 조각으로 나누고 각각을 벡터로 만듭니다. 검색할 때 가장 가까운 것을 찾습니다.",
    "cp1251": "База знаний делит документы на небольшие части и превращает каждую в вектор.",
    "koi8_r": "База знаний делит документы на небольшие части и превращает каждую в вектор.",
    "cp1252": "Die Wissensdatenbank zerlegt Dokumente in kleine Stücke. Möglicherweise größer, später schön geprüft.",
    "cp1253": "Η βάση γνώσεων χωρίζει τα έγγραφα σε μικρά κομμάτια και τα κάνει διανύσματα.",
}


@pytest.mark.parametrize("encoding", NOT_UTF_8)
def test_old_encodings_are_told_apart(encoding: str):
    text = NOT_UTF_8[encoding]
    assert texts(text.encode(encoding), "txt") == [text]
    long = f"{'plain ' * 3}\n" * 9000 + f"{text}\n" * 2000
    assert texts(long.encode(encoding), "txt") == [long]
