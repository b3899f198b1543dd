from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from tests.support.app import new_database
from tests.support.plugin_daemon import DaemonClient, mark_current, plugin_daemon


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncGenerator[DaemonClient]:
    async with new_database(tmp_path) as database:
        await mark_current(database)
        async with plugin_daemon(str(database.url), tmp_path) as client:
            yield client
