"""The head of a request to the proxy: parsed strictly, so that the next server can't read it in another way."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from orrery.egress.protocol import EgressError
from orrery.egress.proxy.refusal import invalid
from orrery.egress.target import parse_url

_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\xff]+) HTTP/1\.([01])")
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[\x20-\x7e\x80-\xff\t]*[\x21-\x7e\x80-\xff])?)[ \t]*")
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:@/?#\\]+):([0-9]{1,5})")
_ORIGIN = re.compile(r"[Hh][Tt][Tt][Pp]://[^/?#\\]+([^#\\]*)(?:#.*)?")
_LENGTH = re.compile(r"[0-9]{1,18}")
_CHUNKED = -1

_DROPPED = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade", "host", "content-length", "x-forwarded-for", "forwarded", "via",
})  # fmt: skip
"""Fields of one connection, those that are written anew, and those that would tell of the inside."""


class ProxyRequest(msgspec.Struct, frozen=True):
    """``target`` is the path and query as sent; empty for a tunnel. ``length``: bytes of the body, None if chunked."""

    method: str
    host: str
    port: int
    target: str
    fields: Sequence[tuple[str, str]]
    length: int | None

    @property
    def tunnel(self) -> bool:
        return self.method == "CONNECT"

    def head(self) -> bytes:
        """What the server gets: the same request in its own form, for one connection."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        lines = [f"{self.method} {self.target} HTTP/1.1", f"Host: {name if self.port == 80 else f'{name}:{self.port}'}"]
        lines += [f"{key}: {value}" for key, value in self.fields]
        if self.length is None:
            lines.append("Transfer-Encoding: chunked")
        elif self.length or self.method in {"POST", "PUT", "PATCH"}:
            lines.append(f"Content-Length: {self.length}")
        return "\r\n".join([*lines, "Connection: close"]).encode("latin-1") + b"\r\n\r\n"


def parse_request(head: bytes) -> ProxyRequest:
    """``head`` ends with its empty line. Raises `Refusal`."""
    first, *rest = head.removesuffix(b"\r\n\r\n").decode("latin-1").split("\r\n")
    line = _LINE.fullmatch(first)
    if line is None:
        raise invalid("the request line is malformed")
    fields: list[tuple[str, str]] = []
    for text in rest:
        field = _FIELD.fullmatch(text)
        if field is None:
            raise invalid("a header line is malformed")
        fields.append((field[1], field[2]))
    method, target = line[1], line[2]
    length = _body_length(fields)
    if method == "CONNECT":
        host, port = _authority(target)
        return ProxyRequest(method, host, port, "", (), 0)
    host, port, path = _absolute(target)
    listed = {name.strip().lower() for key, value in fields if key.lower() == "connection" for name in value.split(",")}
    kept = [(key, value) for key, value in fields if key.lower() not in _DROPPED and key.lower() not in listed]
    return ProxyRequest(method, host, port, path, kept, None if length == _CHUNKED else length)


def _body_length(fields: Sequence[tuple[str, str]]) -> int:
    """Two statements about the length would let two readers find two ends: they are refused."""
    lengths = {value for key, value in fields if key.lower() == "content-length"}
    codings = [value.lower() for key, value in fields if key.lower() == "transfer-encoding"]
    if codings and (lengths or codings != ["chunked"]):
        raise invalid("the length of the body is ambiguous")
    if codings:
        return _CHUNKED
    if not lengths:
        return 0
    length = lengths.pop()
    if lengths or _LENGTH.fullmatch(length) is None:
        raise invalid("the length of the body is ambiguous")
    return int(length)


def _authority(text: str) -> tuple[str, int]:
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        raise invalid("a tunnel needs host:port")
    return _checked_host(f"http://{text}/"), int(match[2])


def _absolute(text: str) -> tuple[str, int, str]:
    match = _ORIGIN.fullmatch(text)
    if match is None:
        raise invalid("only http:// addresses are taken here; https goes through CONNECT")
    host = _checked_host(text)
    try:
        port = parse_url(text).port
    except EgressError as error:
        raise invalid("the address is malformed") from error
    path = match[1]
    return host, port or 0, path if path.startswith("/") else f"/{path}"


def _checked_host(url: str) -> str:
    """The host by the same parser that checks what our own client sends."""
    try:
        return parse_url(url).raw_host or ""
    except EgressError as error:
        raise invalid("the address is malformed") from error
