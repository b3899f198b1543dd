"""What operators see of a running fleet from outside: with Flower, and by asking the workers."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import cast

import httpx
import pytest
from tests.integration.jobs.conformance import until_status
from tests.integration.jobs.fleet_world import FleetWorld
from tests.integration.jobs.sample import Doomed, FailFirst, Note
from tests.support.migrated import migrated_url
from tests.support.ports import free_port

pytest.importorskip("celery", reason="the celery extra is not installed")
pytestmark = pytest.mark.redis

_indexes = count(40)
_PATIENCE = 120.0


@pytest.fixture
async def world(redis_url: str, tmp_path: Path) -> AsyncIterator[FleetWorld]:
    world = FleetWorld(tmp_path, await migrated_url("sqlite", tmp_path), f"{redis_url}/{next(_indexes)}")
    yield world
    await world.close()


@contextmanager
def _flower(world: FleetWorld) -> Generator[str]:
    """Flower beside the broker, as its documentation starts it; the address of its HTTP API."""
    port = free_port()
    command = [
        sys.executable, "-m", "celery", f"--broker={world.broker_url}", "flower", "--address=127.0.0.1",
        f"--port={port}",
    ]  # fmt: skip
    environment = {**os.environ, "FLOWER_UNAUTHENTICATED_API": "true"}
    with (world.folder / "flower").open("wb") as log:
        flower = subprocess.Popen(command, cwd=world.folder, env=environment, stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}/api"
    finally:
        flower.kill()
        flower.wait()


async def _told(client: httpx.AsyncClient, path: str) -> dict[str, dict[str, object]]:
    """What Flower answers; nothing while it comes up."""
    try:
        answer = await client.get(path)
    except httpx.TransportError:
        return {}
    return cast("dict[str, dict[str, object]]", answer.raise_for_status().json())


@pytest.mark.skipif(find_spec("flower") is None, reason="Flower is not installed")
async def test_flower_shows_each_job_with_its_state_queue_runtime_and_worker(world: FleetWorld) -> None:
    worker = world.launch("worker")
    name = f"w{worker.pid}@test"
    outbox = world.jobs.outbox
    with _flower(world) as address:
        await until_status(world, await outbox.enqueue_now(Note("before anybody listens")), "done")
        async with asyncio.timeout(_PATIENCE), httpx.AsyncClient(base_url=address, trust_env=False) as client:
            # Flower asks for events again and again: from some moment on they come. Its list of workers says nothing of
            # that: it is of the one moment at which Flower came up.
            while not await _told(client, "/tasks"):
                await outbox.enqueue_now(Note("is anybody there?"))
                await asyncio.sleep(0.2)
            good = await outbox.enqueue_now(Note("secret of the payload"), queue="priority_dataset")
            again = await outbox.enqueue_now(FailFirst(1))
            bad = await outbox.enqueue_now(Doomed("x"))
            ended = {"SUCCESS": {good, again}, "FAILURE": {bad}}
            while True:
                tasks = await _told(client, "/tasks?limit=1000")
                if all(tasks.get(one, {}).get("state") == state for state, ids in ended.items() for one in ids):
                    break
                await asyncio.sleep(0.05)
            whole = str(tasks)
    assert {tasks[one]["worker"] for one in (good, again, bad)} == {name}
    assert [tasks[one]["name"] for one in (good, again, bad)] == ["note", "fail_first", "doomed"]
    assert [tasks[one]["routing_key"] for one in (good, again, bad)] == ["priority_dataset", "dataset", "dataset"]
    assert isinstance(tasks[good]["runtime"], float)
    assert isinstance(tasks[again]["retried"], float), "its first attempt failed"
    assert "never works" in str(tasks[bad]["exception"])
    assert "secret of the payload" not in whole
