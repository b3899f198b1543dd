"""Bytes of text without a word about their encoding: decoded by what they look like."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Protocol, cast

_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_LIKELY = [
    *("gb18030", "big5", "cp932", "euc_jp", "cp949"),
    *("cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp874"),
]
"""Encodings that documents still come in; among all that there are, short texts would look like odd ones."""
_SAMPLE = 64 * 1024
_TOO_SHORT = 24
"""Bytes that say too little of their language."""
_OUTSIDE_ASCII = re.compile(rb"[\x80-\xff]")


class _Match(Protocol):
    encoding: str


class _Matches(Protocol):
    def best(self) -> _Match | None: ...


class _Detector(Protocol):
    def from_bytes(self, sequences: bytes, *, cp_isolation: list[str]) -> _Matches: ...


def decode(content: bytes) -> str:
    """Text by its byte order mark, as UTF-8, by the look of it, as GB 18030, or else byte by byte."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if (likely := _look_of(content)) is not None:
        return content.decode(likely, "replace")
    try:
        return content.decode("gb18030")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _look_of(content: bytes) -> str | None:
    """The encoding that a part of the content is in, by the frequencies of its characters."""
    found = _OUTSIDE_ASCII.search(content)
    if found is None or len(content) < _TOO_SHORT:
        return None
    try:
        detector = cast("_Detector", import_module("charset_normalizer"))  # of an extra
    except ImportError:
        return None
    sample = content[found.start() : found.start() + _SAMPLE]
    if len(sample) == _SAMPLE:
        # No encoding of these has a line feed inside of a character: what stands before is whole.
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    match = detector.from_bytes(sample, cp_isolation=_LIKELY).best()
    return match.encoding if match is not None and match.encoding in _LIKELY else None
