"""Signed links: whoever holds one reads one file for a while (workflow.md 5.6)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from orrery.apps.files.downloads import Downloads
from orrery.apps.files.links import FileLinks
from orrery.errors import Forbidden, NotFound
from orrery.http.call import Call
from orrery.http.endpoint import Endpoint, RouteGroup, route
from orrery.http.files.serving import file_response
from orrery.security.signing import LinkKind

_TOOLS = "/tools/{file}"
RUN_ARCHIVE = "/workflow-runs/{app_id}/{run_id}/archive"
_KINDS: Mapping[str, LinkKind] = {
    "/{file_id}/file-preview": "file-preview",
    "/{file_id}/image-preview": "image-preview",
    _TOOLS: "file-preview",
    RUN_ARCHIVE: "run-archive",
}


class LinkQuery(msgspec.Struct, frozen=True):
    """What follows the signature in a link."""

    as_attachment: bool = False


class SignedAuthenticator:
    """Lets holders of a valid link through; routes with auth ``signed`` are checked by their declared path."""

    def __init__(self, links: FileLinks) -> None:
        self._links = links

    async def __call__(self, request: Request, endpoint: Endpoint, path: Mapping[str, str]) -> None:
        """Raises `NotFound` for links to uploads, `Forbidden` for links to files of tools."""
        kind = _KINDS.get(endpoint.path)
        file_id = path.get("file_id") or path.get("run_id") or path.get("file", "").partition(".")[0]
        if kind is None or not self._links.holds(kind, file_id, dict(request.query_params)):
            if endpoint.path == _TOOLS:
                raise Forbidden("Invalid request.")
            raise NotFound("File not found or signature is invalid")


class SignedFileRoutes(RouteGroup):
    """The files behind links; mounted below ``/files``."""

    def __init__(self, downloads: Downloads) -> None:
        self._downloads = downloads

    @route("GET", "/{file_id}/file-preview", auth="signed", scope="signature", query=LinkQuery)
    async def upload(self, call: Call, query: LinkQuery) -> Response:
        """An uploaded file."""
        file = await self._downloads.upload(call.id("file_id"))
        return file_response(call, self._downloads, file, as_attachment=query.as_attachment)

    @route("GET", "/{file_id}/image-preview", auth="signed", scope="signature")
    async def picture(self, call: Call) -> Response:
        """An uploaded picture."""
        return file_response(call, self._downloads, await self._downloads.picture(call.id("file_id")))

    @route("GET", _TOOLS, auth="signed", scope="signature", query=LinkQuery)
    async def tool_file(self, call: Call, query: LinkQuery) -> Response:
        """A file that a run made; the path may end with its extension."""
        file = await self._downloads.tool_file(call.path["file"].partition(".")[0])
        return file_response(call, self._downloads, file, as_attachment=query.as_attachment)
