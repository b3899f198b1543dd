"""What an HTTP answer is: text or file, small enough or not, good or bad (workflow.md 3.15)."""

from __future__ import annotations

import mimetypes
import re
from email.message import Message
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from orrery.egress.protocol import HttpResponse
from orrery.workflow.nodes.http_data import HttpNodeOptions
from orrery.workflow.nodes.http_errors import ResponseSizeError

_TEXT_WORDS = ("json", "xml", "javascript", "x-www-form-urlencoded", "yaml", "graphql")
_TEXT_SIGNS = (b"{", b"[", b"<", b"function", b"var ", b"const ", b"let ")
_FILE_KINDS = ("application", "image", "audio", "video")
_UNSAFE_IN_NAMES = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]')
_MAX_NAME = 200


def content_type(answer: HttpResponse) -> str:
    """The media type, without parameters, in lower case."""
    return (answer.header("content-type") or "").partition(";")[0].strip().lower()


def _disposition(answer: HttpResponse) -> tuple[str | None, str | None]:
    """(disposition, file name) of Content-Disposition."""
    header = answer.header("content-disposition")
    if not header:
        return None, None
    message = Message()
    message["content-disposition"] = header
    return message.get_content_disposition(), message.get_filename()


def is_file(answer: HttpResponse) -> bool:
    """Whether the body is kept as a file, by its headers and, for vague types, its first bytes."""
    disposition, filename = _disposition(answer)
    if disposition == "attachment" or filename is not None:
        return True
    kind = content_type(answer)
    if kind.startswith("text/") and "csv" not in kind:
        return False
    if kind.startswith("application/"):
        if any(word in kind for word in _TEXT_WORDS):
            return False
        head = answer.content[:1024]
        if not _decodes(head):
            return True
        if any(sign in head for sign in _TEXT_SIGNS):
            return False
    ending = mimetypes.guess_extension(kind)
    guessed = mimetypes.guess_type(f"any{ending}")[0] if ending else None
    if guessed:
        return guessed.partition("/")[0] in _FILE_KINDS
    return kind.startswith(("image/", "audio/", "video/"))


def _decodes(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The cut after 1024 bytes may fall inside a letter.
        return error.reason == "unexpected end of data" and error.end == len(head)
    return True


def check_size(answer: HttpResponse, *, as_file: bool, options: HttpNodeOptions) -> None:
    """Raises `ResponseSizeError`."""
    size = len(answer.content)
    limit = options.max_binary_bytes if as_file else options.max_text_bytes
    if size > limit:
        raise ResponseSizeError(_too_large(as_file, limit, _readable(size)))


def beyond_every_limit(options: HttpNodeOptions) -> ResponseSizeError:
    """The failure for an answer whose reading was given up at the larger limit."""
    limit = max(options.max_binary_bytes, options.max_text_bytes)
    return ResponseSizeError(_too_large(True, limit, f"more than {_readable(limit)}"))


def _too_large(as_file: bool, limit: int, size: str) -> str:
    kind = "File" if as_file else "Text"
    return f"{kind} size is too large, max size is {limit / 1024 / 1024:.2f} MB, but current size is {size}."


def _readable(size: int) -> str:
    if size < 1024:
        return f"{size} bytes"
    if size < 1024 * 1024:
        return f"{size / 1024:.2f} KB"
    return f"{size / 1024 / 1024:.2f} MB"


def file_name(answer: HttpResponse) -> tuple[str, str]:
    """(file name, media type) to keep a body under: the server's name, else the address's, else one by the type."""
    _, filename = _disposition(answer)
    kind = content_type(answer)
    name = filename or unquote(PurePosixPath(urlsplit(answer.url).path).name)
    name = _UNSAFE_IN_NAMES.sub("_", PurePosixPath(name).name)[-_MAX_NAME:]
    if not name:
        name = f"file{mimetypes.guess_extension(kind) or '.bin'}"
    return name, kind or mimetypes.guess_type(name)[0] or "application/octet-stream"


def header_object(answer: HttpResponse) -> dict[str, str]:
    """Headers by lower-case name; several of one name joined by a comma."""
    joined: dict[str, str] = {}
    for name, value in answer.headers:
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return joined
