"""A browser for the folder, a server per module, and people who are watched to the end of their test."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.e2e.browser.house import House
from tests.support.browser import WIDE, Person, launch, missing
from tests.support.server import OrreryServer, running

HERE = Path(__file__).parent
_FAILED = pytest.StashKey[bool]()


class Meet(Protocol):
    """Gives somebody at a browser of their own, before the server at ``base``."""

    def __call__(self, base: str, *, size: tuple[int, int] = WIDE, touch: bool = False) -> Person: ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reason = missing()
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("browser")
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


# Not for the whole session: while the driver lives, no other test of the process can run an event loop.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        opened = launch(driver.chromium)
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def empty_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrreryServer]:
    """Nobody has set it up yet."""
    with running(tmp_path_factory.mktemp("browser") / "empty") as up:
        yield up


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report


@pytest.fixture
def meet(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Meet]:
    """Opens browsers of people. At the end of a test nothing may have gone wrong in any of them."""
    people: list[Person] = []

    def make(base: str, *, size: tuple[int, int] = WIDE, touch: bool = False) -> Person:
        person = Person(browser, base, size=size, touch=touch)
        people.append(person)
        return person

    yield make
    failed = request.node.stash.get(_FAILED, True)
    for number, person in enumerate(people):
        if failed:
            person.picture(f"failed-{request.node.name}-{number}")
        person.context.close()
    problems = [problem for person in people for problem in person.watch.problems]
    assert not problems, "\n".join(problems)


@pytest.fixture(scope="package")
def house(models: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server that has been lived in."""
    with running(tmp_path_factory.mktemp("browser") / "house") as up:
        yield House(up, models)
