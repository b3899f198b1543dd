"""Which reader a document gets, by its ending and then by its media type (workflow.md 3.18).

`extract_text` is pure and works on bytes alone, so it can run in a confined process of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TypeAlias

from orrery.retrieval.extraction.encodings import decode
from orrery.retrieval.extraction.limits import (
    MAX_TEXT_CHARACTERS,
    UnreadableDocument,
    UnsupportedDocument,
    check_size,
)
from orrery.retrieval.extraction.office import read_docx, read_pptx, read_xlsx
from orrery.retrieval.extraction.old_workbooks import read_xls
from orrery.retrieval.extraction.pages import read_epub, read_pdf
from orrery.retrieval.extraction.plain import read_csv, read_email, read_json, read_properties, read_yaml

Reader: TypeAlias = Callable[[bytes], str]

_PLAIN = [
    "txt",
    "markdown",
    "md",
    "mdx",
    "html",
    "htm",
    "xml",
    "c",
    "h",
    "cpp",
    "hpp",
    "cc",
    "cxx",
    "c++",
    "py",
    "js",
    "ts",
    "jsx",
    "tsx",
    "java",
    "php",
    "rb",
    "go",
    "rs",
    "swift",
    "kt",
    "scala",
    "sh",
    "bash",
    "bat",
    "ps1",
    "sql",
    "r",
    "m",
    "pl",
    "lua",
    "vim",
    "asm",
    "s",
    "css",
    "scss",
    "less",
    "sass",
    "ini",
    "cfg",
    "conf",
    "toml",
    "env",
    "log",
    "vtt",
    "srt",
]


def needs_service(_: bytes) -> str:
    """The reader of what only an outside service reads."""
    raise UnsupportedDocument("UNSTRUCTURED_API_URL must be set")


_BY_EXTENSION: dict[str, Reader] = dict.fromkeys(_PLAIN, decode) | {
    "json": read_json,
    "yaml": read_yaml,
    "yml": read_yaml,
    "properties": read_properties,
    "csv": read_csv,
    "eml": read_email,
    "pdf": read_pdf,
    "docx": read_docx,
    "xlsx": read_xlsx,
    "pptx": read_pptx,
    "epub": read_epub,
    "xls": read_xls,
    # Old binary formats, which only the outside service reads.
    "doc": needs_service,
    "ppt": needs_service,
    "msg": needs_service,
}
_BY_MIME_TYPE: dict[str, Reader] = {
    "application/pdf": read_pdf,
    "application/msword": needs_service,
    "application/vnd.ms-excel": read_xls,
    "application/vnd.ms-powerpoint": needs_service,
    "application/vnd.ms-outlook": needs_service,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": read_docx,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": read_xlsx,
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": read_pptx,
    "application/epub+zip": read_epub,
    "message/rfc822": read_email,
    "text/csv": read_csv,
    "application/csv": read_csv,
    "application/json": read_json,
    "application/x-yaml": read_yaml,
    "application/yaml": read_yaml,
    "text/yaml": read_yaml,
    "text/x-yaml": read_yaml,
    "text/properties": read_properties,
    "application/xml": decode,
    "application/xhtml+xml": decode,
    "application/javascript": decode,
    "application/x-sh": decode,
    "application/sql": decode,
    "application/toml": decode,
    "application/x-subrip": decode,
}


def reader_of(extension: str, mime_type: str) -> Reader:
    """Raises `UnsupportedDocument` with the contract's text."""
    if extension:
        reader = _BY_EXTENSION.get(extension.lower().removeprefix("."))
        if reader is None:
            raise UnsupportedDocument(f"Unsupported Extension Type: {extension}")
        return reader
    if mime_type:
        kind = mime_type.partition(";")[0].strip().lower()
        reader = _BY_MIME_TYPE.get(kind) or (decode if kind.startswith("text/") else None)
        if reader is None:
            raise UnsupportedDocument(f"Unsupported MIME type: {mime_type}")
        return reader
    raise UnsupportedDocument("Unable to determine file type: MIME type or file extension is missing")


def is_plain(reader: Reader) -> bool:
    """Whether a reader only decodes, or refuses without a look: neither parses what a stranger made."""
    return reader in {decode, needs_service}


@contextmanager
def named_failures(extension: str, mime_type: str) -> Generator[None]:
    """Turns whatever a reader raises into `UnreadableDocument`, with the contract's text."""
    name = (extension.removeprefix(".") or mime_type).upper()
    try:
        yield
    except UnsupportedDocument:
        raise
    except MemoryError as error:
        raise UnreadableDocument(
            f"Failed to extract text from {name}: it needed more memory than a document may have"
        ) from error
    except Exception as error:
        # The readers' libraries answer malformed bytes with errors of every kind; all mean the same to the app.
        detail = str(error) or type(error).__name__
        if detail.startswith(("Failed to decode or parse", "Failed to extract text")):
            raise UnreadableDocument(detail) from error
        raise UnreadableDocument(f"Failed to extract text from {name}: {detail}") from error


def extract_text(content: bytes, *, extension: str, mime_type: str) -> str:
    """A document's text. Blocking; up to seconds of CPU for large documents.

    Raises `UnsupportedDocument`, `UnreadableDocument`; their texts are the node's error.
    """
    reader = reader_of(extension, mime_type)
    check_size(content)
    with named_failures(extension, mime_type):
        text = reader(content)
    if len(text) > MAX_TEXT_CHARACTERS:
        raise UnreadableDocument(f"the document holds more than {MAX_TEXT_CHARACTERS} characters")
    return text
