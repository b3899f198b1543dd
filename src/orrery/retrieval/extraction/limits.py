"""How much a document may be and become, and the failures of reading one (workflow.md 3.18)."""

from __future__ import annotations

import io
import zipfile

from orrery.errors import OrreryError

MAX_INPUT_BYTES = 100 * 1024 * 1024
MAX_UNPACKED_BYTES = 200 * 1024 * 1024
MAX_ARCHIVE_ENTRIES = 10_000
MAX_TEXT_CHARACTERS = 20_000_000
MAX_CELLS = 2_000_000
MAX_PAGES = 10_000


class UnreadableDocument(ValueError):
    """The content can't be read; the text is the node's error."""


class UnsupportedDocument(UnreadableDocument):
    """A kind of document that nothing here reads."""


class ReaderUnavailable(OrreryError):
    """The document was not looked at; a later try may be more successful."""

    status = 503
    code = "document_reader_unavailable"
    default_message = "The document can't be read at the moment."


def check_size(content: bytes) -> None:
    """Raises `UnreadableDocument` for a document that is too large to look at."""
    if len(content) > MAX_INPUT_BYTES:
        raise UnreadableDocument(f"the document is larger than {MAX_INPUT_BYTES} bytes")


class TextBudget:
    """Collects pieces of text until there are too many characters."""

    def __init__(self, limit: int = MAX_TEXT_CHARACTERS) -> None:
        self._left = limit
        self.pieces: list[str] = []

    def add(self, piece: str) -> None:
        """Raises `UnreadableDocument`."""
        self._left -= len(piece)
        if self._left < 0:
            raise UnreadableDocument(f"the document holds more than {MAX_TEXT_CHARACTERS} characters")
        self.pieces.append(piece)

    def join(self, glue: str) -> str:
        return glue.join(self.pieces)


def open_archive(content: bytes) -> zipfile.ZipFile:
    """A ZIP file whose entries may be read. Raises `UnreadableDocument`.

    The sizes that entries declare bound what reading them gives, so it is enough to sum the declarations.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise UnreadableDocument(str(error)) from error
    entries = archive.infolist()
    if len(entries) > MAX_ARCHIVE_ENTRIES:
        raise UnreadableDocument(f"the archive has more than {MAX_ARCHIVE_ENTRIES} entries")
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise UnreadableDocument(f"the archive unpacks to more than {MAX_UNPACKED_BYTES} bytes")
    return archive


def check_office_archive(content: bytes) -> None:
    """Raises `UnreadableDocument` for archives that unpack too far and for XML that declares entities.

    Office formats forbid document type declarations, and without them XML can't grow or reach outside.
    """
    with open_archive(content) as archive:
        for entry in archive.infolist():
            if not entry.filename.lower().endswith((".xml", ".rels", ".vml")):
                continue
            try:
                part = archive.read(entry)
            except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError) as error:
                raise UnreadableDocument(str(error)) from error
            # In UTF-16 every second byte of the word is zero.
            if b"<!DOCTYPE" in part.replace(b"\x00", b""):
                raise UnreadableDocument(f"{entry.filename} declares a document type")
