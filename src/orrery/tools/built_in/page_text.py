"""The readable text of a web page: title, author, and the words without scripts and navigation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Final

import msgspec

_SILENT: Final = frozenset(
    {"script", "style", "noscript", "template", "svg", "iframe", "head", "nav", "footer", "form"}
)
_BLOCKS: Final = frozenset(
    {"p", "div", "section", "article", "main", "br", "li", "ul", "ol", "table", "tr", "pre", "blockquote", "header"}
    | {f"h{level}" for level in range(1, 7)}
)
_VOID: Final = frozenset({"br", "img", "hr", "input", "meta", "link", "source", "area", "col", "embed", "wbr"})
_BLANKS: Final = re.compile(r"[ \t\r\f\v]+")
_EMPTY_LINES: Final = re.compile(r"\n{3,}")


class Page(msgspec.Struct, frozen=True):
    """What a reader sees."""

    title: str
    author: str
    text: str


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title, self.author = "", ""
        self.parts: list[str] = []
        self._silent: list[str] = []
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag == "meta":
            found = dict(attrs)
            if (found.get("name") or found.get("property") or "").lower() in {"author", "article:author"}:
                self.author = self.author or (found.get("content") or "")
        elif tag == "title":
            self._in_title = not self.title
        elif tag in _SILENT and tag not in _VOID:
            self._silent.append(tag)
        elif tag == "body":
            self._silent.clear()  # pages that never close their head
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif tag in self._silent:
            del self._silent[self._silent.index(tag) :]
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif not self._silent:
            self.parts.append(data)


def read_page(html: str) -> Page:
    """Never fails: broken markup gives less text."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (_BLANKS.sub(" ", line).strip() for line in "".join(reader.parts).split("\n"))
    text = _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()
    return Page(" ".join(reader.title.split()), reader.author.strip(), text)
