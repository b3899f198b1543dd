"""Service API routes of files (workflow.md 5.6)."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from orrery.apps.files.errors import FileNotFound, UnsupportedFileType
from orrery.apps.files.parts import Files
from orrery.database.ids import is_id
from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.files.answers import links_for_programs, upload_object
from orrery.http.files.form import form_file
from orrery.http.files.serving import file_response
from orrery.http.responses import json_response
from orrery.http.service.callers import ServiceUsers, UserWord

PREVIEW_SECONDS = 3600
LONGEST_USER = 255


class PreviewQuery(msgspec.Struct, frozen=True):
    as_attachment: bool = False
    user: UserWord = ""


class ServiceFileRoutes(RouteGroup):
    """Files of the end user that the caller names."""

    def __init__(self, files: Files, users: ServiceUsers) -> None:
        self._files = files
        self._users = users

    @route("POST", "/files/upload", auth="service", scope="app", status=201)
    async def upload(self, call: Call) -> Response:
        """Takes a file in."""
        async with form_file(call, self._files.uploads) as form:
            if not form.new.mime_type:
                raise UnsupportedFileType
            party = await self._users.party(call, form.fields.get("user", "")[:LONGEST_USER])
            row = await self._files.uploads.add(call.app.workspace_id, party, form.new, form.chunks())
        return json_response(upload_object(row, links_for_programs(call, self._files.links)), 201)

    @route("GET", "/files/{file_id}/preview", auth="service", scope="app", query=PreviewQuery)
    async def preview(self, call: Call, query: PreviewQuery) -> Response:
        """A file that stands in a message of the app."""
        file_id = call.path["file_id"].lower()
        if not is_id(file_id):
            raise FileNotFound
        user_id = (await self._users.party(call, query.user)).user_id if query.user else None
        downloads = self._files.downloads
        file = await downloads.of_message(call.app.workspace_id, call.app.app_id, user_id, file_id)
        return file_response(call, downloads, file, as_attachment=query.as_attachment, max_age=PREVIEW_SECONDS)
