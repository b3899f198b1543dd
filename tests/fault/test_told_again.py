"""SIGKILL while rounds of an iteration run side by side: whoever comes back misses nothing and hears nothing twice."""

from __future__ import annotations

import re

import httpx
import pytest
from tests.fault.gate import Gate
from tests.fault.test_kills import reattached, rows, text_of, wait_for_end, whole_stream
from tests.support import dsl
from tests.support.dsl import JsonObject
from tests.support.server import Console, OrreryServer
from tests.support.sse import Sent, read_frames

WAIT_SECONDS = 60.0


def drawn(url: str) -> JsonObject:
    """Three items at once; each asks outside, then says its name."""
    each = dsl.node("each", "iteration", iterator_selector=["list", "result"], output_selector=["ask", "body"],
                    start_node_id="begin", is_parallel=True, parallel_nums=3, error_handle_mode="terminated")  # fmt: skip
    script = "def main():\n    return {'result': ['a', 'b', 'c']}\n"
    listed = dsl.node("list", "code", code_language="python3", code=script, variables=[],
                      outputs={"result": {"type": "array[string]", "children": None}})  # fmt: skip
    inner = [
        {**node, "parentId": "each"}
        for node in (
            dsl.node("begin", "iteration-start"),
            dsl.http("ask", f"{url}/step/said-{{{{#each.item#}}}}"),
            dsl.node("say", "answer", answer="[{{#ask.body#}}]", variables=[]),
        )
    ]
    ways = [("start", "list"), ("list", "each"), ("each", "answer"), ("begin", "ask"), ("ask", "say")]
    nodes = [dsl.start(), listed, each, dsl.answer("!"), *inner]
    return dsl.graph(nodes, [dsl.edge(a, b) for a, b in ways])


@pytest.mark.row("F2", "G5")
def test_rounds_that_end_in_another_order_are_each_told_once(
    server: OrreryServer, console: Console, models: str
) -> None:
    """The first item is held until the others were told and the server is killed; then it comes before them."""
    with Gate(models, {}) as gate:
        client = server.service(console.add_app(dsl.chatflow("side by side", drawn(gate.url)))[1])
        gate.arm("said-a")
        body = {"inputs": {}, "query": "go", "user": "ann", "response_mode": "streaming"}
        seen: list[Sent] = []
        killed = False
        try:
            with client.stream("POST", "/chat-messages", json=body, headers={"Last-Event-ID": "0"}) as response:
                assert response.status_code == 200, response.read()
                for frame in read_frames(response.iter_raw()):
                    seen.append(frame)
                    if not killed and len(re.findall(r"\[said-[bc]\]", text_of(seen))) == 2:
                        assert gate.reached.wait(WAIT_SECONDS)
                        gate.arm("said-b")
                        server.kill()
                        killed = True
        except httpx.TransportError:
            pass
        run_id = str(seen[0].data["workflow_run_id"])
        server.restart()
        assert gate.reached.wait(WAIT_SECONDS), server.log[-2000:]
        gate.release()
        assert wait_for_end(server, run_id) == "succeeded"
    frames = whole_stream(seen, reattached(client, run_id, seen[-1].seq or 0))
    text = text_of(frames)
    assert sorted(re.findall(r"\[(.*?)\]", text)) == ["said-a", "said-b", "said-c"]
    assert text.endswith("!")
    assert rows(server, "SELECT answer FROM messages WHERE run_id = ?", run_id) == [(text,)]
