"""Forms at their own address: whoever holds the token may answer (workflow.md 6.5)."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from orrery.apps.catalog.service import AppService
from orrery.apps.files.icons import Icons
from orrery.apps.files.parts import Files
from orrery.apps.forms.answering import Answer, Place
from orrery.apps.forms.definition import OpenForm
from orrery.apps.forms.errors import FormNotFound
from orrery.apps.forms.parts import Forms
from orrery.apps.forms.uploading import Uploader
from orrery.errors import Forbidden, NotFound, Unauthorized
from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.files.answers import upload_object
from orrery.http.files.form import form_file
from orrery.http.files.remote import RemoteBody, take_remote
from orrery.http.form_shapes import FormAnswerBody, JsonObject, form_object
from orrery.http.responses import json_response
from orrery.http.service.about import site_settings

_BODY_LIMIT = 4 * 1024 * 1024
_DOOR = Place(door="web")


class WebFormParts(msgspec.Struct, frozen=True, kw_only=True):
    """What the routes call."""

    forms: Forms
    apps: AppService
    icons: Icons
    files: Files


class WebFormRoutes(RouteGroup):
    """Public: the token in the path, or the one in the header of an upload, is all that a caller has."""

    def __init__(self, parts: WebFormParts) -> None:
        self._parts = parts

    @route("GET", "/form/human_input/{form_token}", auth="public", scope="none")
    async def show(self, call: Call) -> JsonObject:
        """Shows a form and the app that asks."""
        await self._limit(call, "access")
        form = await self._parts.forms.answers.show(_DOOR, call.path["form_token"])
        return {**form_object(form), "site": await self._site(form)}

    @route("POST", "/form/human_input/{form_token}", auth="public", scope="none", body=FormAnswerBody,
           body_limit=_BODY_LIMIT)  # fmt: skip
    async def submit(self, call: Call, body: FormAnswerBody) -> JsonObject:
        """Answers a form; its run goes on."""
        await self._limit(call, "submit")
        await self._parts.forms.answers.submit(_DOOR, call.path["form_token"], Answer(body.action, body.inputs))
        return {}

    @route("POST", "/form/human_input/{form_token}/upload-token", auth="public", scope="none")
    async def upload_token(self, call: Call) -> JsonObject:
        """Gives a token that lets files of this form come in."""
        await self._limit(call, "upload")
        token, expires_at = await self._parts.forms.uploads.grant(_DOOR, call.path["form_token"])
        return {"upload_token": token, "expires_at": expires_at}

    @route("POST", "/form/human_input/files/upload", auth="public", scope="none", status=201)
    async def upload(self, call: Call) -> Response:
        """Takes a file of a form in."""
        by, files = await self._uploader(call), self._parts.files
        async with form_file(call, files.uploads) as form:
            row = await files.uploads.add(by.workspace_id, by.user, form.new, form.chunks())
        return json_response(upload_object(row, files.links), 201)

    @route("POST", "/form/human_input/files/remote-upload", auth="public", scope="none", body=RemoteBody,
           status=201)  # fmt: skip
    async def take_remote(self, call: Call, body: RemoteBody) -> Response:
        """Fetches a file of a form from elsewhere and keeps it."""
        by = await self._uploader(call)
        return await take_remote(self._parts.files, by.workspace_id, by.user, body.url)

    async def _uploader(self, call: Call) -> Uploader:
        await self._limit(call, "upload")
        scheme, _, token = call.request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthorized("Upload token is missing.")
        return await self._parts.forms.uploads.uploader(token.strip())

    async def _limit(self, call: Call, what: str) -> None:
        await self._parts.forms.rate.count(what, call.ip)

    async def _site(self, form: OpenForm) -> JsonObject:
        try:
            found = await self._parts.apps.get(form.workspace_id, form.app_id)
        except NotFound as error:
            raise FormNotFound from error
        if found.site is None:
            raise Forbidden
        icon = await self._parts.icons.link(form.workspace_id, found.site.icon_type, found.site.icon)
        return {
            "app_id": form.app_id,
            "end_user_id": None,
            "enable_site": found.app.enable_site,
            "site": {**site_settings(found.site, icon), "prompt_public": found.site.prompt_public},
            "model_config": None,
            "plan": "basic",
            "can_replace_logo": True,
            "custom_config": {"remove_webapp_brand": False, "replace_webapp_logo": None},
        }
