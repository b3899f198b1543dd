import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.limits import Limits
from orrery.sandbox.node import find_node
from orrery.sandbox.protocol import SandboxRefusal

PATIENCE = 60.0
"""Seconds for a snippet whose time is not what a test is about: a busy machine must not end it."""

collect_ignore_glob = [] if sys.platform == "linux" else ["test_*.py"]


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[3, 1], ids=["L3", "L1"])
async def sandbox(request: pytest.FixtureRequest) -> AsyncIterator[EmbeddedSandbox]:
    """A sandbox at one level; skipped where this machine can't give that level."""
    made = EmbeddedSandbox(Limits(timeout=PATIENCE, workers=2), levels=(request.param,))
    try:
        await made.ready()
    except SandboxRefusal as refusal:
        await made.close()
        pytest.skip(f"level {request.param} is not to be had here: {refusal.message}")
    yield made
    await made.close()


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=[("quickjs", 1), ("node", 3), ("node", 1)],
    ids=["quickjs-L1", "node-L3", "node-L1"],
)
async def javascript(request: pytest.FixtureRequest) -> AsyncIterator[EmbeddedSandbox]:
    """A sandbox whose JavaScript runs on one of the engines; skipped where there is no such engine or level."""
    engine, level = request.param
    node = find_node() or ""
    if engine == "node" and not node:
        pytest.skip("no node program is installed")
    made = EmbeddedSandbox(Limits(timeout=PATIENCE, workers=2), levels=(level,), js_engine=engine, node=node)
    try:
        await made.ready()
    except SandboxRefusal as refusal:
        await made.close()
        pytest.skip(f"level {level} is not to be had here: {refusal.message}")
    yield made
    await made.close()
