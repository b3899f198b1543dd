"""Extraction in a thread of this process: for callers without a confined process at hand."""

from __future__ import annotations

import asyncio

from orrery.retrieval.extraction.formats import extract_text
from orrery.retrieval.extraction.unit import Unit
from orrery.retrieval.extraction.unit_formats import units_of


async def extract_in_thread(content: bytes, *, extension: str, mime_type: str) -> str:
    """`extract_text` as an `Extract`."""
    return await asyncio.to_thread(extract_text, content, extension=extension, mime_type=mime_type)


async def units_in_thread(content: bytes, *, extension: str, mime_type: str) -> list[Unit]:
    """`units_of` as an `ExtractUnits`."""
    return await asyncio.to_thread(units_of, content, extension=extension, mime_type=mime_type)
