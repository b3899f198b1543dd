"""The beginning of a document's text, for people who choose files (product reference, 6.1)."""

from __future__ import annotations

from orrery.apps.files.downloads import Downloads, stored
from orrery.apps.files.errors import FileTooLarge, UnsupportedFileType
from orrery.apps.files.kinds import KNOWLEDGE_DOCUMENTS
from orrery.apps.files.uploads import Uploads
from orrery.retrieval.extraction.limits import UnreadableDocument
from orrery.retrieval.extraction.protocol import Extract

CHARACTERS = 3000
MOST_BYTES = 32 * 1024 * 1024


class TextPreviews:
    """Reads text out of uploaded documents with ``extract``, which works away from the event loop."""

    def __init__(self, uploads: Uploads, downloads: Downloads, extract: Extract) -> None:
        self._uploads = uploads
        self._downloads = downloads
        self._extract = extract

    async def of(self, workspace_id: str, file_id: str) -> str:
        """At most 3000 characters. Raises `FileNotFound`, `UnsupportedFileType`, `FileTooLarge`."""
        row = await self._uploads.find(workspace_id, file_id)
        if row.extension not in KNOWLEDGE_DOCUMENTS:
            raise UnsupportedFileType
        if row.size > MOST_BYTES:
            raise FileTooLarge
        content = await self._downloads.load(stored(row))
        try:
            text = await self._extract(content, extension=row.extension, mime_type=row.mime_type or "")
        except UnreadableDocument as error:
            raise UnsupportedFileType(str(error)) from error
        return text[:CHARACTERS]
