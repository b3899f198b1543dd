from __future__ import annotations

from orrery.workflow.events import IterationCompleted, IterationStarted, NodeFinished, NodeRetry
from orrery.workflow.node import NodeFailure
from orrery.workflow.pool import Pool

from .graphs import end, node, run, start, stored

SECRET = "sk-1234567890"
MASKED = "sk-123************90"


def pool() -> Pool:
    made = Pool()
    made.declare("env", "key", "secret", SECRET)
    made.declare("env", "keys", "string", [SECRET, "plain"])
    return made


async def test_records_of_nodes_and_errors_show_no_secret_but_outputs_hold_it() -> None:
    reading = [{"variable": "key", "value_selector": ["env", "key"]}]
    graph = stored(
        start(),
        node("write", "template-transform", template="[{{ key }}]", variables=reading),
        node("fail", "tool", retry_config={"retry_enabled": True, "max_retries": 1, "retry_interval": 0}),
        end(text="write.output"),
        edges_="start > write > fail > end",
    )
    failure = NodeFailure(
        f"no entry with {SECRET}", inputs={"url": f"https://x/?key={SECRET}"}, process_data={"request": [SECRET]}
    )
    trial = await run(graph, {"fail": failure}, pool=pool())
    written = next(e for e in trial.events if isinstance(e, NodeFinished) and e.node_id == "write")
    assert (written.inputs, written.outputs) == ({"key": MASKED}, {"output": f"[{SECRET}]"})
    ended = next(e for e in trial.events if isinstance(e, NodeFinished) and e.node_id == "fail")
    retried = next(e for e in trial.events if isinstance(e, NodeRetry))
    for event in (ended, retried):
        assert event.error == f"no entry with {MASKED}"
        assert event.inputs == {"url": f"https://x/?key={MASKED}"}
        assert event.process_data == {"request": [MASKED]}
    assert trial.result.error == f"no entry with {MASKED}"


async def test_containers_show_no_secret_in_their_inputs() -> None:
    graph = stored(
        start(),
        node("each", "iteration", iterator_selector=["env", "keys"], output_selector=["each", "item"]),
        node("eachstart", "iteration-start", parent="each"),
        end(x="each.output"),
        edges_="start > each > end",
    )
    trial = await run(graph, {}, pool=pool())
    events = [e for e in trial.events if isinstance(e, IterationStarted | IterationCompleted)]
    assert [e.inputs for e in events] == [{"iterator_selector": [MASKED, "plain"]}] * 2
    assert trial.result.outputs == {"x": [SECRET, "plain"]}
