"""SIGKILL while a node of each kind is under way, in a workflow of thirty (F2)."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.fault import every_kind
from tests.fault.gate import Gate
from tests.fault.scale import FULL, THOROUGH, scaled
from tests.fault.test_kills import reattached, rows, wait_for_end, whole_stream
from tests.support.forked import Forge, ForkedServer
from tests.support.server import Console, OrreryServer
from tests.support.sse import Sent, read_frames

TIMES = scaled(1, 20)
STEPS = [*every_kind.main_steps(), "end", "assigner", "answer"]
STARTS = frozenset({"node_started", "iteration_started", "loop_started"})
TALK = frozenset({"assigner", "answer"})


def chosen() -> list[str]:
    """All kinds with ``python -m tests.fault``; else one that is done once, one that is done again, one of an instant."""
    return STEPS if THOROUGH or FULL else ["post", "loop", "list"]


@dataclass
class Every:
    """The workflow and the chatflow, what they ask, and what a run that nobody disturbed did."""

    gate: Gate
    clients: dict[str, httpx.Client]
    file_id: dict[str, str]
    outputs: dict[str, Any]
    counts: dict[str, Counter[str]]

    def body(self, mode: str, slow: str) -> tuple[str, dict[str, object]]:
        given: dict[str, object] = {
            "q": "a", "slow": slow,
            "f": {"type": "document", "transfer_method": "local_file", "upload_file_id": self.file_id[mode]},
        }  # fmt: skip
        body: dict[str, object] = {"inputs": given, "user": "ann", "response_mode": "streaming"}
        return ("/chat-messages", {**body, "query": "a"}) if mode == "talk" else ("/workflows/run", body)

    def started(self, mode: str, slow: str, seen: list[Sent]) -> Iterator[Sent]:
        """Starts a run; its frames as they come, until the end or the server's."""
        path, body = self.body(mode, slow)
        try:
            with self.clients[mode].stream("POST", path, json=body, headers={"Last-Event-ID": "0"}) as response:
                assert response.status_code == 200, response.read()
                for frame in read_frames(response.iter_raw()):
                    seen.append(frame)
                    yield frame
        except httpx.TransportError:
            pass


def outcome(frames: list[Sent]) -> dict[str, Any]:
    """What the run's end says, of which there is one."""
    (end,) = [frame.data["data"] for frame in frames if frame.event == "workflow_finished"]
    return dict(end)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrreryServer]:
    with Forge() as forge, closing(ForkedServer(forge, tmp_path_factory.mktemp("fault") / "home")) as up:
        up.start()
        yield up


@pytest.fixture(scope="module")
def every(server: OrreryServer, models: str) -> Iterator[Every]:
    with Gate(models, every_kind.MODELS) as gate:
        console: Console = server.console()
        console.set_up()
        console.use_models(gate.url)
        console.call("POST", "/workspaces/current/tool-provider/api/add", every_kind.form(gate.url))
        listed = console.call("GET", "/workspaces/current/tools/api")
        api = next(str(each["id"]) for each in listed if each["name"] == every_kind.API)
        documents = {"flow": every_kind.workflow(gate.url, api), "talk": every_kind.chatflow(gate.url, api)}
        keys = {mode: console.add_app(document)[1] for mode, document in documents.items()}
        made = Every(gate, {mode: server.service(key) for mode, key in keys.items()}, {}, {}, {})
        for mode, client in made.clients.items():
            sent = ("notes.md", b"# Notes\n\nwritten by hand\n", "text/markdown")
            answer = client.post("/files/upload", files={"file": sent}, data={"user": "ann"})
            assert answer.status_code == 201, answer.text
            made.file_id[mode] = str(answer.json()["id"])
            gate.arm("")
            frames: list[Sent] = []
            for _ in made.started(mode, "", frames):
                pass
            end = outcome(frames)
            assert end["status"] == "succeeded", end
            made.outputs[mode], made.counts[mode] = end["outputs"], Counter(gate.counts)
        yield made


def next_to_ask(every: Every, mode: str, step: str) -> str:
    """The request that the run comes to after ``step``; "" when there is none."""
    later = STEPS[STEPS.index(step) + 1 :]
    asked = (every_kind.INSIDE.get(name, name) for name in later)
    return next((name for name in asked if every.counts[mode][name]), "")


def killed_at(server: OrreryServer, every: Every, mode: str, step: str) -> list[Sent]:
    """Starts a run and kills the server while ``step`` is under way; gives what the client saw."""
    held = every_kind.INSIDE.get(step, step)
    asks = every.counts[mode][held] > 0
    # A step that asks nobody is over at once: the next one that asks is held, so that the run can't run away.
    every.gate.arm(held if asks else next_to_ask(every, mode, step))
    seen: list[Sent] = []
    for frame in every.started(mode, step, seen):
        if frame.event in STARTS and frame.data["data"]["node_id"] == step:
            if asks:
                assert every.gate.reached.wait(120), (step, server.log[-2000:])
            elif step in every_kind.SLOW:
                time.sleep(0.2)  # well within the seconds that it takes
            server.kill()
            break
    else:
        raise AssertionError(f"{step} did not start")
    every.gate.release()
    return seen


def check_effects(every: Every, mode: str, step: str, status: str) -> None:
    """Effects that must not be doubled are not; of the others one step, the one under way, may be asked again."""
    held = every_kind.INSIDE.get(step, step)
    usual, asked = every.counts[mode], every.gate.counts
    again = [name for name in usual if asked[name] > usual[name]]
    never = {every_kind.INSIDE.get(name, name) for name in every_kind.ONCE}
    assert len(again) <= 1, (step, again)
    assert never.isdisjoint(again), (step, again)
    if status == "failed":
        assert (asked[held], again) == (1, []), (step, asked)
        return
    assert all(usual[name] <= asked[name] <= 2 * usual[name] for name in usual), (step, asked)
    if usual[held]:
        assert again == [held], (step, asked)


@pytest.mark.row("F2", "G2")
@pytest.mark.parametrize("step", chosen())
def test_a_kill_within(server: OrreryServer, every: Every, step: str, measured: Callable[[str, object], None]) -> None:
    """The run ends once: with a quiet run's outputs, or, where it must not be done twice, as interrupted."""
    mode, slowest = "talk" if step in TALK else "flow", 0.0
    for _ in range(TIMES):
        seen = killed_at(server, every, mode, step)
        run_id = str(seen[0].data["workflow_run_id"])
        server.restart()
        began = time.monotonic()
        status = wait_for_end(server, run_id)
        slowest = max(slowest, time.monotonic() - began)
        frames = whole_stream(seen, reattached(every.clients[mode], run_id, seen[-1].seq or 0))
        end = outcome(frames)
        assert end["status"] == status
        if step in every_kind.ONCE:
            assert (status, "interrupted" in str(end["error"])) == ("failed", True), end
        else:
            assert (status, end["outputs"]) == ("succeeded", every.outputs[mode]), end
        done = [frame.data["data"]["id"] for frame in frames if frame.event == "node_finished"]
        assert len(done) == len(set(done)), "each node is told to have finished once"
        check_effects(every, mode, step, status)
    assert rows(server, "SELECT id FROM workflow_runs WHERE status = 'running'") == []
    assert rows(server, "SELECT id FROM workflow_node_executions WHERE status = 'running'") == []
    assert "Traceback" not in server.log
    measured(f"{step} x{TIMES} slowest end s", round(slowest, 2))


def test_the_graph_has_thirty_nodes_of_every_kind() -> None:
    kinds: set[str] = set()
    for document in (every_kind.workflow("http://x", "1"), every_kind.chatflow("http://x", "1")):
        nodes = json.loads(json.dumps(document))["workflow"]["graph"]["nodes"]
        assert len(nodes) >= 30
        kinds |= {node["data"]["type"] for node in nodes}
    assert kinds == {
        "start", "template-transform", "code", "if-else", "list-operator", "variable-aggregator", "http-request",
        "document-extractor", "iteration", "iteration-start", "loop", "loop-start", "tool", "llm",
        "parameter-extractor", "question-classifier", "agent", "assigner", "end", "answer",
    }  # fmt: skip
