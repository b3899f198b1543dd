"""Trace ids as W3C Trace Context writes them: ``00-<32 hex>-<16 hex>-<2 hex>``."""

from __future__ import annotations

import re
import secrets

import msgspec

TRACE_HEADER = "X-Trace-Id"
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_NO_TRACE, _NO_SPAN = "0" * 32, "0" * 16


class Trace(msgspec.Struct, frozen=True):
    """Where a piece of work stands in its trace.

    ``trace_id`` 32, ``span_id`` 16, ``request_id`` 10 hexadecimal characters; ``parent_id`` is the caller's span or "".
    """

    trace_id: str
    span_id: str
    request_id: str
    parent_id: str = ""
    sampled: bool = False

    def traceparent(self) -> str:
        """The header for calls made on behalf of this work."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"


def new_trace(traceparent: str | None = None) -> Trace:
    """A trace of its own, or the continuation of the caller's if ``traceparent`` is a valid header."""
    span_id, request_id = secrets.token_hex(8), secrets.token_hex(5)
    match = _TRACEPARENT.fullmatch(traceparent.strip().lower()) if traceparent else None
    if match is None or match[1] == _NO_TRACE or match[2] == _NO_SPAN:
        return Trace(secrets.token_hex(16), span_id, request_id)
    return Trace(match[1], span_id, request_id, parent_id=match[2], sampled=bool(int(match[3], 16) & 1))
