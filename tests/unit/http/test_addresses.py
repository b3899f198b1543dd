"""Which addresses of an installation fit the one that a browser came by, and what the console says of the others."""

from __future__ import annotations

from typing import Any

import pytest

from orrery.http.console.addresses import AddressFinding, Seen, examine_addresses
from orrery.settings.groups.security import Security
from orrery.settings.groups.urls import Urls

HERE = "https://orrery.example.com"
FITTING = Urls(console_web=HERE, console_api=HERE, trigger=HERE)


def examined(
    urls: Urls = FITTING, origin: str = HERE, *, forwarded: bool = False, trusted: bool = False, **security: Any
) -> dict[str, AddressFinding]:
    seen = Seen(origin=origin, forwarded=forwarded, trusted=trusted)
    found = examine_addresses(urls, Security(**security), seen)
    assert all(bool(one.problem) == bool(one.mend) for one in found)
    return {one.variable: one for one in found}


def told(found: dict[str, AddressFinding]) -> dict[str, str]:
    return {name: one.problem for name, one in found.items() if one.problem}


@pytest.mark.parametrize(
    ("urls", "origin"),
    [
        (Urls(trigger=""), "http://localhost:5001"),
        (Urls(trigger=""), "http://192.168.1.7:5001"),
        (FITTING, HERE),
        (Urls(console_web=HERE + "/", console_api=HERE + ":443", trigger=HERE), HERE),
        (
            Urls(
                console_web=HERE, console_api=HERE, files="https://files.example.com", trigger="https://t.example.com"
            ),
            HERE,
        ),
        (Urls(console_web="http://[::1]:80", console_api="http://[::1]", trigger=""), "http://[::1]"),
    ],
)
def test_what_fits_is_left_alone(urls: Urls, origin: str) -> None:
    assert told(examined(urls, origin)) == {}


def test_nothing_set_means_the_address_of_the_request() -> None:
    found = examined(Urls(trigger=""), "http://localhost:5001")
    assert {found[name].effective for name in ("CONSOLE_WEB_URL", "FILES_URL", "TRIGGER_URL")} == {
        "http://localhost:5001"
    }
    assert examined()["FILES_URL"].effective == HERE


@pytest.mark.parametrize(
    ("urls", "origin", "variable", "text"),
    [
        (Urls(console_web="orrery.example.com", trigger=""), HERE, "CONSOLE_WEB_URL", "not an address"),
        (Urls(files="https://a.example:port", trigger=""), HERE, "FILES_URL", "not an address"),
        (Urls(console_web=HERE, trigger=""), "https://other.example.com", "CONSOLE_WEB_URL", "came by https://other"),
        (Urls(files="http://localhost", trigger=""), HERE, "FILES_URL", "Only the server itself"),
        (Urls(files="http://api:5001", trigger=""), HERE, "FILES_URL", "inner network"),
        (Urls(files="http://files.example.com", trigger=""), HERE, "FILES_URL", "refuse it inside a page of https"),
        (Urls(console_api="http://orrery.example.com", trigger=""), HERE, "CONSOLE_API_URL", "inside a page of https"),
        (Urls(trigger="http://localhost"), HERE, "TRIGGER_URL", "Only the server itself"),
    ],
)
def test_what_does_not_fit_is_told(urls: Urls, origin: str, variable: str, text: str) -> None:
    assert text in (examined(urls, origin)[variable].problem or "")


@pytest.mark.parametrize(
    ("urls", "origin", "text"),
    [
        (FITTING, "http://orrery.example.com", "sign-in goes in circles"),
        (Urls(console_web=HERE, trigger=""), HERE, "Only one of"),
        (Urls(trigger=""), HERE, "not marked Secure"),
    ],
)
def test_cookies(urls: Urls, origin: str, text: str) -> None:
    assert text in (examined(urls, origin)["cookies"].problem or "")
    assert examined()["cookies"].effective == "Secure, bound to the host"


def test_the_domain_of_cookies_is_above_the_console() -> None:
    assert "is not below" in (examined(cookie_domain=".elsewhere.com")["COOKIE_DOMAIN"].problem or "")
    assert examined(cookie_domain=".example.com")["COOKIE_DOMAIN"].problem is None


def test_pages_that_stand_elsewhere_need_the_apis_permission() -> None:
    urls = Urls(console_web=HERE, console_api="https://api.example.com", trigger="")
    name = "CONSOLE_CORS_ALLOW_ORIGINS"
    assert "never comes with cookies" in (examined(urls)[name].problem or "")
    assert "not among them" in (examined(urls, console_origins=("https://x.example",))[name].problem or "")
    assert examined(urls, console_origins=(HERE,))[name].problem is None


def test_a_proxy_that_is_not_believed() -> None:
    name = "RESPECT_XFORWARD_HEADERS_ENABLED"
    assert "not believed" in (examined(forwarded=True)[name].problem or "")
    assert told(examined(forwarded=True, trusted=True)) == {}
    assert examined()[name].effective == "no proxy in front"
