"""Request bodies as bytes, so that a redirect can send them again."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec

from orrery.egress.protocol import FilePart, Json


class Body(msgspec.Struct, frozen=True):
    """Bytes to send and the Content-Type that describes them; None where the caller's own header stands."""

    content: bytes | None = None
    mime_type: str | None = None


def encode_body(
    *,
    content: bytes | None = None,
    json: Json = None,
    form: Sequence[tuple[str, str]] | None = None,
    files: Sequence[FilePart] | None = None,
) -> Body:
    """The first that is given of: files (with form fields), form, json, content."""
    if files:
        return _multipart(form or (), files)
    if form is not None:
        return Body(urlencode(list(form)).encode(), "application/x-www-form-urlencoded")
    if json is not None:
        return Body(msgspec.json.encode(json), "application/json")
    return Body(content)


def _multipart(form: Sequence[tuple[str, str]], files: Sequence[FilePart]) -> Body:
    boundary = secrets.token_hex(16)
    out: list[bytes] = []
    for name, value in form:
        out.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n'.encode())
        out.append(value.encode() + b"\r\n")
    for part in files:
        mime_type = part.mime_type.replace("\r", "").replace("\n", "") or "application/octet-stream"
        out.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(part.name)}"; '
            f'filename="{_quoted(part.filename)}"\r\nContent-Type: {mime_type}\r\n\r\n'.encode()
        )
        out.append(part.content + b"\r\n")
    out.append(f"--{boundary}--\r\n".encode())
    return Body(b"".join(out), f"multipart/form-data; boundary={boundary}")


def _quoted(text: str) -> str:
    """As browsers write names in a form: percent escapes for the three characters that would break the line."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
