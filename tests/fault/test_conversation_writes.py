"""Conversation variables when processes die in the middle of a container, and when two write at once (G6)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.fault.fleet import Fleet
from tests.fault.gate import Gate
from tests.fault.test_kills import reattached, rows, text_of, wait_for_end, whole_stream
from tests.support import dsl
from tests.support.dsl import JsonObject
from tests.support.server import Console, OrreryServer
from tests.support.sse import Sent, read_frames

TURNS = 50
DURABLE_SECONDS = 60.0
LIST = "def main():\n    return {'result': ['a', 'b', 'c']}\n"


def assigner(node_id: str, add: int, *appended: str) -> JsonObject:
    """Adds to ``total``, and appends what the selector leads to to ``seen``."""
    items: list[JsonObject] = [
        {"variable_selector": ["conversation", "total"], "operation": "+=", "input_type": "constant", "value": add}
    ]
    if appended:
        items.append({"variable_selector": ["conversation", "seen"], "operation": "append", "input_type": "variable",
                      "value": list(appended)})  # fmt: skip
    return dsl.node(node_id, "assigner", version="2", items=items)


def variables() -> list[JsonObject]:
    return [dsl.variable("total", 0, "number"), dsl.variable("seen", [], "array[string]")]


def counting(url: str, kind: str) -> JsonObject:
    """A container that writes, asks outside and writes again in each round; another node writes meanwhile."""
    asked, items = ("rounds.n", []) if kind == "loop" else ("rounds.item", ["rounds", "item"])
    first = {**assigner("first", 1, *items), "parentId": "rounds"}
    ask = {**dsl.http("ask", f"{url}/step/{kind}-{{{{#{asked}#}}}}"), "parentId": "rounds"}
    second = {**assigner("second", 100), "parentId": "rounds"}
    begin = {**dsl.node("begin", f"{kind}-start"), "parentId": "rounds"}
    inner = [begin, first, ask, second]
    edges = [("start", "list"), ("list", "rounds"), ("start", "beside"), ("rounds", "shown"), ("beside", "shown"),
             ("shown", "answer"),
             ("begin", "first"), ("first", "ask"), ("ask", "second")]  # fmt: skip
    if kind == "loop":
        count: JsonObject = {"id": "n", "label": "n", "var_type": "number", "value_type": "constant", "value": "0"}
        rounds = dsl.node("rounds", "loop", loop_count=3, loop_variables=[count], break_conditions=[],
                          logical_operator="and", start_node_id="begin")  # fmt: skip
        one: JsonObject = {
            "variable_selector": ["rounds", "n"],
            "operation": "+=",
            "input_type": "constant",
            "value": 1,
        }
        inner.append({**dsl.node("next", "assigner", version="2", items=[one]), "parentId": "rounds"})
        edges.append(("second", "next"))
    else:
        rounds = dsl.node("rounds", "iteration", iterator_selector=["list", "result"], output_selector=["ask", "body"],
                          start_node_id="begin", is_parallel=False, error_handle_mode="terminated")  # fmt: skip
    shown = dsl.node("shown", "template-transform", template="{{ total }}",
                     variables=[{"variable": "total", "value_selector": ["conversation", "total"]}])  # fmt: skip
    listed = dsl.node("list", "code", code_language="python3", code=LIST, variables=[],
                      outputs={"result": {"type": "array[string]", "children": None}})  # fmt: skip
    said = dsl.answer("{{#shown.output#}}")
    nodes = [dsl.start(), listed, assigner("beside", 1000), rounds, shown, said, *inner]
    return dsl.graph(nodes, [dsl.edge(a, b) for a, b in edges])


@pytest.fixture(scope="module")
def gate(models: str) -> Iterator[Gate]:
    with Gate(models, {}) as gate:
        yield gate


def stored(server: OrreryServer) -> dict[str, Any]:
    """The variables of the conversation that was begun last."""
    (newest,) = rows(server, "SELECT id FROM conversations ORDER BY created_at DESC LIMIT 1")
    found = rows(server, "SELECT data FROM workflow_conversation_variables WHERE conversation_id = ?", *newest)
    items = [json.loads(text) for (text,) in found]
    return {item["name"]: item["value"] for item in items}


def wait_for_total(server: OrreryServer, total: int) -> None:
    until = time.monotonic() + DURABLE_SECONDS
    while stored(server)["total"] != total:
        assert time.monotonic() < until, stored(server)
        time.sleep(0.02)


@pytest.mark.row("F2", "G6")
@pytest.mark.parametrize(("kind", "held"), [("iteration", ("b", "c")), ("loop", ("1", "2"))])
def test_a_container_that_is_done_again_writes_nothing_twice(
    server: OrreryServer, console: Console, gate: Gate, kind: str, held: tuple[str, str]
) -> None:
    """Killed twice in its rounds, with a node beside it that had written by then: every operation is done once."""
    _, key = console.add_app(dsl.chatflow(f"counting {kind}", counting(gate.url, kind), variables()))
    client = server.service(key)
    gate.arm(f"{kind}-{held[0]}")
    body = {"inputs": {}, "query": "go", "user": "ann", "response_mode": "streaming"}
    seen: list[Sent] = []
    try:
        with client.stream("POST", "/chat-messages", json=body, headers={"Last-Event-ID": "0"}) as response:
            assert response.status_code == 200, response.read()
            for frame in read_frames(response.iter_raw()):
                seen.append(frame)
                if not gate.reached.is_set() and frame.event != "workflow_started":
                    continue
                if gate.reached.wait(DURABLE_SECONDS):
                    wait_for_total(server, 1102)  # beside, one whole round, half of the second
                    gate.arm(f"{kind}-{held[1]}")
                    server.kill()
    except httpx.TransportError:
        pass
    run_id = str(seen[0].data["workflow_run_id"])
    server.restart()
    assert gate.reached.wait(DURABLE_SECONDS), server.log[-2000:]
    wait_for_total(server, 1203)
    gate.release()
    server.restart()
    assert wait_for_end(server, run_id) == "succeeded"
    found = stored(server)
    assert found["total"] == 1303
    assert found["seen"] == (["a", "b", "c"] if kind == "iteration" else [])
    frames = whole_stream(seen, reattached(client, run_id, seen[-1].seq or 0))
    assert text_of(frames) == "1303", "the run sees what is stored"


@pytest.mark.row("F29", "G6")
async def test_turns_at_once_at_two_processes_lose_no_operation(two: Fleet) -> None:
    drawn = dsl.chain(dsl.start(), assigner("count", 1, "sys", "query"), dsl.answer("done"))
    _, key = two.console.add_app(dsl.chatflow("counting at once", drawn, variables()))
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(trust_env=False, timeout=120, headers=headers) as client:

        async def turn(number: int, conversation_id: str) -> Any:
            body = {"inputs": {}, "query": str(number), "user": "ann", "conversation_id": conversation_id}
            answer = await client.post(f"{two.apis[number % 2].url}/v1/chat-messages", json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()["conversation_id"]

        conversation_id = await turn(0, "")
        await asyncio.gather(*(turn(number, conversation_id) for number in range(1, TURNS)))
        listed = await client.get(
            f"{two.apis[0].url}/v1/conversations/{conversation_id}/variables", params={"user": "ann"}
        )
    values = {item["name"]: item["value"] for item in listed.json()["data"]}
    assert int(values["total"]) == TURNS
    assert sorted(json.loads(values["seen"]), key=int) == [str(number) for number in range(TURNS)]
