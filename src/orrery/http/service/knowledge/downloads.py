"""Service API routes that give back what documents were made from (knowledge.md 8.5)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Annotated
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import msgspec
from msgspec import Meta
from starlette.responses import Response, StreamingResponse

from orrery.apps.files.downloads import Downloads, stored
from orrery.apps.files.parts import Files
from orrery.apps.files.tables import UploadFile
from orrery.errors import NotFound
from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.files.answers import links_for_programs
from orrery.http.service.knowledge.callers import document_id, named_ids, open_dataset
from orrery.http.service.knowledge.document_shapes import upload_id
from orrery.http.service.knowledge.shapes import JsonObject
from orrery.knowledge.datasets.errors import DocumentNotFound
from orrery.knowledge.datasets.service import Datasets
from orrery.knowledge.documents.listing import DocumentList

MOST_IN_ARCHIVE = 100


class ArchivedIds(msgspec.Struct, frozen=True):
    document_ids: Annotated[list[str], Meta(min_length=1, max_length=MOST_IN_ARCHIVE)]


class ServiceDownloadRoutes(RouteGroup):
    """Files that documents were made from."""

    def __init__(self, datasets: Datasets, listing: DocumentList, files: Files) -> None:
        self._datasets = datasets
        self._listing = listing
        self._files = files

    @route("GET", "/datasets/{dataset_id}/documents/{document_id}/download", auth="knowledge", scope="workspace")
    async def link(self, call: Call) -> JsonObject:
        """Gives a link to the file of a document, good for a few minutes."""
        dataset = await open_dataset(call, self._datasets)
        document = (await self._listing.get(dataset, document_id(call))).document
        file_id = upload_id(document)
        if file_id is None:
            raise NotFound("Document does not have an uploaded file to download.")
        if file_id not in await self._files.uploads.known(dataset.tenant_id, [file_id]):
            raise NotFound("Uploaded file not found.")
        return {"url": links_for_programs(call, self._files.links).upload(file_id, as_attachment=True)}

    @route("POST", "/datasets/{dataset_id}/documents/download-zip", auth="knowledge", scope="workspace",
           body=ArchivedIds)  # fmt: skip
    async def archive(self, call: Call, body: ArchivedIds) -> Response:
        """Gives the files of documents as one archive."""
        dataset = await open_dataset(call, self._datasets)
        wanted = list(dict.fromkeys(named_ids(body.document_ids)))
        documents = await self._listing.of(dataset, wanted)
        if len(documents) != len(wanted):
            raise DocumentNotFound
        ids = [file_id for document in documents if (file_id := upload_id(document))]
        found = await self._files.uploads.known(dataset.tenant_id, ids)
        if len(ids) != len(documents) or any(file_id not in found for file_id in ids):
            raise NotFound("Only uploaded-file documents can be downloaded as ZIP.")
        headers = {"Content-Disposition": f'attachment; filename="documents-{dataset.id}.zip"'}
        return StreamingResponse(
            archived(self._files.downloads, [found[file_id] for file_id in ids]), 200, headers, "application/zip"
        )


class _Sink:
    """Where the archive is written, and taken from piece by piece: it is never whole in memory."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""

    def taken(self) -> bytes:
        piece, self._written = bytes(self._written), bytearray()
        return piece


async def archived(downloads: Downloads, files: Sequence[UploadFile]) -> AsyncIterator[bytes]:
    """The files in one archive, as they are: most are packed already."""
    sink, names = _Sink(), set[str]()
    with ZipFile(sink, "w", ZIP_STORED) as archive:
        for file in files:
            entry = ZipInfo(_name_in(file, names), file.created_at.timetuple()[:6])
            with archive.open(entry, "w", force_zip64=True) as place:
                async for chunk in downloads.content(stored(file)):
                    place.write(chunk)
                    yield sink.taken()
    yield sink.taken()


def _name_in(file: UploadFile, taken: set[str]) -> str:
    """The file's name without a path, with its extension, and with a number where another file has it."""
    plain = "".join("_" if c in '/\\:*?"<>|' or ord(c) < 32 else c for c in file.name).strip(". ") or file.id
    ending = f".{file.extension}" if file.extension else ""
    stem = plain[: -len(ending)] if ending and plain.lower().endswith(ending) else plain
    name, number = f"{stem}{ending}", 1
    while name.lower() in taken:
        number += 1
        name = f"{stem} ({number}){ending}"
    taken.add(name.lower())
    return name
