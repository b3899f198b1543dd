"""Several API processes on one port: one is killed, all are replaced, all are stopped, each under load (F1, F31)."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.fault.fleet import ApiServer, Fleet
from tests.support import dsl

CLIENTS = 8


class Several(ApiServer):
    """One ``orrery api`` with two processes behind it."""

    @property
    def runs(self) -> bool:
        return self._process is not None

    def children(self) -> set[int]:
        return {int(text) for text in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()}

    def wait_until(self, holds: Callable[[], bool], seconds: float = 180.0) -> None:
        until = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < until, self.log[-3000:]
            time.sleep(0.05)


@pytest.fixture(scope="module")
def server(two: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Several]:
    folder = tmp_path_factory.mktemp("workers") / "several"
    server = Several(folder, environment={**two.environment, "SERVER_WORKER_AMOUNT": "2"})
    yield server
    server.close()


@pytest.fixture
def several(server: Several) -> Several:
    """It runs, whatever the test before did to it."""
    if not server.runs:
        server.start()
    server.wait_until(lambda: len(server.children()) == 2)
    return server


@pytest.fixture(scope="module")
def key(two: Fleet) -> str:
    drawn = dsl.chain(dsl.start("q"), dsl.llm("slow:5:20", "{{#start.q#}}"), dsl.end(out=["llm", "text"]))
    return two.console.add_app(dsl.workflow("several", drawn))[1]


@contextmanager
def load(server: Several, key: str) -> Generator[Counter[str]]:
    """Clients that wait for their runs, one after the other each; what came of them."""
    answers: Counter[str] = Counter()
    stopping = threading.Event()

    def come() -> None:
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=60, trust_env=False) as client:
            while not stopping.is_set():
                try:
                    answer = client.post("/v1/workflows/run", json={"inputs": {"q": "x"}, "user": "ann"})
                    told = answer.json()["data"]["status"] if answer.status_code == 200 else answer.text
                    answers[f"{answer.status_code} {told}"] += 1
                except httpx.TransportError as error:
                    answers[repr(error)] += 1

    clients = [threading.Thread(target=come) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        server.wait_until(lambda: answers.total() >= CLIENTS)
        yield answers
        so_far = answers.total()
        server.wait_until(lambda: answers.total() >= so_far + 2 * CLIENTS)
    finally:
        stopping.set()
        for client in clients:
            client.join()


@pytest.mark.row("F1")
def test_a_killed_process_comes_back(several: Several, key: str) -> None:
    before = several.children()
    with load(several, key) as answers:
        gone = min(before)
        os.kill(gone, signal.SIGKILL)
        several.wait_until(lambda: gone not in several.children() and len(several.children()) == 2)
        lost = Counter({what: count for what, count in answers.items() if what != "200 succeeded"})
        # Each client had one request there at most.
        assert lost.total() <= CLIENTS, lost
        kept = set(lost)
    assert set(answers) - kept <= {"200 succeeded"}, answers
    assert max(before) in several.children()
    assert f"API process {gone} ended with code -9" in several.log


@pytest.mark.thorough
@pytest.mark.row("F5")
def test_a_frozen_process_is_replaced(several: Several, key: str) -> None:
    """By its parent, which hears nothing of it any more."""
    frozen = min(several.children())
    os.kill(frozen, signal.SIGSTOP)
    several.wait_until(lambda: frozen not in several.children() and len(several.children()) == 2, 300)
    assert f"API process {frozen} hangs" in several.log
    with load(several, key) as answers:
        pass
    assert set(answers) == {"200 succeeded"}, answers


@pytest.mark.row("F31", "G11")
def test_replacing_all_processes_loses_no_request(
    several: Several, key: str, measured: Callable[[str, object], None]
) -> None:
    before = several.children()
    with load(several, key) as answers:
        several.send(signal.SIGHUP)
        several.wait_until(lambda: not before & several.children() and len(several.children()) == 2)
    assert set(answers) == {"200 succeeded"}, answers
    measured("requests", answers.total())


@pytest.mark.row("F31")
def test_one_signal_ends_all(several: Several, key: str) -> None:
    children = several.children()
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.stream(
        "POST", f"{several.url}/v1/workflows/run", headers=headers, timeout=60, trust_env=False,
        json={"inputs": {"q": "x"}, "user": "ann", "response_mode": "streaming"},
    ) as stream:  # fmt: skip
        words = stream.iter_text()
        assert "workflow_started" in next(words)
        several.ask_to_stop()
        assert "workflow_finished" in "".join(words)
    assert several.stop() == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)


@pytest.mark.row("F1")
def test_children_do_not_outlive_a_killed_parent(several: Several) -> None:
    children = several.children()
    several.kill()
    several.wait_until(lambda: not any(_runs(pid) for pid in children))


def _runs(pid: int) -> bool:
    """Whether the process is there and no zombie: nobody may be there to take leave of it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
