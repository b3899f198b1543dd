"""Files in the console: uploads, previews of text, files from elsewhere (product reference, 6.1)."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from orrery.apps.files.kinds import KNOWLEDGE_DOCUMENTS
from orrery.apps.files.parts import Files
from orrery.apps.files.text_preview import TextPreviews
from orrery.apps.runs.spec import RunUser
from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.files.answers import upload_object
from orrery.http.files.form import form_file
from orrery.http.files.remote import RemoteBody, remote_info, take_remote
from orrery.http.responses import json_response
from orrery.settings.groups.upload import Upload

JsonObject = dict[str, object]


class SourceQuery(msgspec.Struct, frozen=True):
    """What the file is for: ``datasets`` takes documents only."""

    source: str = ""


class ConsoleFileRoutes(RouteGroup):
    """Files of the caller's workspace; mounted below ``/console/api``."""

    def __init__(self, files: Files, previews: TextPreviews, upload: Upload) -> None:
        self._files = files
        self._previews = previews
        self._upload = upload

    @route("GET", "/files/upload", auth="console", scope="workspace")
    async def limits(self, call: Call) -> JsonObject:
        """What may be uploaded."""
        upload = self._upload
        return {
            "file_size_limit": upload.document_mb,
            "batch_count_limit": upload.batch_files,
            "file_upload_limit": upload.batch_documents,
            "image_file_size_limit": upload.image_mb,
            "video_file_size_limit": upload.video_mb,
            "audio_file_size_limit": upload.audio_mb,
            "workflow_file_upload_limit": upload.workflow_files,
            "image_file_batch_limit": upload.batch_images,
            "single_chunk_attachment_limit": upload.chunk_images,
            "attachment_image_file_size_limit": upload.remote_image_mb,
        }

    @route("POST", "/files/upload", auth="console", scope="workspace", query=SourceQuery, status=201)
    async def upload(self, call: Call, query: SourceQuery) -> Response:
        """Takes a file in."""
        account = call.account
        async with form_file(call, self._files.uploads, for_knowledge=query.source == "datasets") as form:
            new = form.new
            if form.fields.get("source") == "datasets":
                new = msgspec.structs.replace(new, for_knowledge=True)
            row = await self._files.uploads.add(account.workspace_id, _owner(call), new, form.chunks())
        return json_response(upload_object(row, self._files.links), 201)

    @route("GET", "/files/support-type", auth="console", scope="workspace")
    async def supported(self, call: Call) -> JsonObject:
        """Extensions of documents that knowledge bases take."""
        return {"allowed_extensions": sorted(KNOWLEDGE_DOCUMENTS)}

    @route("GET", "/files/{file_id}/preview", auth="console", scope="workspace")
    async def preview(self, call: Call) -> JsonObject:
        """The beginning of a document's text."""
        return {"content": await self._previews.of(call.account.workspace_id, call.id("file_id"))}

    @route("GET", "/remote-files/{url:path}", auth="console", scope="workspace")
    async def remote(self, call: Call) -> JsonObject:
        """Type and size of a file that lies elsewhere."""
        return await remote_info(self._files, call.path["url"])

    @route("POST", "/remote-files/upload", auth="console", scope="workspace", body=RemoteBody, status=201)
    async def take_remote(self, call: Call, body: RemoteBody) -> Response:
        """Fetches a file from elsewhere and keeps it."""
        return await take_remote(self._files, call.account.workspace_id, _owner(call), body.url)


def _owner(call: Call) -> RunUser:
    account = call.account
    return RunUser("account", account.account_id, account.account_id, account.account_name, account.email)
