"""Reads documents in a confined process: the `Extract` and `ExtractUnits` of servers, whose documents strangers made."""

from __future__ import annotations

import asyncio
import sys
from typing import Protocol

from orrery.retrieval.extraction import formats, unit_formats
from orrery.retrieval.extraction.in_thread import extract_in_thread, units_in_thread
from orrery.retrieval.extraction.limits import ReaderUnavailable, UnreadableDocument, UnsupportedDocument, check_size
from orrery.retrieval.extraction.parcel import Parcel, Wanted, pack, unwrap, unwrap_units
from orrery.retrieval.extraction.unit import Unit
from orrery.sandbox.confined import CallFailed, CallRefused, ConfinedFunction
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
    "xlrd",
    "charset_normalizer",
    "docx",
    "openpyxl",
    "et_xmlfile",
    "pptx",
    "lxml",
    "PIL",
    "xlsxwriter",
)


_LONG = 1 << 20
"""Bytes that take a while to be made text again."""


class Call(Protocol):
    """A function from bytes to bytes that runs elsewhere; raises `CallFailed`."""

    async def __call__(self, payload: bytes) -> bytes: ...


def confined_reader(limits: Limits = LIMITS, *, idle: float = 60.0) -> ConfinedFunction:
    """The reader's process, not started yet. Its owner closes it."""
    return ConfinedFunction(_ENTRY, _PACKAGES, limits, idle=idle)


class ConfinedExtract:
    """`Extract` by way of ``call``; plain text needs no parser and stays here, in a thread."""

    def __init__(self, call: Call) -> None:
        self.call = call

    async def __call__(self, content: bytes, *, extension: str, mime_type: str) -> str:
        """Raises `UnsupportedDocument`, `UnreadableDocument`."""
        reader = formats.reader_of(extension, mime_type)
        if formats.is_plain(reader) or sys.platform != "linux":
            return await extract_in_thread(content, extension=extension, mime_type=mime_type)
        try:
            answer = await _read(self.call, content, extension, mime_type, "text")
        except CallFailed as failure:
            raise _unreadable(extension, mime_type, failure) from failure
        kind, text = await asyncio.to_thread(unwrap, answer) if len(answer) > _LONG else unwrap(answer)
        if kind is Parcel.TEXT:
            return text
        raise _refusal(kind, text)


class ConfinedUnits:
    """`ExtractUnits` in the same way."""

    def __init__(self, call: Call) -> None:
        self._call = call

    async def __call__(self, content: bytes, *, extension: str, mime_type: str) -> list[Unit]:
        """Raises `UnsupportedDocument`, `UnreadableDocument`, `ReaderUnavailable`."""
        reader = unit_formats.unit_reader_of(extension, mime_type)
        if unit_formats.is_plain(reader) or sys.platform != "linux":
            return await units_in_thread(content, extension=extension, mime_type=mime_type)
        try:
            answer = await _read(self._call, content, extension, mime_type, "units")
        except CallRefused as refusal:
            raise ReaderUnavailable(f"The document can't be read: {refusal}.") from refusal
        except CallFailed as failure:
            raise _unreadable(extension, mime_type, failure) from failure
        units = await asyncio.to_thread(unwrap_units, answer) if len(answer) > _LONG else unwrap_units(answer)
        if isinstance(units, list):
            return units
        raise _refusal(*units)


async def _read(call: Call, content: bytes, extension: str, mime_type: str, wanted: Wanted) -> bytes:
    check_size(content)
    return await call(pack(content, extension=extension, mime_type=mime_type, wanted=wanted))


def _unreadable(extension: str, mime_type: str, failure: CallFailed) -> UnreadableDocument:
    name = (extension.removeprefix(".") or mime_type).upper()
    return UnreadableDocument(f"Failed to extract text from {name}: {failure}")


def _refusal(kind: Parcel, text: str) -> UnreadableDocument:
    return (UnsupportedDocument if kind is Parcel.UNSUPPORTED else UnreadableDocument)(text)
