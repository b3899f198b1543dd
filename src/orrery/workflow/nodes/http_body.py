"""The body of a request: from the node's settings to the bytes that are sent (workflow.md 3.15)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec

from orrery.egress.protocol import FilePart
from orrery.workflow.node import NodeServices, Variables
from orrery.workflow.nodes.http_data import Body, BodyItem
from orrery.workflow.nodes.http_errors import FileFetchError, RequestBodyError
from orrery.workflow.nodes.http_lines import Fill
from orrery.workflow.nodes.llm_json import read_json
from orrery.workflow.nodes.prompt_template import FileValue
from orrery.workflow.segments import files_in


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """``content`` None: no body. ``shown`` is the body as the node record shows it, files by name and size."""

    content: bytes | None = None
    content_type: str | None = None
    shown: str = ""
    boundary: str | None = None


class BodyBuilder:
    """Makes payloads of one run. Files are read whole, each at most ``max_file_bytes``."""

    def __init__(self, variables: Variables, services: NodeServices, fill: Fill, *, max_file_bytes: int) -> None:
        self._variables, self._services, self._fill, self._limit = variables, services, fill, max_file_bytes

    async def build(self, body: Body | None) -> Payload:
        """Raises `RequestBodyError`, `FileFetchError`."""
        match body.type if body else "none":
            case "json":
                return await self._json(_only(body, "json"))
            case "raw-text":
                text = self._fill(_only(body, "raw-text").value or "")
                return Payload(content=text.encode(), content_type="text/plain", shown=text)
            case "binary":
                return await self._binary(_only(body, "binary"))
            case "x-www-form-urlencoded":
                text = urlencode([self._pair(item) for item in body.items]) if body else ""
                return Payload(content=text.encode(), content_type="application/x-www-form-urlencoded", shown=text)
            case "form-data":
                return await self._form(body.items if body else ())
            case _:
                return Payload()

    def _pair(self, item: BodyItem) -> tuple[str, str]:
        return self._fill(item.key or ""), self._fill(item.value or "")

    async def _json(self, item: BodyItem) -> Payload:
        text = self._fill(item.value or "")
        try:
            value = await read_json(text)
            content = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        except (ValueError, RecursionError) as error:
            raise RequestBodyError(f"Failed to parse JSON: {text}") from error
        return Payload(content=content.encode(), content_type="application/json", shown=content)

    async def _binary(self, item: BodyItem) -> Payload:
        selector = item.file or ()
        files = files_in(self._variables.get(selector))
        if not files:
            raise FileFetchError(f"cannot fetch file with selector {list(selector)}")
        content = await self._services.files.read(files[0], max_bytes=self._limit)
        return Payload(content=content, shown=f"<binary_content: size={len(content)} bytes>")

    async def _form(self, items: Sequence[BodyItem]) -> Payload:
        fields = [self._pair(item) for item in items if item.type == "text" and (item.key or item.value)]
        parts: list[FilePart] = []
        for item in items:
            if item.type == "file":
                key = self._fill(item.key or "")
                parts += [await self._part(key, file) for file in files_in(self._variables.get(item.file or ()))]
        boundary = f"----orrery-{secrets.token_hex(16)}"
        return Payload(
            content=multipart(fields, parts, boundary),
            content_type=f"multipart/form-data; boundary={boundary}",
            shown=_shown_form(fields, parts, boundary),
            boundary=boundary,
        )

    async def _part(self, key: str, file: FileValue) -> FilePart:
        return FilePart(
            name=key,
            filename=str(file.get("filename") or "file"),
            content=await self._services.files.read(file, max_bytes=self._limit),
            mime_type=str(file.get("mime_type") or "application/octet-stream"),
        )


def _only(body: Body | None, kind: str) -> BodyItem:
    items = body.items if body else ()
    if len(items) != 1:
        raise RequestBodyError(f"{kind} body type should have exactly one item")
    return items[0]


def multipart(fields: Sequence[tuple[str, str]], files: Sequence[FilePart], boundary: str) -> bytes:
    """A form as ``multipart/form-data``. Names are escaped as browsers do, so none can end its header."""
    chunks: list[bytes] = []
    for name, value in fields:
        chunks.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{_escaped(name)}"\r\n\r\n'.encode())
        chunks += [value.encode(), b"\r\n"]
    for file in files:
        kind = "".join(letter for letter in file.mime_type if letter.isprintable())
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{_escaped(file.name)}"; '
            f'filename="{_escaped(file.filename)}"\r\nContent-Type: {kind}\r\n\r\n'
        )
        chunks += [head.encode(), file.content, b"\r\n"]
    chunks.append(f"--{boundary}--\r\n".encode())
    return b"".join(chunks)


def _escaped(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _shown_form(fields: Sequence[tuple[str, str]], files: Sequence[FilePart], boundary: str) -> str:
    """The form as the node record shows it."""
    shown = [FilePart(file.name, file.filename, _placeholder(file), file.mime_type) for file in files]
    return multipart(fields, shown, boundary).decode()


def _placeholder(file: FilePart) -> bytes:
    size = len(file.content)
    return f"<file_content_binary: '{file.filename}', type='{file.mime_type}', size={size} bytes>".encode()
