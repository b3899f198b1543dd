"""The watch over the pages hears what it is there to hear: each fault is planted once."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Error, expect
from tests.e2e.browser.house import House
from tests.e2e.browser.test_looks import serious
from tests.support.browser import AXE, Person


@pytest.mark.parametrize(
    ("script", "heard"),
    [
        ("console.error('it broke')", "console error: it broke"),
        ("setTimeout(() => { throw new Error('thrown away') })", "threw: .*thrown away"),
        ("fetch('/console/api/no-such-route')", "^404 GET /console/api/no-such-route$"),
        ("fetch('http://elsewhere.example/x').catch(() => null)", "console error: .*Content Security Policy"),
    ],
)
def test_hears(house: House, browser: Browser, script: str, heard: str) -> None:
    person = Person(browser, house.url)
    page = person.open("/signin")
    expect(page.get_by_label("E-mail")).to_be_visible()
    with pytest.raises(AssertionError, match="nothing like"), person.watch.expecting(heard):
        page.evaluate("1")
    with person.watch.expecting(heard):
        page.evaluate(f"(() => {{ {script} }})()")
        # One answer later all of it has been heard.
        page.evaluate("fetch('/health').then((answer) => answer.text())")
        page.evaluate("new Promise((done) => setTimeout(done, 50))")
    person.context.close()


def test_hears_calls_of_other_hosts(house: House, browser: Browser) -> None:
    """A page that leaves for elsewhere: what the policy of the pages does not keep from happening."""
    person = Person(browser, house.url)
    with (
        person.watch.expecting("^called another host: http://elsewhere.example/x$", "^failed: GET"),
        pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"),
    ):
        person.open("http://elsewhere.example/x")
    person.context.close()


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not in web/node_modules")
def test_axe_finds_a_planted_fault(house: House, browser: Browser) -> None:
    person = Person(browser, house.url)
    page = person.open("/signin")
    expect(page.get_by_label("E-mail")).to_be_visible()
    assert serious(page, None) == []
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    (found,) = serious(page, None)
    assert found.startswith("button-name:")
    person.context.close()
