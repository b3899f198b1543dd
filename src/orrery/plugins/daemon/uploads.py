"""A package out of a multipart form, bounded while it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import msgspec
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from orrery.plugins.daemon.asked import Asked
from orrery.plugins.errors import PluginBadRequest

_OVERHEAD = 64 * 1024
"""Bytes that boundaries, headers and text fields may add to a file."""
_FIELD_BYTES = 16 * 1024
_TOO_LARGE = "file size exceeds the maximum limit"


class Upload(msgspec.Struct, frozen=True):
    """The file's content and the text fields beside it."""

    content: bytes
    fields: dict[str, str]

    @property
    def verify_signature(self) -> bool:
        """Whether a signature is asked for even where the daemon does not ask for one."""
        return self.fields.get("verify_signature", "") == "true"


async def uploaded(asked: Asked, field: str, *, most_bytes: int) -> Upload:
    """The file of the form's ``field``. Raises `PluginBadRequest`."""
    request = asked.request
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise PluginBadRequest("request Content-Type isn't multipart/form-data")
    most = most_bytes + _OVERHEAD
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > 15 or int(declared) > most):
        raise PluginBadRequest(f"{_TOO_LARGE} of {most_bytes} bytes")
    parser = MultiPartParser(
        request.headers, _bounded(request.stream(), most, most_bytes), max_files=1, max_fields=8,
        max_part_size=_FIELD_BYTES,
    )  # fmt: skip
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise PluginBadRequest(f"the form can't be read: {error.message}") from error
    try:
        file = form.get(field)
        if not isinstance(file, UploadFile):
            raise PluginBadRequest(f"the form has no file {field}")
        content = await file.read()
        if len(content) > most_bytes:
            raise PluginBadRequest(f"{_TOO_LARGE} of {most_bytes} bytes")
        return Upload(content, {name: value for name, value in form.items() if isinstance(value, str)})
    finally:
        # Spooled files may lie on the disk; a cancelled request must remove them too.
        await asyncio.shield(form.close())


async def _bounded(stream: AsyncIterator[bytes], most: int, most_bytes: int) -> AsyncGenerator[bytes, None]:
    taken = 0
    async for chunk in stream:
        taken += len(chunk)
        if taken > most:
            raise PluginBadRequest(f"{_TOO_LARGE} of {most_bytes} bytes")
        yield chunk
