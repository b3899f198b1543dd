"""Do the installation's addresses fit the one that the browser came by? Pure rules over settings and one request."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

import msgspec

from orrery.settings.groups.security import Security
from orrery.settings.groups.urls import Urls

_ON_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104  (compared, never bound)


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """How the browser came: its ``origin`` (scheme, host and port), and whether a proxy in front named the client."""

    origin: str
    forwarded: bool
    trusted: bool


class AddressFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One setting: its value, empty when it is not set, what holds then, and what is wrong if anything is."""

    variable: str
    value: str
    effective: str
    problem: str | None = None
    mend: str = ""


def examine_addresses(urls: Urls, security: Security, seen: Seen) -> list[AddressFinding]:
    """Every address and what depends on them. ``urls.trigger`` is the one that is really shown."""
    web, api = urls.console_web, urls.console_api
    return [
        _console("CONSOLE_WEB_URL", web, seen, "links in invitations lead to this address"),
        _console("CONSOLE_API_URL", api, seen, "links to files lead to this address"),
        _public("SERVICE_API_URL", urls.service_api, urls.service_api, seen),
        _public("APP_WEB_URL", urls.app_web, urls.app_web, seen),
        _public("FILES_URL", urls.files, urls.file_links(), seen),
        _public("TRIGGER_URL", urls.trigger, urls.trigger, seen),
        _cookies(urls, security, seen),
        _domain(security, seen),
        _origins(urls, security, seen),
        _proxy(seen),
    ]


def _console(variable: str, value: str, seen: Seen, role: str) -> AddressFinding:
    found = _public(variable, value, value, seen)
    if found.problem is not None or not value or _origin(value) == _origin(seen.origin):
        return found
    return msgspec.structs.replace(
        found,
        problem=f"The browser came by {seen.origin}, but {role}.",
        mend=f"Set it to {seen.origin}, or open the console at {_origin(value)}.",
    )


def _public(variable: str, value: str, effective: str, seen: Seen) -> AddressFinding:
    """An address that browsers or programs elsewhere must reach."""
    problem, mend = next(_faults(effective, seen), (None, ""))
    return AddressFinding(
        variable=variable, value=value, effective=effective.rstrip("/") or seen.origin, problem=problem, mend=mend
    )


def _faults(value: str, seen: Seen) -> Iterator[tuple[str, str]]:
    if not value:
        return
    url, here = _split(value), urlsplit(seen.origin)
    if url is None:
        yield "It is not an address.", "Write it with its scheme: https://orrery.example.com"
        return
    host, at = url.hostname or "", here.hostname or ""
    if host == at:
        if (url.scheme, here.scheme) == ("http", "https"):
            yield (
                "The browser came by https, but this is http: browsers refuse it inside a page of https.",
                "Use https.",
            )
        return
    if host in _ON_THIS_MACHINE and at not in _ON_THIS_MACHINE:
        yield "Only the server itself can reach this.", f"Set it to the public address, such as {seen.origin}."
    elif "." not in host and ":" not in host and host not in _ON_THIS_MACHINE:
        yield (
            f"{host} is a name of the inner network, which browsers elsewhere don't know.",
            f"Set it to the public address, such as {seen.origin}.",
        )
    elif (url.scheme, here.scheme) == ("http", "https"):
        yield "The browser came by https, but this is http: browsers refuse it inside a page of https.", "Use https."


def _cookies(urls: Urls, security: Security, seen: Seen) -> AddressFinding:
    secure = urls.secure_cookies()
    problem, mend = None, ""
    if secure and seen.origin.startswith("http://"):
        problem = (
            "Cookies are for https only, but the browser came by http: it drops them, and sign-in goes in circles."
        )
        mend = "Open the console by https, or set CONSOLE_WEB_URL and CONSOLE_API_URL to http addresses."
    elif not secure and urls.console_web.startswith("https") != urls.console_api.startswith("https"):
        problem = "Only one of CONSOLE_WEB_URL and CONSOLE_API_URL is https, so cookies are not marked Secure."
        mend = "Set both to the same https address."
    elif not secure and seen.origin.startswith("https://"):
        problem = "The browser came by https, but cookies are not marked Secure."
        mend = f"Set CONSOLE_WEB_URL and CONSOLE_API_URL to {seen.origin}; everybody signs in once more."
    kind = "Secure" if secure else "not Secure"
    prefix = ", bound to the host" if secure and not security.cookie_domain else ""
    return AddressFinding(variable="cookies", value="", effective=kind + prefix, problem=problem, mend=mend)


def _domain(security: Security, seen: Seen) -> AddressFinding:
    domain, host = security.cookie_domain.lstrip(".").lower(), urlsplit(seen.origin).hostname or ""
    problem = None
    if domain and host != domain and not host.endswith("." + domain):
        problem = f"{host} is not below {domain}, so browsers refuse the cookies."
    return AddressFinding(
        variable="COOKIE_DOMAIN",
        value=security.cookie_domain,
        effective=domain or host,
        problem=problem,
        mend="Leave it empty, or set it to a parent domain of the console's address." if problem else "",
    )


def _origins(urls: Urls, security: Security, seen: Seen) -> AddressFinding:
    """Pages that stand elsewhere than their API need its permission."""
    apart = bool(urls.console_api) and _origin(urls.console_api) != _origin(seen.origin)
    allowed = security.console_origins
    problem = None
    if apart and seen.origin not in allowed:
        what = "* never comes with cookies" if "*" in allowed else f"{seen.origin} is not among them"
        problem = f"The pages stand elsewhere than the API, and {what}: browsers refuse its answers."
    return AddressFinding(
        variable="CONSOLE_CORS_ALLOW_ORIGINS",
        value=",".join(allowed),
        effective=",".join(allowed),
        problem=problem,
        mend=f"Set it to {seen.origin}." if problem else "",
    )


def _proxy(seen: Seen) -> AddressFinding:
    problem, mend = None, ""
    if seen.forwarded and not seen.trusted:
        problem = "A proxy in front names its clients, but is not believed: limits count everybody as one address."
        mend = "Set it to true, if that proxy is yours and strangers can't go around it."
    return AddressFinding(
        variable="RESPECT_XFORWARD_HEADERS_ENABLED",
        value="true" if seen.trusted else "false",
        effective="a proxy names its clients" if seen.forwarded else "no proxy in front",
        problem=problem,
        mend=mend,
    )


def _split(value: str) -> SplitResult | None:
    try:
        url = urlsplit(value)
        _ = url.port
    except ValueError:
        return None
    return url if url.scheme in {"http", "https"} and url.hostname else None


def _origin(value: str) -> str:
    """Scheme, host and port as browsers write them; the value itself where it is no address."""
    url = _split(value)
    if url is None:
        return value
    default = {"http": 80, "https": 443}[url.scheme]
    port = "" if url.port in {None, default} else f":{url.port}"
    host = url.hostname or ""
    return f"{url.scheme}://{f'[{host}]' if ':' in host else host}{port}"
