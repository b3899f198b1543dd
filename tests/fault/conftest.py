"""A model server for all fault tests, and a server of its own for each module: some of them are killed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from tests.fault.apps import gets, posts, talks
from tests.fault.canary import Canary
from tests.fault.fleet import Fleet, fleet
from tests.fault.scale import THOROUGH, scaled
from tests.support.server import Console, OrreryServer, model_server, running

__all__ = ["gets", "posts", "talks"]

ROUNDS = int(os.environ.get("ORRERY_FAULT_ROUNDS") or scaled(10, 200))

LEASE_SECONDS = 6.0
"""Short, so that takeovers can be waited for, and longer than a busy machine keeps a process from its work."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "row(*names): the rows of the fault table, or promises, that a test shows")
    config.addinivalue_line("markers", "thorough: for python -m tests.fault; too long for every test run")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "fault" in item.path.parts:
            item.add_marker(pytest.mark.fault)
            if item.get_closest_marker("thorough") and not THOROUGH:
                item.add_marker(pytest.mark.skip(reason="run it with: python -m tests.fault"))


@pytest.fixture(scope="session")
def rounds() -> int:
    """How many random points are tried; more with ORRERY_FAULT_ROUNDS."""
    return ROUNDS


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Callable[[str, object], None]:
    """Keeps a number for the summary of ``python -m tests.fault``."""
    return record_property


@pytest.fixture(scope="session")
def models() -> Iterator[str]:
    with model_server() as url:
        yield url


@pytest.fixture(scope="session")
def canary() -> Iterator[Canary]:
    with Canary() as canary:
        yield canary


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrreryServer]:
    with running(tmp_path_factory.mktemp("fault") / "home") as up:
        yield up


@pytest.fixture(scope="module")
def console(server: OrreryServer, models: str) -> Console:
    browser = server.console()
    browser.set_up()
    browser.use_models(models)
    return browser


@pytest.fixture(scope="session")
def two(tmp_path_factory: pytest.TempPathFactory, models: str) -> Iterator[Fleet]:
    """Two API processes on PostgreSQL and Redis; each test leaves them all running."""
    lease = {"ORRERY_RUN_LEASE_SECONDS": str(LEASE_SECONDS)}
    with fleet(tmp_path_factory.mktemp("fleet"), models, environment=lease) as up:
        yield up
