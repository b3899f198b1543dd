"""One container of Azure Blob Storage in memory. Checks every signature by Microsoft's description of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from email.utils import formatdate
from xml.sax.saxutils import escape

from aiohttp import web

from .serving import stretch

ACCOUNT = "ouraccount"
KEY = base64.b64encode(b"a key of sixty-four bytes is what the real service gives to people.").decode()
_HEADERS = "content-encoding content-language content-length content-md5 content-type date if-modified-since if-match"
_HEADERS += " if-none-match if-unmodified-since range"


class AzureContainer:
    """``token``: what a bearer must show instead of a signature. ``page`` is the length of a listing's page."""

    def __init__(self, name: str, *, token: str | None = None, page: int = 2) -> None:
        self.blobs: dict[str, bytes] = {}
        self.blocks: dict[tuple[str, str], bytes] = {}
        self._name, self._token, self._page = name, token, page

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("authorization") != self._claim(request):
            return self._error(403, "AuthenticationFailed")
        top, _, key = request.path.lstrip("/").partition("/")
        if top != self._name:
            return self._error(404, "ContainerNotFound")
        if request.query.get("comp") == "list":
            return self._list(request)
        return await getattr(self, f"_{request.method.lower()}")(request, key)

    def _claim(self, request: web.Request) -> str:
        if self._token is not None:
            return f"Bearer {self._token}"
        known = dict(request.headers.items())
        known = {name.lower(): value for name, value in known.items()}
        if known.get("content-length") == "0":
            known["content-length"] = ""
        lines = [request.method, *(known.get(name, "") for name in _HEADERS.split())]
        lines += [f"{name}:{known[name]}" for name in sorted(known) if name.startswith("x-ms-")]
        lines.append(f"/{ACCOUNT}{request.raw_path.partition('?')[0]}")
        lines += [f"{name}:{request.query[name]}" for name in sorted(request.query)]
        digest = hmac.new(base64.b64decode(KEY), "\n".join(lines).encode(), hashlib.sha256).digest()
        return f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"

    async def _put(self, request: web.Request, key: str) -> web.StreamResponse:
        content = await request.read()
        if request.query.get("comp") == "block":
            self.blocks[key, request.query["blockid"]] = content
        elif request.query.get("comp") == "blocklist":
            named = re.findall(r"<Latest>([^<]+)</Latest>", content.decode())
            self.blobs[key] = b"".join(self.blocks.pop((key, block)) for block in named)
        elif request.headers.get("x-ms-blob-type") == "BlockBlob":
            self.blobs[key] = content
        else:
            return self._error(400, "MissingRequiredHeader")
        return web.Response(status=201)

    async def _get(self, request: web.Request, key: str) -> web.StreamResponse:
        if key not in self.blobs:
            return self._error(404, "BlobNotFound")
        return stretch(request, self.blobs[key])

    _head = _get

    async def _delete(self, request: web.Request, key: str) -> web.StreamResponse:
        if self.blobs.pop(key, None) is None:
            return self._error(404, "BlobNotFound")
        return web.Response(status=202)

    def _list(self, request: web.Request) -> web.Response:
        start = request.query.get("marker", "")
        names = sorted(name for name in self.blobs if name.startswith(request.query.get("prefix", "")))
        names = [name for name in names if name >= start]
        when = formatdate(usegmt=True)
        blobs = "".join(
            f"<Blob><Name>{escape(name)}</Name><Properties><Last-Modified>{when}</Last-Modified>"
            f"<Content-Length>{len(self.blobs[name])}</Content-Length></Properties></Blob>"
            for name in names[: self._page]
        )
        after = escape(names[self._page]) if len(names) > self._page else ""
        text = f"<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker>{after}</NextMarker></EnumerationResults>"
        return web.Response(text=text, content_type="application/xml")

    @staticmethod
    def _error(status: int, code: str) -> web.Response:
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>The server says no.</Message></Error>"
        return web.Response(status=status, text=body, headers={"x-ms-error-code": code})
