"""Extraction in a thread of this process: for callers without a confined process at hand."""

from __future__ import annotations

import asyncio

from orrery.retrieval.extraction.formats import extract_text


async def extract_in_thread(content: bytes, *, extension: str, mime_type: str) -> str:
    """`extract_text` as an `Extract`."""
    return await asyncio.to_thread(extract_text, content, extension=extension, mime_type=mime_type)
