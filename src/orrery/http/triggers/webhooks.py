"""Webhooks: anybody who knows the address may call it; the answer does not wait for the run (workflow.md 6.4)."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Mapping

import msgspec
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import Response

from orrery.apps.files.kinds import UNKNOWN_TYPE
from orrery.apps.triggers.errors import WebhookNotFound
from orrery.apps.triggers.webhooks import OpenWebhook, Reply, Webhooks
from orrery.errors import OrreryError
from orrery.http.call import Call, PayloadTooLarge
from orrery.http.endpoint import RouteGroup, route
from orrery.http.responses import json_response
from orrery.workflow.nodes.trigger_webhook_data import BINARY, MULTIPART
from orrery.workflow.nodes.trigger_webhook_request import WebhookRefused, WebhookRequest, content_type_of

_log = logging.getLogger(__name__)

_MOST_FILES = 20
_MOST_FIELDS = 1000
_MOST_BYTES = 32 * 1024 * 1024
"""What the declarations say; the real limit is WEBHOOK_REQUEST_BODY_MAX_SIZE."""


class _Parts(msgspec.Struct, frozen=True):
    """What a body holds: its bytes, or the texts and kept files of a form."""

    body: bytes = b""
    form: Mapping[str, str] = {}
    files: Mapping[str, object] = {}
    stream_file: object = None


class WebhookRoutes(RouteGroup):
    """Published webhooks, and those of drafts that somebody tries out. ``most`` is the largest body, in bytes."""

    def __init__(self, webhooks: Webhooks, *, most: int) -> None:
        self._webhooks = webhooks
        self._most = most

    @route("GET", "/webhook/{webhook_id}", auth="public", scope="none")
    @route("POST", "/webhook/{webhook_id}", auth="public", scope="none", body_limit=_MOST_BYTES)
    @route("PUT", "/webhook/{webhook_id}", auth="public", scope="none", body_limit=_MOST_BYTES)
    @route("PATCH", "/webhook/{webhook_id}", auth="public", scope="none", body_limit=_MOST_BYTES)
    @route("DELETE", "/webhook/{webhook_id}", auth="public", scope="none", body_limit=_MOST_BYTES)
    @route("HEAD", "/webhook/{webhook_id}", auth="public", scope="none")
    async def call(self, call: Call) -> Response:
        """Starts the published workflow of a webhook."""
        return await self._serve(call, published=True)

    @route("GET", "/webhook-debug/{webhook_id}", auth="public", scope="none")
    @route("POST", "/webhook-debug/{webhook_id}", auth="public", scope="none", body_limit=_MOST_BYTES)
    @route("PUT", "/webhook-debug/{webhook_id}", auth="public", scope="none", body_limit=_MOST_BYTES)
    @route("PATCH", "/webhook-debug/{webhook_id}", auth="public", scope="none", body_limit=_MOST_BYTES)
    @route("DELETE", "/webhook-debug/{webhook_id}", auth="public", scope="none", body_limit=_MOST_BYTES)
    @route("HEAD", "/webhook-debug/{webhook_id}", auth="public", scope="none")
    async def call_draft(self, call: Call) -> Response:
        """Hands a request to the editor that waits for it."""
        return await self._serve(call, published=False)

    @route("GET", "/plugin/{endpoint_id}", auth="public", scope="none")
    @route("POST", "/plugin/{endpoint_id}", auth="public", scope="none")
    @route("PUT", "/plugin/{endpoint_id}", auth="public", scope="none")
    @route("PATCH", "/plugin/{endpoint_id}", auth="public", scope="none")
    @route("DELETE", "/plugin/{endpoint_id}", auth="public", scope="none")
    @route("HEAD", "/plugin/{endpoint_id}", auth="public", scope="none")
    async def call_plugin(self, call: Call) -> Response:
        """Answers for trigger plugins, which this version does not run: there is no such endpoint."""
        return json_response({"error": "Endpoint not found"}, 404)

    async def _serve(self, call: Call, *, published: bool) -> Response:
        webhook_id = call.path["webhook_id"]
        try:
            reply = await self._reply(call, webhook_id, published=published)
        except WebhookNotFound as error:
            return _refusal(404, "Not Found", error.message)
        except WebhookRefused as error:
            return _refusal(400, "Bad Request", error.message)
        except PayloadTooLarge as error:
            return _refusal(413, "Request Entity Too Large", error.message)
        except OrreryError as error:
            return _refusal(
                error.status, "Internal server error" if error.status >= 500 else "Bad Request", error.message
            )
        return json_response(reply.body, reply.status)

    async def _reply(self, call: Call, webhook_id: str, *, published: bool) -> Reply:
        declared = call.request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self._most:
            raise PayloadTooLarge(f"Webhook request too large: {declared} bytes, at most {self._most} are taken")
        doors = self._webhooks
        at = await (doors.find(webhook_id) if published else doors.find_draft(webhook_id))
        request = await self._request(call, at)
        return await (doors.accept(at, request) if published else doors.show(at, request))

    async def _request(self, call: Call, at: OpenWebhook) -> WebhookRequest:
        request = call.request
        headers = dict(request.headers)
        # A request of the wrong kind is refused by its head alone: nothing of its body is kept.
        fits = request.method.lower() == at.data.method and content_type_of(headers) == at.data.content_type
        parts = await self._parts(call, at) if fits else _Parts()
        return WebhookRequest(
            method=request.method,
            headers=headers,
            query=dict(request.query_params),
            body=parts.body,
            form=parts.form,
            files=parts.files,
            stream_file=parts.stream_file,
        )

    async def _parts(self, call: Call, at: OpenWebhook) -> _Parts:
        if at.data.content_type == MULTIPART:
            return await self._form(call, at)
        body = await call.bytes(self._most)
        if at.data.content_type != BINARY or not body:
            return _Parts(body)
        kept = await self._webhooks.keep_file(at, body, filename=f"{uuid.uuid4().hex}.bin", mime_type=UNKNOWN_TYPE)
        return _Parts(stream_file=kept)

    async def _form(self, call: Call, at: OpenWebhook) -> _Parts:
        form = await self._parsed(call)
        try:
            texts = {name: value for name, value in form.items() if isinstance(value, str)}
            files: dict[str, object] = {}
            for name, value in form.items():
                if isinstance(value, UploadFile):
                    kind = value.content_type or UNKNOWN_TYPE
                    content = await value.read()
                    files[name] = await self._webhooks.keep_file(
                        at, content, filename=value.filename or "", mime_type=kind
                    )
            return _Parts(form=texts, files=files)
        finally:
            # Spooled files may lie on the disk; a cancelled request must remove them too.
            await asyncio.shield(form.close())

    async def _parsed(self, call: Call) -> FormData:
        stream = _bounded(call.request.stream(), self._most)
        parser = MultiPartParser(
            call.request.headers, stream, max_files=_MOST_FILES, max_fields=_MOST_FIELDS, max_part_size=self._most
        )
        try:
            return await parser.parse()
        except (MultiPartException, KeyError) as error:
            reason = error.message if isinstance(error, MultiPartException) else "it names no boundary"
            raise WebhookRefused(f"Invalid multipart body: {reason}") from error


async def _bounded(stream: AsyncIterator[bytes], most: int) -> AsyncGenerator[bytes, None]:
    taken = 0
    async for chunk in stream:
        taken += len(chunk)
        if taken > most:
            raise PayloadTooLarge(f"Webhook request too large: at most {most} bytes are taken")
        yield chunk


def _refusal(status: int, error: str, message: str) -> Response:
    return json_response({"error": error, "message": message}, status)
