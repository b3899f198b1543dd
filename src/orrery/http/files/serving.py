"""Serving people's files so that none of them can act in a browser under our address.

HTML downloads as plain bytes, SVG downloads too, other texts (scripts, styles, XML) are plain text whatever their sender
called them, and what is shown opens in a sandbox without an origin. Every answer forbids guessing its type.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from orrery.apps.files.downloads import Downloads, StoredFile
from orrery.apps.files.kinds import UNKNOWN_TYPE, extension_of
from orrery.http.call import Call

_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_HTML_EXTENSIONS = frozenset({"html", "htm", "xhtml", "shtml"})
_PDF = "application/pdf"
_PLAIN = "text/plain; charset=utf-8"
_READABLE = re.compile(r"text/(?!plain$).+|application/(?:json|xml|yaml|.*(?:javascript|ecmascript|\+xml|\+json))")
_SHOWN_AS_IS = re.compile(r"image/(?!svg)[a-z0-9.+-]+|audio/[a-z0-9.+-]+|video/[a-z0-9.+-]+|application/pdf")
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src 'self'"


def file_response(
    call: Call, downloads: Downloads, file: StoredFile, *, as_attachment: bool = False, max_age: int = 0
) -> Response:
    """The file, or the stretch of an audio or video file that a player asks for. ``max_age`` in seconds."""
    mime_type = file.mime_type.lower()
    is_html = mime_type in _HTML_TYPES or extension_of(file.name) in _HTML_EXTENSIONS
    served_type = UNKNOWN_TYPE if is_html else _PLAIN if _READABLE.fullmatch(mime_type) else mime_type
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": f"public, max-age={max_age}" if max_age else "private, no-store",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if served_type != _PDF:
        # Browsers show no PDF in a sandbox; script inside one has no page to reach.
        headers["Content-Security-Policy"] = _POLICY
    if is_html or as_attachment or (not _SHOWN_AS_IS.fullmatch(served_type) and not served_type.startswith("text/")):
        # SVG as an <img> ignores the disposition, so pictures still show; opened by itself it downloads.
        headers["Content-Disposition"] = _attachment(file.name)
    if not served_type.startswith(("audio/", "video/")):
        return _whole(downloads, file, served_type, headers)
    headers["Accept-Ranges"] = "bytes"
    return _stretch(call, downloads, file, served_type, headers)


def _whole(downloads: Downloads, file: StoredFile, mime_type: str, headers: dict[str, str]) -> Response:
    headers["Content-Length"] = str(file.size)
    return _stream(downloads.content(file), 200, mime_type, headers)


def _stretch(call: Call, downloads: Downloads, file: StoredFile, mime_type: str, headers: dict[str, str]) -> Response:
    found = _RANGE.fullmatch(call.request.headers.get("range", "").strip())
    if found is None or not (found[1] or found[2]):
        return _whole(downloads, file, mime_type, headers)
    if found[1]:
        first = int(found[1])
        last = min(int(found[2]) if found[2] else file.size - 1, file.size - 1)
    else:
        first, last = max(file.size - int(found[2]), 0), file.size - 1
    if first > last or first >= file.size:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{file.size}"})
    length = last - first + 1
    headers |= {"Content-Length": str(length), "Content-Range": f"bytes {first}-{last}/{file.size}"}
    return _stream(downloads.content(file, start=first, length=length), 206, mime_type, headers)


def _stream(content: AsyncIterator[bytes], status: int, mime_type: str, headers: dict[str, str]) -> Response:
    # The media type goes in as a header: the response class would add a charset that nobody knows.
    return StreamingResponse(content, status, {**headers, "Content-Type": mime_type})


def _attachment(name: str) -> str:
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
