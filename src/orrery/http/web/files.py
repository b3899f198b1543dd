"""Files of a page's visitor (workflow.md 6.2)."""

from __future__ import annotations

from starlette.responses import Response

from orrery.apps.files.parts import Files
from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.files.answers import upload_object
from orrery.http.files.form import form_file
from orrery.http.files.remote import JsonObject, RemoteBody, remote_info, take_remote
from orrery.http.responses import json_response
from orrery.http.web.callers import visitor


class WebFileRoutes(RouteGroup):
    """Uploads, and files from elsewhere."""

    def __init__(self, files: Files) -> None:
        self._files = files

    @route("POST", "/files/upload", auth="passport", scope="app", status=201)
    async def upload(self, call: Call) -> Response:
        """Takes a file in."""
        async with form_file(call, self._files.uploads) as form:
            row = await self._files.uploads.add(call.app.workspace_id, visitor(call), form.new, form.chunks())
        return json_response(upload_object(row, self._files.links), 201)

    @route("GET", "/remote-files/{url:path}", auth="passport", scope="app")
    async def remote(self, call: Call) -> JsonObject:
        """Type and size of a file that lies elsewhere."""
        return await remote_info(self._files, call.path["url"])

    @route("POST", "/remote-files/upload", auth="passport", scope="app", body=RemoteBody, status=201)
    async def take_remote(self, call: Call, body: RemoteBody) -> Response:
        """Fetches a file from elsewhere and keeps it."""
        return await take_remote(self._files, call.app.workspace_id, visitor(call), body.url)
