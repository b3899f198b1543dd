"""A model server for all fault tests, and a server of its own for each module: some of them are killed."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.fault.canary import Canary
from tests.support.server import Console, OrreryServer, model_server, running

ROUNDS = int(os.environ.get("ORRERY_FAULT_ROUNDS", "20"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "fault" in item.path.parts:
            item.add_marker(pytest.mark.fault)


@pytest.fixture(scope="session")
def rounds() -> int:
    """How many random points are tried; more with ORRERY_FAULT_ROUNDS."""
    return ROUNDS


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
