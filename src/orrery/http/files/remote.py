"""Files at addresses that people name: asked about and taken in, through the guarded way out."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.responses import Response

from orrery.apps.files.errors import FileTooLarge
from orrery.apps.files.parts import Files
from orrery.apps.files.protocol import FileOwner
from orrery.apps.files.remote import whole
from orrery.apps.files.uploads import NewFile
from orrery.http.files.answers import remote_upload_object
from orrery.http.responses import json_response

JsonObject = dict[str, object]


class RemoteBody(msgspec.Struct, frozen=True):
    """The address of a file."""

    url: Annotated[str, Meta(min_length=1, max_length=4096)]


async def remote_info(files: Files, url: str) -> JsonObject:
    """What a remote server says of a file: its media type and its bytes (-1 when it does not say)."""
    info = await files.remote.head(url)
    return {"file_type": info.mime_type, "file_length": info.size}


async def take_remote(files: Files, workspace_id: str, owner: FileOwner, url: str) -> Response:
    """Fetches a file and keeps it. Raises what uploads raise, before fetching where it can be known."""
    info = await files.remote.head(url)
    new = NewFile(filename=info.name, mime_type=info.mime_type, source_url=url)
    limit = files.uploads.check(new)[1]
    if info.size > limit:
        raise FileTooLarge
    _, content = await files.remote.fetch(url, limit=limit)
    row = await files.uploads.add(workspace_id, owner, new, whole(content))
    return json_response(remote_upload_object(row, files.links), 201)
