"""Files that tools make, kept with the run's other files (workflow.md 2.6, plugins.md 5.3)."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from orrery.egress.protocol import EgressError, Timeouts
from orrery.tools.errors import ToolInvokeError
from orrery.tools.messages import FileMessage, ImageMessage, StoredFileMessage
from orrery.workflow.node import NodeServices

MAX_BYTES: Final = 100 * 1024 * 1024
_TIMEOUTS: Final = Timeouts(connect=10, read=60, write=60)


class ToolFiles:
    """Keeps what one execution of a node gets from its tools."""

    def __init__(self, services: NodeServices) -> None:
        self._services = services
        self._count = 0

    async def keep(self, message: FileMessage | ImageMessage | StoredFileMessage) -> Mapping[str, object]:
        """The file value. Raises `ToolInvokeError` when a picture can't be fetched."""
        if isinstance(message, StoredFileMessage):
            return message.file
        if isinstance(message, ImageMessage):
            message = await self._fetch(message.url)
        self._count += 1
        kind = message.mime_type or "application/octet-stream"
        ending = mimetypes.guess_extension(kind.partition(";")[0].strip()) or ".bin"
        name = message.filename or f"file-{self._count}{ending}"
        return await self._services.files.save_tool_file(message.content, filename=name, mime_type=kind)

    def url(self, file: Mapping[str, object]) -> str:
        return self._services.files.url(file)

    async def _fetch(self, url: str) -> FileMessage:
        try:
            answer = await self._services.http.request(
                "GET", url, timeouts=_TIMEOUTS, follow_redirects=True, max_bytes=MAX_BYTES
            )
        except EgressError as error:
            raise ToolInvokeError(f"Failed to download image: {url}: {error}") from error
        if not 200 <= answer.status < 300:
            raise ToolInvokeError(f"Failed to download image: {url}: status {answer.status}")
        kind = (answer.header("content-type") or "image/png").partition(";")[0].strip()
        name = unquote(urlsplit(url).path.rpartition("/")[2])
        return FileMessage(answer.content, kind, name if "." in name else None)
