import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.limits import Limits
from orrery.sandbox.protocol import SandboxRefusal

collect_ignore_glob = [] if sys.platform == "linux" else ["test_*.py"]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[3, 1], ids=["L3", "L1"])
async def sandbox(request: pytest.FixtureRequest) -> AsyncIterator[EmbeddedSandbox]:
    """A sandbox at one level; skipped where this machine can't give that level."""
    made = EmbeddedSandbox(Limits(timeout=2.0, workers=2), levels=(request.param,))
    try:
        await made.ready()
    except SandboxRefusal as refusal:
        await made.close()
        pytest.skip(f"level {request.param} is not to be had here: {refusal.message}")
    yield made
    await made.close()
