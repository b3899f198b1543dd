"""Whole answers, packed with gzip for callers that understand it (API_COMPRESSION_ENABLED).

Streams are never packed: their bytes would wait in the packer. Nor are files, which come packed or as they lie.
"""

from __future__ import annotations

import asyncio
import gzip

from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from orrery.http.responses import EventStream

_KINDS = frozenset(
    {
        "text/html", "text/css", "text/plain", "text/xml", "application/json", "application/javascript",
        "application/yaml", "application/x-yaml",
    }
)  # fmt: skip
_SMALLEST = 500
"""Bytes below which packing saves nothing."""
_LEVEL = 6
_LONG = 64 * 1024
"""Bytes that take long enough to pack that other people's streams should not wait."""


async def packed(request: Request, response: Response) -> Response:
    """The same answer, with its body packed where that can be done and pays."""
    if isinstance(response, EventStream | StreamingResponse | FileResponse):
        return response
    headers, kind = response.headers, response.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = bytes(response.body)
    if len(body) < _SMALLEST or kind not in _KINDS or "content-encoding" in headers or "content-range" in headers:
        return response
    headers.add_vary_header("Accept-Encoding")
    if _takes_gzip(request.headers.get("accept-encoding", "")):
        small = await asyncio.to_thread(_pack, body) if len(body) > _LONG else _pack(body)
        response.body = small
        headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(small))
    return response


def _pack(body: bytes) -> bytes:
    return gzip.compress(body, _LEVEL, mtime=0)


def _takes_gzip(accepted: str) -> bool:
    """Whether the header names gzip, or everything, without a weight of zero."""
    weights: dict[str, str] = {}
    for part in accepted.lower().split(","):
        name, _, parameters = part.partition(";")
        weights[name.strip()] = parameters.replace(" ", "").removeprefix("q=") or "1"
    weight = weights.get("gzip", weights.get("*", "0"))
    return weight.strip("0.") != ""
