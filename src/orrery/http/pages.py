"""The built pages as static files: the console, and the end users' page of each app.

Every address of a page that is not a file gets the entry document of its application, which does the routing.
"""

from __future__ import annotations

import mimetypes
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from orrery.errors import NotFound
from orrery.http.responses import error_response

_APP_PAGES = frozenset({"chat", "completion", "workflow", "chatbot", "agent"})
_OWN_PAGES = frozenset({"form"})
"""Drawn by the end users' application too, but never inside another site: what is clicked there decides."""
_API_PREFIXES = ("/v1/", "/api/", "/console/api/", "/files/", "/inner/", "/mcp/", "/triggers/")
_FOREVER = "public, max-age=31536000, immutable"
_MISSING = (
    "The pages of Orrery are not built. In a checkout, run ./orrery once (it builds them), or install a released"
    " wheel, which carries them. The APIs work without pages."
)


class Pages:
    """ASGI app of the built pages in ``folder``. ``frames`` lets other sites frame the console's pages."""

    def __init__(self, folder: Path, *, frames: bool = False, csp_sources: str = "") -> None:
        self._folder = folder.resolve()
        self._frames = frames
        self._policy = (
            "default-src 'self'; img-src 'self' data: blob: https: http:; media-src 'self' blob: https: http:; "
            "style-src 'self' 'unsafe-inline'; font-src 'self' data:; worker-src 'self' blob:; "
            f"connect-src 'self' {csp_sources}; object-src 'none'; base-uri 'self'; form-action 'self'"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._response(scope)(scope, receive, send)

    def _response(self, scope: Scope) -> Response:
        path: str = scope["path"]
        if scope["method"] not in {"GET", "HEAD"} or path.startswith(_API_PREFIXES):
            return _not_found()
        found = self._file(path)
        if found is not None:
            return self._file_response(found, scope)
        if "." in path.rpartition("/")[2]:
            return _not_found()
        first = path.strip("/").partition("/")[0]
        entry = self._folder / ("app.html" if first in _APP_PAGES | _OWN_PAGES else "index.html")
        if not entry.is_file():
            return PlainTextResponse(_MISSING, 503)
        embeddable = first in _APP_PAGES or (self._frames and first not in _OWN_PAGES)
        return self._document(entry, embeddable=embeddable)

    def _file(self, path: str) -> Path | None:
        name = path.lstrip("/")
        if not name or name.endswith(".html"):
            return None
        try:
            candidate = (self._folder / name).resolve()
            return candidate if candidate.is_relative_to(self._folder) and candidate.is_file() else None
        except (OSError, ValueError):
            # A name that the file system does not take (too long, with NUL) names no file.
            return None

    def _file_response(self, file: Path, scope: Scope) -> Response:
        headers = {"X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding"}
        headers["Cache-Control"] = _FOREVER if file.is_relative_to(self._folder / "assets") else "public, max-age=3600"
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        packed = file.with_name(file.name + ".gz")
        if "gzip" in Headers(scope=scope).get("accept-encoding", "") and packed.is_file():
            return FileResponse(packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=kind)
        return FileResponse(file, headers=headers, media_type=kind)

    def _document(self, file: Path, *, embeddable: bool) -> Response:
        headers = {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": self._policy + ("" if embeddable else "; frame-ancestors 'none'"),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "strict-origin-when-cross-origin",
        }
        if not embeddable:
            headers["X-Frame-Options"] = "DENY"
        return FileResponse(file, headers=headers, media_type="text/html")


def _not_found() -> Response:
    return error_response(NotFound("The requested URL was not found on the server."))
