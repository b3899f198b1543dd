"""SIGKILL in the middle of debug runs: what they leave is whole, also of a run that repeats another one."""

from __future__ import annotations

import time
from typing import Any

import httpx
from tests.fault.test_kills import rows, wait_for_end
from tests.support import dsl
from tests.support.server import Console, OrreryServer
from tests.support.sse import read_frames

SLOW = "import time\ndef main(a):\n    time.sleep(0.6)\n    return {'result': a + '!'}\n"


def killed_in(server: OrreryServer, console: Console, path: str, body: dict[str, Any], node_id: str) -> str:
    """Starts a run, kills the server once a node has begun, starts it again; the run's id."""
    held, run_id = b"", ""
    try:
        with console.http.stream("POST", path, json=body) as response:
            assert response.status_code == 200
            for chunk in response.iter_raw():
                held += chunk
                for frame in read_frames([held]):
                    run_id = str(frame.data.get("workflow_run_id") or run_id)
                    begun = frame.event in {"node_started", "iteration_started"}
                    if begun and frame.data["data"]["node_id"] == node_id:
                        server.kill()
    except httpx.TransportError:
        pass
    assert run_id
    server.restart()
    return run_id


def test_a_debug_run_that_goes_on_leaves_everything(server: OrreryServer, console: Console) -> None:
    first = dsl.node("first", "template-transform", template="{{ q }}?",
                     variables=[{"variable": "q", "value_selector": ["start", "q"]}])  # fmt: skip
    slow = dsl.code("slow", SLOW, a=["first", "output"])
    drawn = dsl.chain(dsl.start("q"), first, slow, dsl.end(out=["slow", "result"]))
    app_id, _ = console.add_app(dsl.workflow("debugged", drawn))
    draft = f"/apps/{app_id}/workflows/draft"
    run_id = killed_in(server, console, f"{draft}/run", {"inputs": {"q": "x"}}, "slow")
    assert wait_for_end(server, run_id) == "succeeded"
    assert values(console, draft, "first") == {"output": "x?"}
    assert values(console, draft, "slow") == {"result": "x?!"}

    # Thrown away, they come back with a run that takes the first node over from the record.
    console.call("DELETE", f"{draft}/variables")
    path = f"/apps/{app_id}/workflow-runs/{run_id}/rerun"
    repeated = killed_in(server, console, path, {"node_id": "slow"}, "slow")
    assert repeated != run_id
    assert wait_for_end(server, repeated) == "succeeded"
    ((outputs,),) = rows(server, "SELECT outputs FROM workflow_runs WHERE id = ?", repeated)
    assert outputs == '{"out":"x?!"}'
    nodes = rows(server, "SELECT node_id FROM workflow_node_executions WHERE workflow_run_id = ? ORDER BY 1", repeated)
    assert [node for (node,) in nodes] == ["end", "first", "slow", "start"]
    until = time.monotonic() + 60
    while values(console, draft, "end") == {} and time.monotonic() < until:
        time.sleep(0.05)
    assert (values(console, draft, "first"), values(console, draft, "end")) == ({"output": "x?"}, {"out": "x?!"})


def values(console: Console, draft: str, node_id: str) -> dict[str, object]:
    return {item["name"]: item["value"] for item in console.call("GET", f"{draft}/nodes/{node_id}/variables")["items"]}


def test_a_container_that_runs_alone_goes_on(server: OrreryServer, console: Console) -> None:
    each = dsl.node(
        "each", "iteration", iterator_selector=["start", "q"], output_selector=["slow", "result"], start_node_id="first",
        is_parallel=True, parallel_nums=2, error_handle_mode="terminated",
    )  # fmt: skip
    first = {**dsl.node("first", "iteration-start"), "parentId": "each"}
    slow = {**dsl.code("slow", SLOW, a=["each", "item"]), "parentId": "each"}
    nodes = [dsl.start("q"), each, dsl.end(out=["each", "output"]), first, slow]
    ways = [("start", "each"), ("each", "end"), ("first", "slow")]
    drawn = dsl.graph(nodes, [dsl.edge(source, target) for source, target in ways])
    app_id, _ = console.add_app(dsl.workflow("alone", drawn))
    draft = f"/apps/{app_id}/workflows/draft"
    body = {"inputs": {"each.input_selector": ["a", "b"]}}
    run_id = killed_in(server, console, f"{draft}/iteration/nodes/each/run", body, "each")
    assert wait_for_end(server, run_id) == "succeeded"
    assert values(console, draft, "each") == {"output": ["a!", "b!"]}
    ((source,),) = rows(server, "SELECT triggered_from FROM workflow_runs WHERE id = ?", run_id)
    assert source == "single-step"
