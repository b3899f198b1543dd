"""The memory of a server that is used: under a bound, and not growing with what was done (docs/pains.md, 3).

Every run carries a text of some weight through each of its nodes, its rows, its frames and its answer. A server that
kept a few of these copies of every run would leave the slack. What may grow is written beside the numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tests.fault.holdings import memory
from tests.support.dsl import JsonObject, answer, chain, chatflow, end, llm, node, start, workflow
from tests.support.server import OrreryServer, running

BOUND = 320.0
"""MiB of the server's own process, its sandbox aside: about 125 at rest, some 200 after the journeys."""
SLACK = 28.0
"""MiB between the second and the fourth journey. The database's page caches (8 MB for each of its few connections)
fill with what was written until they are full, and an allocator keeps a little of what was freed."""
RUNS, TURNS, UPLOADS = 30, 6, 3
AT_ONCE = 4
WEIGHT = 190_000
"""Characters; a variable may hold 204800 bytes."""
HEAVY = "All work and no play makes a long text. " * (WEIGHT // 40)
"""One text for all runs, so that nothing but what is kept of a run can grow."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OrreryServer]:
    with running(tmp_path / "home") as up:
        yield up


class Journey:
    """What people do with an installation, again and again."""

    def __init__(self, server: OrreryServer, models: str) -> None:
        console = server.console()
        console.set_up()
        console.use_models(models)
        _, run_key = console.add_app(_heavy())
        talk = chatflow("Talks", chain(start(), llm("gpt-4o-mini", "{{#sys.query#}}"), answer("{{#llm.text#}}")))
        _, talk_key = console.add_app(talk)
        self._runs, self._talk = server.service(run_key, seconds=600), server.service(talk_key, seconds=600)

    def go(self) -> None:
        """Runs, turns of conversations, uploads; all of them must succeed."""
        with ThreadPoolExecutor(AT_ONCE) as people:
            list(people.map(self._run, range(RUNS)))
            list(people.map(self._turn, range(TURNS)))
            list(people.map(self._upload, range(UPLOADS)))

    def _run(self, number: int) -> None:
        body = {"inputs": {"text": HEAVY}, "user": f"user-{number % 3}"}
        done = _sure(self._runs.post("/workflows/run", json=body)).json()["data"]
        assert done["status"] == "succeeded", done
        assert done["outputs"] == {"text": HEAVY + "!", "length": len(HEAVY)}

    def _turn(self, number: int) -> None:
        body: JsonObject = {"query": f"turn {number}", "inputs": {}, "user": "talker", "response_mode": "streaming"}
        with self._talk.stream("POST", "/chat-messages", json=body) as answered:
            lines = [json.loads(line[6:]) for line in answered.iter_lines() if line.startswith("data: ")]
        assert lines[-1]["event"] == "message_end"

    def _upload(self, number: int) -> None:
        file = (f"note-{number}.txt", b"a note\n" * 100_000, "text/plain")
        _sure(self._talk.post("/files/upload", data={"user": "talker"}, files={"file": file}))


def test_memory_stays_and_does_not_grow_with_use(server: OrreryServer, models: str) -> None:
    journey, found = Journey(server, models), list[float]()
    for _ in range(4):
        journey.go()
        found.append(memory(server))
    told = f"MiB after each journey: {[round(one) for one in found]}"
    assert found[3] < BOUND, told
    assert found[3] - found[1] < SLACK, told


def _heavy() -> JsonObject:
    """The text in, through a template and a snippet, and out."""
    field = {"label": "text", "max_length": 10 * WEIGHT, "required": True, "type": "paragraph", "variable": "text"}
    beginning = node("start", "start", variables=[field])
    given = [{"variable": "text", "value_selector": ["start", "text"]}]
    longer = node("longer", "template-transform", template="{{ text }}!", variables=given)
    count = node(
        "count", "code", code="def main(text):\n    return {'length': len(text)}", code_language="python3",
        variables=given, outputs={"length": {"type": "number"}},
    )  # fmt: skip
    return workflow(
        "Heavy", chain(beginning, longer, count, end(text=("longer", "output"), length=("count", "length")))
    )


def _sure(answer: httpx.Response) -> httpx.Response:
    assert answer.is_success, answer.text
    return answer
