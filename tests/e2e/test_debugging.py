"""The editor's debugging on a running server: what runs leave, containers alone, runs from the middle (workflow.md 7)."""

from __future__ import annotations

from typing import Any

import httpx
from tests.support import dsl
from tests.support.server import Console, OrreryServer
from tests.support.sse import Sent, read_frames


def streamed(console: Console, path: str, body: dict[str, Any]) -> list[Sent]:
    """The frames of a run that the console starts."""
    answer = console.http.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return [frame for frame in read_frames([answer.content]) if frame.event != "ping"]


def named(console: Console, path: str) -> dict[str, Any]:
    return {item["name"]: item for item in console.call("GET", path)["items"]}


def test_a_large_value_is_cut_and_downloaded_whole(server: OrreryServer, console: Console) -> None:
    script = "def main(n):\n    return {'result': 'ab' * int(n)}\n"
    drawn = dsl.chain(dsl.start("n"), dsl.code("big", script, n=["start", "n"]), dsl.end(out=["start", "n"]))
    app_id, _ = console.add_app(dsl.workflow("large values", drawn))
    draft = f"/apps/{app_id}/workflows/draft"
    assert streamed(console, f"{draft}/run", {"inputs": {"n": "150000"}})[-1].data["data"]["status"] == "succeeded"
    held = named(console, f"{draft}/nodes/big/variables")["result"]
    assert (held["is_truncated"], len(held["value"])) == (True, 100_003)
    assert (held["full_content"]["size_bytes"], held["full_content"]["length"]) == (300_000, 300_000)
    link = held["full_content"]["download_url"]
    whole = httpx.get(link if link.startswith("http") else server.url + link, timeout=30, trust_env=False)
    assert whole.status_code == 200
    assert whole.text == "ab" * 150_000
    assert "attachment" in whole.headers["content-disposition"]
    step = console.call("POST", f"{draft}/nodes/end/run", {"inputs": {}})
    assert step["outputs"] == {"out": "150000"}


def test_a_mended_graph_goes_on_with_what_was_done(server: OrreryServer, console: Console) -> None:
    def drawn(script: str) -> dsl.JsonObject:
        first = dsl.code("first", "def main(q):\n    return {'result': q.upper()}\n", q=["start", "q"])
        return dsl.chain(dsl.start("q"), first, dsl.code("second", script, a=["first", "result"]),
                         dsl.end(out=["second", "result"]))  # fmt: skip

    app_id, key = console.add_app(dsl.workflow("to mend", drawn("def main(a):\n    return {'result': 1 / 0}\n")))
    client = server.service(key)
    done = client.post("/workflows/run", json={"inputs": {"q": "abc"}, "user": "ann"}).json()
    assert done["data"]["status"] == "failed"
    draft = console.call("GET", f"/apps/{app_id}/workflows/draft")
    mended = drawn("def main(a):\n    return {'result': a + '!'}\n")
    body = {"graph": mended, "features": draft["features"], "hash": draft["hash"]}
    console.call("POST", f"/apps/{app_id}/workflows/draft", body)
    runs = f"/apps/{app_id}/workflow-runs"
    frames = streamed(console, f"{runs}/{done['workflow_run_id']}/rerun", {"node_id": "second"})
    assert frames[-1].data["data"]["outputs"] == {"out": "ABC!"}
    assert [f.data["data"]["node_id"] for f in frames if f.event == "node_started"] == ["second", "end"]
    shown = console.call("GET", f"{runs}/{frames[-1].data['workflow_run_id']}")
    assert shown["rerun_of"] == {"run_id": done["workflow_run_id"], "node_id": "second"}


def test_a_chatflows_loop_runs_alone_on_its_conversation_variables(console: Console) -> None:
    change = {"variable_selector": ["conversation", "mood"], "operation": "over-write", "input_type": "variable"}
    first = {**dsl.node("first", "loop-start"), "parentId": "again"}
    inner = {
        **dsl.node("more", "template-transform", template="{{ mood }}+",
                   variables=[{"variable": "mood", "value_selector": ["conversation", "mood"]}]),
        "parentId": "again",
    }  # fmt: skip
    keep = {
        **dsl.node("keep", "assigner", version="2", items=[{**change, "value": ["more", "output"]}]),
        "parentId": "again",
    }
    loop = dsl.node("again", "loop", loop_count=2, break_conditions=[], loop_variables=[], start_node_id="first")
    nodes = [dsl.start(), loop, dsl.answer("{{#conversation.mood#}}"), first, inner, keep]
    ways = [("start", "again"), ("again", "answer"), ("first", "more"), ("more", "keep")]
    drawn = dsl.graph(nodes, [dsl.edge(source, target) for source, target in ways])
    document = dsl.chatflow("loops", drawn, [dsl.variable("mood", "calm")])
    app_id, _ = console.add_app(document)
    draft = f"/apps/{app_id}/workflows/draft"
    path = f"/apps/{app_id}/advanced-chat/workflows/draft/loop/nodes/again/run"
    frames = streamed(console, path, {"inputs": {}})
    assert [frame.event for frame in frames].count("loop_next") == 2
    assert frames[-1].event == "message_end"
    held = named(console, f"{draft}/conversation-variables")["mood"]
    assert held["value"] == "calm++"
    # The next try goes on from there, and the variable can be set back.
    streamed(console, path, {"inputs": {}})
    assert named(console, f"{draft}/conversation-variables")["mood"]["value"] == "calm++++"
    assert console.call("PUT", f"{draft}/variables/{held['id']}/reset")["value"] == "calm"
