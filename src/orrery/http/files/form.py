"""Reading one file out of a multipart form, bounded while it arrives: nothing larger than allowed is ever stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from orrery.apps.files.errors import FileTooLarge, NoFileUploaded, TooManyFiles
from orrery.apps.files.uploads import NewFile, Uploads
from orrery.errors import InvalidParam
from orrery.http.call import Call

_OVERHEAD = 64 * 1024
"""Bytes that boundaries, headers and text fields may add to a file."""
_CHUNK = 256 * 1024
_FIELD_BYTES = 16 * 1024


class FormFile(msgspec.Struct, frozen=True, kw_only=True):
    """The file of a form and its text fields."""

    new: NewFile
    fields: dict[str, str]
    upload: UploadFile

    async def chunks(self) -> AsyncIterator[bytes]:
        """The content, read in threads where it lies on the disk."""
        while chunk := await self.upload.read(_CHUNK):
            yield chunk


class _OneFileParser(MultiPartParser):
    """Stops at a second file, and at the byte that makes a file larger than files of its name may be."""

    def __init__(self, call: Call, uploads: Uploads, *, for_knowledge: bool) -> None:
        request = call.request
        super().__init__(
            request.headers, _bounded(request.stream(), uploads.largest + _OVERHEAD), max_part_size=_FIELD_BYTES
        )
        self._uploads = uploads
        self._for_knowledge = for_knowledge
        self._left = 0

    def on_headers_finished(self) -> None:
        super().on_headers_finished()
        if self._current_files > 1:
            raise TooManyFiles
        file = self._current_part.file
        if file is not None:
            if self._current_part.field_name != "file":
                raise NoFileUploaded
            new = NewFile(filename=file.filename, mime_type=file.content_type, for_knowledge=self._for_knowledge)
            self._left = self._uploads.check(new)[1]

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._current_part.file is not None:
            self._left -= end - start
            if self._left < 0:
                raise FileTooLarge
        super().on_part_data(data, start, end)


class SentForm(msgspec.Struct, frozen=True):
    """A form whose file may be left out, and its text fields."""

    file: FormFile | None
    fields: dict[str, str]


@asynccontextmanager
async def form_file(call: Call, uploads: Uploads, *, for_knowledge: bool = False) -> AsyncGenerator[FormFile]:
    """The form's file, open while the block runs.

    Raises `NoFileUploaded`, `TooManyFiles`, `FileTooLarge`, `InvalidParam`, and what `Uploads.check` raises.
    """
    if not _is_form(call):
        raise NoFileUploaded
    async with sent_form(call, uploads, for_knowledge=for_knowledge) as form:
        if form.file is None:
            raise NoFileUploaded
        yield form.file


@asynccontextmanager
async def sent_form(call: Call, uploads: Uploads, *, for_knowledge: bool = False) -> AsyncGenerator[SentForm]:
    """The form, its file open while the block runs.

    Raises `TooManyFiles`, `FileTooLarge`, `InvalidParam`, and what `Uploads.check` raises.
    """
    if not _is_form(call):
        raise InvalidParam("The form can't be read: send it as multipart/form-data.")
    declared = call.request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > uploads.largest + _OVERHEAD:
        raise FileTooLarge
    form = await _parsed(_OneFileParser(call, uploads, for_knowledge=for_knowledge))
    try:
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        upload = form.get("file")
        file = None
        if isinstance(upload, UploadFile):
            new = NewFile(filename=upload.filename, mime_type=upload.content_type, for_knowledge=for_knowledge)
            file = FormFile(new=new, fields=fields, upload=upload)
        yield SentForm(file, fields)
    finally:
        # Spooled files may lie on the disk; a cancelled request must remove them too.
        await asyncio.shield(form.close())


def _is_form(call: Call) -> bool:
    return call.request.headers.get("content-type", "").lower().startswith("multipart/form-data")


async def _parsed(parser: MultiPartParser) -> FormData:
    try:
        return await parser.parse()
    except MultiPartException as error:
        raise InvalidParam(f"The form can't be read: {error.message}") from error


async def _bounded(stream: AsyncIterator[bytes], most: int) -> AsyncGenerator[bytes, None]:
    taken = 0
    async for chunk in stream:
        taken += len(chunk)
        if taken > most:
            raise FileTooLarge
        yield chunk
