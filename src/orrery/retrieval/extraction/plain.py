"""Documents that are text already: decoded, and where the contract says so, laid out anew (workflow.md 3.18)."""

from __future__ import annotations

import csv
import email
import email.policy
import io
import json
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from html.parser import HTMLParser

import yaml

from orrery.retrieval.extraction.encodings import decode
from orrery.retrieval.extraction.limits import MAX_CELLS, MAX_INPUT_BYTES, TextBudget, UnreadableDocument
from orrery.whole_text import whole

_UNSEEN = frozenset({"script", "style", "head", "template"})
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "br",
        "li",
        "ul",
        "ol",
        "tr",
        "table",
        "section",
        "article",
        "header",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "pre",
        "hr",
        "title",
    ]
)


def read_json(content: bytes) -> str:
    """The JSON with an indent of 2. Raises `UnreadableDocument`."""
    try:
        return whole(json.dumps(json.loads(decode(content)), indent=2, ensure_ascii=False))
    except (ValueError, RecursionError) as error:
        raise UnreadableDocument(f"Failed to decode or parse JSON file: {error}") from error


def read_yaml(content: bytes) -> str:
    """The YAML in block style, anchors kept as they are. Raises `UnreadableDocument`."""
    try:
        documents = list(yaml.safe_load_all(decode(content)))
        return yaml.safe_dump_all(documents, allow_unicode=True, sort_keys=False)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise UnreadableDocument(f"Failed to decode or parse YAML file: {error}") from error


def read_properties(content: bytes) -> str:
    """``key: value`` lines; comments and empty lines stay."""
    return "\n".join(_property(line.strip()) for line in decode(content).splitlines())


def _property(line: str) -> str:
    if not line or line[0] in "#!":
        return line
    places = [place for mark in "=:" if (place := line.find(mark)) >= 0]
    if not places:
        return f"{line}: "
    cut = min(places)
    return f"{line[:cut].strip()}: {line[cut + 1 :].strip()}"


def read_csv(content: bytes) -> str:
    """The rows as a Markdown table. Raises `UnreadableDocument`."""
    text = decode(content)
    csv.field_size_limit(MAX_INPUT_BYTES)  # of the whole process, and always the same
    try:
        return markdown_table(csv.reader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise UnreadableDocument(f"Failed to extract text from CSV: {error}") from error


def markdown_table(rows: Iterator[Sequence[object]]) -> str:
    """A Markdown table, the first row as its head; rows of empty cells are left out.

    Raises `UnreadableDocument` when there is too much of it.
    """
    budget = TextBudget()
    cells = width = 0
    for row in rows:
        cells += max(len(row), 1)
        if cells > MAX_CELLS:
            raise UnreadableDocument(f"the table has more than {MAX_CELLS} cells")
        line = [_cell(value) for value in row]
        if not any(line):
            continue
        if not width:
            width = len(line)
            budget.add(f"| {' | '.join(line)} |")
            budget.add(f"| {' | '.join(['---'] * width)} |")
        else:
            line += [""] * (width - len(line))
            budget.add(f"| {' | '.join(line)} |")
    return budget.join("\n")


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return " ".join(text.split()).replace("|", "\\|")


class _Reader(HTMLParser):
    """Gathers what a reader of the page would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        if tag in _BLOCKS:
            self._pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN and self._unseen:
            self._unseen -= 1
        if tag in _BLOCKS:
            self._pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._pieces.append(" ".join(data.split()) if data.strip() else " ")

    def text(self) -> str:
        lines = (" ".join(line.split()) for line in "".join(self._spaced()).splitlines())
        return "\n".join(line for line in lines if line)

    def _spaced(self) -> Iterator[str]:
        return (piece if piece == "\n" else f"{piece} " for piece in self._pieces)


def html_text(html: str) -> str:
    """What a page says, one line for each block."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


def read_email(content: bytes) -> str:
    """The message's body, plain where it has one, else the words of its HTML."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(preferencelist=("plain", "html"))
    if body is None:
        return ""
    payload = body.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    charset = body.get_content_charset()
    try:
        text = raw.decode(charset, "replace") if charset else decode(raw)
    except LookupError:
        text = decode(raw)
    return html_text(text) if body.get_content_subtype() == "html" else text.strip()
