"""API processes behind nginx are replaced one after the other under load, and no request is lost (F31, G11)."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.fault.fleet import Fleet
from tests.fault.outside import wanted
from tests.fault.scale import scaled
from tests.fault.witness import Witness
from tests.support import dsl
from tests.support.listening import until_listening
from tests.support.ports import free_port

from orrery.deploy.native.edge import edge_configuration
from orrery.deploy.topology.model import DEFAULTS

PER_SECOND = scaled(40, 50)
"""Ticks of the clients, of which these many make one ask for a short run, or for a stream: in the end 50 streams a
second for ten minutes."""
SHORT_EVERY, STREAM_EVERY = scaled(1, 5), scaled(5, 1)
ROUNDS = scaled(1, 5)
SECONDS = scaled(0, 600)


@contextmanager
def edge(folder: Path, apis: list[int]) -> Generator[str]:
    """The nginx of ``orrery stack up`` before these processes; its address."""
    port, file = free_port(), folder / "nginx.conf"
    file.write_text(edge_configuration(port, apis, folder, DEFAULTS))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([wanted("nginx"), "-c", str(file), "-e", "stderr"], stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        until_listening(process, port, said=(folder / "log").read_text)
        assert httpx.get(f"{url}/health", timeout=60, trust_env=False).status_code == 200
        yield url
    finally:
        process.terminate()
        process.wait(60)


@pytest.mark.thorough
@pytest.mark.row("F31", "G11")
async def test_a_rolling_restart_loses_no_request(
    two: Fleet, tmp_path: Path, measured: Callable[[str, object], None]
) -> None:
    quick = two.console.add_app(dsl.workflow("quick", dsl.chain(dsl.start("q"), dsl.end(out=["start", "q"]))))[1]
    told = dsl.chain(dsl.start("q"), dsl.llm("slow:20:50", "{{#start.q#}}"), dsl.end(out=["llm", "text"]))
    slow = two.console.add_app(dsl.workflow("slow", told))[1]
    answers: Counter[int | str] = Counter()
    streams: Counter[str] = Counter()
    stopping = asyncio.Event()

    async def ask(client: httpx.AsyncClient) -> None:
        try:
            answer = await client.post("/v1/workflows/run", json={"inputs": {"q": "x"}, "user": "ann"})
            answers[answer.status_code] += 1
        except httpx.TransportError as error:
            answers[type(error).__name__] += 1

    async def follow(witness: Witness, n: int) -> None:
        # Judged at once and forgotten: there are tens of thousands.
        story = await witness.run("/workflows/run", {"inputs": {"q": str(n)}, "user": "ann"}, str(n))
        streams[f"{story.status} {story.ends}"] += 1
        streams["came back"] += story.breaks > 0
        story.check_whole()

    async def come(url: str) -> None:
        headers = {"Authorization": f"Bearer {quick}"}
        async with (
            httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=60) as client,
            Witness([url], slow) as witness,
            asyncio.TaskGroup() as group,
        ):
            n = 0
            while not stopping.is_set():
                if n % SHORT_EVERY == 0:
                    group.create_task(ask(client))
                if n % STREAM_EVERY == 0:
                    group.create_task(follow(witness, n))
                n += 1
                await asyncio.sleep(1 / PER_SECOND)

    with edge(tmp_path, [api.port for api in two.apis]) as url:
        coming = asyncio.create_task(come(url))
        await asyncio.sleep(1)
        rounds, until = 0, time.monotonic() + SECONDS
        while rounds < ROUNDS or time.monotonic() < until:
            for api in two.apis:
                assert await asyncio.to_thread(api.stop) == 0
                await asyncio.to_thread(api.start)
            rounds += 1
        await asyncio.sleep(0.5)
        stopping.set()
        await coming
    assert set(answers) == {200}, (answers, (tmp_path / "log").read_text()[-3000:])
    came_back = streams.pop("came back")
    assert set(streams) == {"200 ['succeeded']"}, streams
    measured("requests", answers.total() + streams.total())
    measured("restarts", 2 * rounds)
    measured("streams that came back", came_back)
