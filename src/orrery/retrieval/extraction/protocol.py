"""What other rooms ask of extraction."""

from __future__ import annotations

from typing import Protocol

from orrery.retrieval.extraction.unit import Unit


class Extract(Protocol):
    """Takes text out of a document, away from the event loop.

    Raises `UnsupportedDocument`, `UnreadableDocument`.
    """

    async def __call__(self, content: bytes, *, extension: str, mime_type: str) -> str: ...


class ExtractUnits(Protocol):
    """Takes a document apart into its units, away from the event loop.

    Raises `UnsupportedDocument`, `UnreadableDocument`, and `ReaderUnavailable` where the document was not looked at.
    """

    async def __call__(self, content: bytes, *, extension: str, mime_type: str) -> list[Unit]: ...
