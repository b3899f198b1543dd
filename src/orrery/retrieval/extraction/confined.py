"""Takes text out of documents in a confined process: the `Extract` of servers, whose documents come from strangers."""

from __future__ import annotations

import asyncio
import sys
from typing import Protocol

from orrery.retrieval.extraction.formats import is_plain, reader_of
from orrery.retrieval.extraction.in_thread import extract_in_thread
from orrery.retrieval.extraction.limits import MAX_INPUT_BYTES, UnreadableDocument, UnsupportedDocument
from orrery.retrieval.extraction.parcel import Parcel, pack, unwrap
from orrery.sandbox.confined import CallFailed, ConfinedFunction
from orrery.sandbox.limits import Limits

LIMITS = Limits(
    requests=200,
    workers=2,
    timeout=60.0,
    output=84 << 20,  # the longest text that is allowed, in UTF-8
    memory=1 << 30,
)
_ENTRY = "orrery.retrieval.extraction.cell:read"
_PACKAGES = (
    "yaml",
    "pypdfium2",
    "pypdfium2_raw",
    "docx",
    "openpyxl",
    "et_xmlfile",
    "pptx",
    "lxml",
    "PIL",
    "xlsxwriter",
)


class Call(Protocol):
    """A function from bytes to bytes that runs elsewhere; raises `CallFailed`."""

    async def __call__(self, payload: bytes) -> bytes: ...


def confined_reader(limits: Limits = LIMITS, *, idle: float = 60.0) -> ConfinedFunction:
    """The reader's process, not started yet. Its owner closes it."""
    return ConfinedFunction(_ENTRY, _PACKAGES, limits, idle=idle)


class ConfinedExtract:
    """`Extract` by way of ``call``; plain text needs no parser and stays here, in a thread."""

    def __init__(self, call: Call) -> None:
        self._call = call

    async def __call__(self, content: bytes, *, extension: str, mime_type: str) -> str:
        """Raises `UnsupportedDocument`, `UnreadableDocument`."""
        reader = reader_of(extension, mime_type)
        if is_plain(reader) or sys.platform != "linux":
            return await extract_in_thread(content, extension=extension, mime_type=mime_type)
        if len(content) > MAX_INPUT_BYTES:
            raise UnreadableDocument(f"the document is larger than {MAX_INPUT_BYTES} bytes")
        try:
            answer = await self._call(pack(content, extension=extension, mime_type=mime_type))
        except CallFailed as failure:
            name = (extension.removeprefix(".") or mime_type).upper()
            raise UnreadableDocument(f"Failed to extract text from {name}: {failure}") from failure
        kind, text = await asyncio.to_thread(unwrap, answer) if len(answer) > 1 << 20 else unwrap(answer)
        if kind is Parcel.TEXT:
            return text
        raise (UnsupportedDocument if kind is Parcel.UNSUPPORTED else UnreadableDocument)(text)
