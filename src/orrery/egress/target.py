"""Where a request goes: a URL parsed once, checked, and followed from hop to hop.

The object that was checked is the one that is fetched, so two parsers can't disagree about the host.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

import msgspec
from multidict import CIMultiDict
from yarl import URL

from orrery.egress.addresses import looks_numeric, pack
from orrery.egress.policy import AddressRules, EgressPolicy
from orrery.egress.protocol import EgressBlocked, EgressInvalidRequest

MAX_URL = 64 * 1024
SCHEMES = frozenset({"http", "https"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_AUTHORITY = re.compile(r"^(?:[A-Za-z][A-Za-z0-9+.-]*:)?[/\\]*([^/?#]*)")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OWN_HEADERS = ("content-length", "transfer-encoding", "connection", "proxy-authorization", "proxy-connection")
_SECRET_HEADERS = (
    "authorization", "cookie", "cookie2", "proxy-authorization", "host", "x-api-key", "api-key", "x-goog-api-key",
)  # fmt: skip


class Hop(msgspec.Struct):
    """One request of a chain of redirects. ``shown`` is the URL without credentials, for messages."""

    method: str
    url: URL
    headers: CIMultiDict[str]
    content: bytes | None
    shown: str


def first_hop(
    method: str,
    url: str,
    headers: Mapping[str, str] | None,
    params: Sequence[tuple[str, str]] | None,
    content: bytes | None,
) -> Hop:
    """Raises `EgressInvalidRequest` for what can't be sent as it stands."""
    parsed = parse_url(url)
    if params:
        parsed = parsed.extend_query(list(params))
    if not _TOKEN.fullmatch(method):
        raise EgressInvalidRequest(f"Invalid http method {method}", url=_shown(parsed))
    clean: CIMultiDict[str] = CIMultiDict()
    for name, value in (headers or {}).items():
        if not _TOKEN.fullmatch(name) or any(c in value for c in "\r\n\0"):
            raise EgressInvalidRequest(f"Invalid header {name!r}", url=_shown(parsed))
        if name.lower() not in _OWN_HEADERS:
            clean.add(name, value)
    parsed = _credentials_to_header(parsed, clean)
    return Hop(method=method.upper(), url=parsed, headers=clean, content=content, shown=_shown(parsed))


def parse_url(url: str) -> URL:
    """Raises `EgressInvalidRequest`: no host, control characters, a port that is no port, too long.

    Raises `EgressBlocked` for schemes other than http and https.
    """
    text = url.strip()
    if len(text) > MAX_URL:
        raise EgressInvalidRequest("The URL is too long.", url=text[:200])
    if _misleading(text):
        raise EgressInvalidRequest("The URL holds characters that don't belong there.", url="")
    try:
        parsed = URL(text)
        _ = parsed.port
        host = parsed.raw_host
    except (ValueError, UnicodeError) as exc:
        raise EgressInvalidRequest(f"Invalid URL: {exc}", url="") from exc
    if parsed.scheme and parsed.scheme not in SCHEMES:
        raise blocked(_shown(parsed))
    if not parsed.scheme or not host:
        raise EgressInvalidRequest("The URL names no scheme or no host.", url="")
    return parsed


def check_hop(hop: Hop, policy: EgressPolicy, rules: AddressRules) -> None:
    """Scheme, port and literal address; names are checked when they are resolved. Raises `EgressBlocked`."""
    host, port = hop.url.raw_host or "", hop.url.port or 0
    if hop.url.scheme not in SCHEMES or not policy.port_allowed(port):
        raise blocked(hop.shown)
    literal = pack(host) is not None
    numeric = not literal and (looks_numeric(host) or ":" in host)
    if numeric or not rules.allows_name(host, port):
        raise blocked(hop.shown)
    if literal and not rules.allows(host, port, exempt=policy.is_exempt(host)):
        raise blocked(hop.shown)


def blocked(url: str) -> EgressBlocked:
    """The contract's text, to the last space (sandbox-and-security.md 5.3)."""
    return EgressBlocked(
        f"Access to '{url}' was blocked by SSRF protection. The URL may point to a private or local network address. ",
        url=url,
    )


def next_hop(hop: Hop, status: int, location: str) -> Hop:
    """The request that a redirect asks for. Crossing to another origin drops what was meant for the first one."""
    try:
        target = hop.url.join(parse_relative(location))
    except ValueError as exc:
        raise EgressInvalidRequest("The redirect leads to an invalid URL.", url=hop.shown) from exc
    target = parse_url(str(target))
    headers = hop.headers.copy()
    method, content = hop.method, hop.content
    if status == 303 or (status in {301, 302} and method == "POST"):
        method, content = ("HEAD" if method == "HEAD" else "GET"), None
        headers.popall("content-type", None)
    if _origin(target) != _origin(hop.url):
        for name in _SECRET_HEADERS:
            headers.popall(name, None)
    target = target.with_user(None) if target.raw_user is not None else target
    return Hop(method=method, url=target, headers=headers, content=content, shown=_shown(target))


def parse_relative(location: str) -> URL:
    """A Location header's value; raises `EgressInvalidRequest`."""
    if _misleading(location.strip()):
        raise EgressInvalidRequest("The redirect leads to an invalid URL.", url="")
    try:
        return URL(location.strip())
    except ValueError as exc:
        raise EgressInvalidRequest("The redirect leads to an invalid URL.", url="") from exc


def _misleading(text: str) -> bool:
    """Control characters anywhere; blanks and backslashes where parsers disagree about the host.

    A blank in the path is a slip that gets percent-encoded.
    """
    authority = _AUTHORITY.match(text)
    return _CONTROL.search(text) is not None or (
        authority is not None and any(c in authority[0] for c in " \\") and ("//" in text[:12] or "\\" in authority[0])
    )


def _origin(url: URL) -> tuple[str, str | None, int | None]:
    return url.scheme, url.raw_host, url.port


def _shown(url: URL) -> str:
    return str(url.with_user(None)) if url.raw_user is not None or url.raw_password is not None else str(url)


def _credentials_to_header(url: URL, headers: CIMultiDict[str]) -> URL:
    """``user:password@`` becomes an Authorization header, unless the caller wrote one."""
    if url.raw_user is None and url.raw_password is None:
        return url
    if "authorization" not in headers:
        pair = f"{unquote(url.raw_user or '')}:{unquote(url.raw_password or '')}"
        headers["Authorization"] = "Basic " + b64encode(pair.encode()).decode()
    return url.with_user(None)
