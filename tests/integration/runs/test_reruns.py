"""A run repeated from a node, on every database, begun in one process and taken over by another."""

from __future__ import annotations

from tests.integration.runs.house import House
from tests.support.dsl import answer, chain, node, start

from orrery.apps.runs.rerun import Reruns
from orrery.apps.runs.spec import RunUser
from orrery.apps.runs.turns import stored_variables
from orrery.apps.runs.versions import VersionCache
from orrery.security.encryption import Vault
from orrery.workflow.registry import BUILT_IN, NodeRegistry


async def test_a_rerun_is_taken_over_like_any_run(home: House) -> None:
    change = {"variable_selector": ["conversation", "count"], "operation": "+=", "input_type": "constant", "value": 1}
    before = node("before", "assigner", version="2", items=[change])
    slow = node(
        "slow", "llm", model={"provider": "p", "name": "m", "mode": "chat", "completion_params": {}},
        prompt_template=[{"role": "user", "text": "x"}], vision={"enabled": False},
        context={"enabled": False, "variable_selector": []},
    )  # fmt: skip
    after = node("after", "assigner", version="2", items=[change])
    drawn = chain(start(), before, slow, after, answer("{{#conversation.count#}}"))
    count = [{"name": "count", "value_type": "number", "value": 0}]
    app_id = await home.new_app("advanced-chat", drawn, conversation=count)
    app = (await home.apps.get(home.who.workspace_id, app_id)).app
    first = await home.run(app_id, query="go")
    reruns = Reruns(home.database, VersionCache(NodeRegistry(BUILT_IN), Vault(secret_key="x" * 40)))
    editor = RunUser("account", home.who.account_id, home.who.account_id)
    request = await reruns.request(app, editor, first.spec.run_id, "after", recorded_graph=True)
    live = await home.office.runs.start(request)
    assert (await live.outcome).end.outputs["answer"] == "2"
    nodes = await home.records.nodes(app_id, live.spec.run_id)
    assert [row.node_id for row in nodes] == ["start", "before", "slow", "after", "answer"]
    assert all(row.checkpoint for row in nodes)
    # What is taken over was done to the variables too, in the conversation that the editor's run begins.
    assert live.spec.turn is not None
    async with home.database.read() as session:
        held = await stored_variables(session, live.spec.turn.conversation_id)
    assert [item["value"] for item in held.values()] == [2]

    # All of it anew begins with the variables as they were declared.
    request = await reruns.request(app, editor, first.spec.run_id, "start", recorded_graph=True)
    live = await home.office.runs.start(request)
    assert (await live.outcome).end.outputs["answer"] == "2"

    # The same from the model on: its process goes away while the model is asked, another one goes on.
    home.office.models.hold()
    request = await reruns.request(app, editor, live.spec.run_id, "slow", recorded_graph=True)
    live = await home.office.runs.start(request)
    await home.office.models.asked.wait()
    await live.abandon()
    home.office.models.let_go()
    other = home.open_office("second")
    assert await other.take_over() == 1
    again = other.runs.live.by_run(live.spec.run_id)
    assert again is not None
    end = (await again.outcome).end
    # A model is not asked twice: it is told as interrupted, and nothing after it is done.
    assert (end.status, end.error) == ("failed", "interrupted")
    nodes = await home.records.nodes(app_id, live.spec.run_id)
    assert [(row.node_id, row.status) for row in nodes] == [
        ("start", "succeeded"), ("before", "succeeded"), ("slow", "failed"),
    ]  # fmt: skip
