"""One server and one model server for all end-to-end tests; every test makes apps of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.server import Console, OrreryServer, model_server, running


@pytest.fixture(scope="session")
def models() -> Iterator[str]:
    with model_server() as url:
        yield url


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrreryServer]:
    with running(tmp_path_factory.mktemp("e2e") / "home") as up:
        yield up


@pytest.fixture(scope="session")
def console(server: OrreryServer, models: str) -> Console:
    """The owner's browser; the workspace can call the model server."""
    browser = server.console()
    browser.set_up()
    browser.use_models(models)
    return browser
