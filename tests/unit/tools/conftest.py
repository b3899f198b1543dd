from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from orrery.egress import GuardedHttpClient, operator_policy


@pytest.fixture
async def http() -> AsyncIterator[GuardedHttpClient]:
    """The real way out, allowed to reach this machine."""
    async with GuardedHttpClient(operator_policy(allow_private=True)) as client:
        yield client
