"""Answers as the contract frames them: one envelope for everything, errors as JSON in its ``message`` (3.1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import TypeAlias

import msgspec

from orrery.plugins.errors import PluginBadRequest, PluginError

Message: TypeAlias = MutableMapping[str, object]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

JSON = b"application/json; charset=utf-8"
STREAM = b"text/event-stream"
BYTES = b"application/octet-stream"


class Answer(msgspec.Struct, frozen=True):
    """One HTTP answer."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: Mapping[bytes, bytes] = {}


class _Envelope(msgspec.Struct, frozen=True):
    code: int
    message: str
    data: object


class _Fault(msgspec.Struct, frozen=True):
    message: str
    error_type: str
    args: object = None


class AtStatus(Exception):
    """An error that is told with an HTTP status of its own; others are told with 200."""

    def __init__(self, status: int, error: PluginError) -> None:
        self.status, self.error = status, error
        super().__init__(error.message)


def bad_binding(message: str) -> AtStatus:
    """A field of the request that is missing or wrong."""
    return AtStatus(400, PluginBadRequest(message))


def success(data: object) -> Answer:
    """``data`` is never null: clients take that for an error."""
    return Answer(200, msgspec.json.encode(_Envelope(0, "success", data)))


def failure(error: PluginError, status: int = 200) -> Answer:
    """The error in the envelope."""
    return Answer(status, error_body(error))


def error_body(error: PluginError) -> bytes:
    """The envelope of an error."""
    fault = msgspec.json.encode(_Fault(error.message, error.error_type)).decode()
    return msgspec.json.encode(_Envelope(error.wire_code, fault, None))


def error_frame(error: PluginError) -> Answer:
    """A stream of one frame, the error."""
    return Answer(200, b"data: " + error_body(error) + b"\n\n", STREAM, {b"cache-control": b"no-cache"})


def no_route() -> Answer:
    """For a path that nothing answers."""
    return Answer(404, b'{"code":"not_found","message":"404 page not found"}')
