"""Documents of pages: PDF and EPUB (workflow.md 3.18)."""

from __future__ import annotations

import posixpath
import threading
import zipfile
from html.parser import HTMLParser
from urllib.parse import unquote

from orrery.retrieval.extraction.encodings import decode
from orrery.retrieval.extraction.limits import MAX_PAGES, TextBudget, UnreadableDocument, open_archive
from orrery.retrieval.extraction.plain import html_text

# PDFium keeps global state and may only be used by one thread at a time.
_PDFIUM = threading.Lock()


def read_pdf(content: bytes) -> str:
    """The text of all pages. Raises `UnreadableDocument`."""
    return "\n".join(pdf_pages(content))


def pdf_pages(content: bytes) -> list[str]:
    """The text of each page. Raises `UnreadableDocument`."""
    with _PDFIUM:
        return _pdf_pages(content)


def _pdf_pages(content: bytes) -> list[str]:
    import pypdfium2  # lazy: loads a large shared library

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise UnreadableDocument(str(error)) from error
    try:
        if len(document) > MAX_PAGES:
            raise UnreadableDocument(f"the document has more than {MAX_PAGES} pages")
        budget = TextBudget()
        for page in document:
            text_page = page.get_textpage()
            budget.add(text_page.get_text_bounded().replace("\r\n", "\n"))
            text_page.close()
            page.close()
    except pypdfium2.PdfiumError as error:
        raise UnreadableDocument(str(error)) from error
    finally:
        document.close()
    return budget.pieces


class _Package(HTMLParser):
    """Reads the two small XML files that say where an EPUB's chapters are; never expands an entity."""

    def __init__(self) -> None:
        super().__init__()
        self.root = ""
        self.items: dict[str, str] = {}
        self.spine: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        match tag.rpartition(":")[2]:
            case "rootfile":
                self.root = self.root or values.get("full-path", "")
            case "item":
                self.items[values.get("id", "")] = values.get("href", "")
            case "itemref":
                self.spine.append(values.get("idref", ""))
            case _:
                pass


def read_epub(content: bytes) -> str:
    """The chapters' text in reading order. Raises `UnreadableDocument`."""
    return "\n\n".join(epub_chapters(content))


def epub_chapters(content: bytes) -> list[str]:
    """The text of each chapter, in reading order. Raises `UnreadableDocument`."""
    with open_archive(content) as archive:
        package = _Package()
        try:
            package.feed(decode(archive.read("META-INF/container.xml")))
            package.feed(decode(archive.read(package.root)))
            folder = posixpath.dirname(package.root)
            budget = TextBudget()
            for name in dict.fromkeys(package.spine):
                href = unquote(package.items.get(name, "").partition("#")[0])
                path = posixpath.normpath(posixpath.join(folder, href))
                if href and path in archive.namelist():
                    budget.add(html_text(decode(archive.read(path))))
        except (KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise UnreadableDocument(str(error)) from error
        return budget.pieces
