"""Conversation variables under writers that work at the same time, in one process and in two."""

from __future__ import annotations

import asyncio

from tests.integration.runs.house import House
from tests.support.dsl import JsonObject, answer, chain, edge, graph, node, start

from orrery.apps.runs.turns import stored_variables
from orrery.apps.workflows.service import GraphContent
from orrery.workflow.conversation_writes import ON_ARRAYS

VARIABLES: list[JsonObject] = [
    {"name": "left", "value_type": "string", "value": ""},
    {"name": "right", "value_type": "number", "value": 0},
    {"name": "both", "value_type": "array[string]", "value": []},
    {"name": "kept", "value_type": "object", "value": {"a": 1}},
]


def assign(node_id: str, *items: tuple[str, str, object]) -> JsonObject:
    """(variable, operation, constant); for arrays the value is a selector."""
    made = [
        {
            "variable_selector": ["conversation", name],
            "operation": operation,
            "input_type": "variable" if operation in ON_ARRAYS else "constant",
            "value": value,
        }
        for name, operation, value in items
    ]
    return node(node_id, "assigner", version="2", items=made)


def waiting(node_id: str) -> JsonObject:
    """Asks a model, so that other work gets its turn."""
    return node(
        node_id, "llm", model={"provider": "p", "name": node_id, "mode": "chat", "completion_params": {}},
        prompt_template=[{"role": "user", "text": "x"}], vision={"enabled": False},
        context={"enabled": False, "variable_selector": []},
    )  # fmt: skip


def two_branches() -> JsonObject:
    nodes = [
        start(), waiting("l"), waiting("r"),
        assign("keep_l", ("left", "over-write", "l"), ("both", "append", ["l", "text"])),
        assign("keep_r", ("right", "+=", 2), ("both", "append", ["r", "text"])),
        answer("{{#conversation.left#}} {{#conversation.right#}} {{#conversation.both#}}"),
    ]  # fmt: skip
    ways = [
        ("start", "l"),
        ("start", "r"),
        ("l", "keep_l"),
        ("r", "keep_r"),
        ("keep_l", "answer"),
        ("keep_r", "answer"),
    ]
    return graph(nodes, [edge(a, b) for a, b in ways])


async def values(home: House, conversation_id: str) -> dict[str, object]:
    async with home.database.read() as session:
        held = await stored_variables(session, conversation_id)
    return {str(item["name"]): item["value"] for item in held.values()}


async def test_two_branches_assign_and_nothing_is_lost(home: House) -> None:
    app_id = await home.new_app("advanced-chat", two_branches(), conversation=VARIABLES)
    live = await home.run(app_id, query="go")
    assert live.spec.turn is not None
    said = "This is a mocked LLM response"
    # The text is shown once one branch is done (workflow.md 2.9); the node itself comes after both.
    assert (await live.outcome).end.outputs["answer"] == f"l 2 - {said}\n- {said}"
    held = await values(home, live.spec.turn.conversation_id)
    assert held == {"left": "l", "right": 2, "both": [said, said], "kept": {"a": 1}}


async def test_requests_at_once_in_one_conversation_keep_each_others_variables(home: House) -> None:
    only = [start(), waiting("l"), assign("keep", ("left", "over-write", "l")), answer("l")]
    app_id = await home.new_app("advanced-chat", chain(*only), conversation=VARIABLES)
    first = await home.run(app_id, query="one")
    assert first.spec.turn is not None
    conversation_id = first.spec.turn.conversation_id
    # The next version declares more: both requests find a conversation that does not hold it yet.
    other = [
        start(),
        waiting("r"),
        assign("keep", ("right", "over-write", 7), ("new", "append", ["r", "text"])),
        answer("r"),
    ]
    declared = [*VARIABLES, {"name": "new", "value_type": "array[string]", "value": []}]
    stored = (await home.workflows.draft(home.who.workspace_id, app_id)).conversation_variables
    assert isinstance(stored, list)
    content = GraphContent(
        graph=chain(*other), features={}, environment_variables=[], conversation_variables=[*stored, declared[-1]]
    )
    await home.workflows.save_draft(home.who, app_id, content, None)
    await home.workflows.publish(home.who, app_id, name="", comment="")
    second = home.open_office("second")
    offices = [home.office, second, home.office, second]
    for office in (home.office, second):
        office.models.hold()
    request = await home.request(app_id, query="two", conversation_id=conversation_id)
    lives = await asyncio.gather(*(office.runs.start(request) for office in offices))
    for office in (home.office, second):
        office.models.let_go()
    ends = [(await live.outcome).end for live in lives]
    assert [(end.status, end.error) for end in ends] == [("succeeded", None)] * 4
    held = await values(home, conversation_id)
    # What several set at once, the last one leaves; what each of them adds is there; what nobody writes stays.
    assert held == {
        "left": "l", "right": 7, "both": [], "kept": {"a": 1}, "new": ["This is a mocked LLM response"] * 4,
    }  # fmt: skip


TURNS = 50


async def test_fifty_turns_at_once_lose_no_operation(home: House) -> None:
    """Each sees the variables as it found them; what is stored is all that was done to them."""
    counting = assign(
        "count", ("total", "+=", 1), ("half", "/=", 2), ("seen", "append", ["sys", "query"]), ("last", "set", "x"),
        ("old", "remove-first", []), ("old", "extend", ["conversation", "pair"]),
    )  # fmt: skip
    said = answer("{{#conversation.total#}} {{#conversation.seen#}}")
    declared: list[JsonObject] = [
        {"name": "total", "value_type": "number", "value": 0},
        {"name": "half", "value_type": "number", "value": 2.0**TURNS},
        {"name": "seen", "value_type": "array[string]", "value": []},
        {"name": "old", "value_type": "array[string]", "value": ["first", "second"]},
        {"name": "pair", "value_type": "array[string]", "value": ["p"]},
        {"name": "last", "value_type": "string", "value": ""},
    ]
    app_id = await home.new_app("advanced-chat", chain(start(), waiting("wait"), counting, said), conversation=declared)
    begun = await home.run(app_id, query="0")
    assert begun.spec.turn is not None
    conversation_id = begun.spec.turn.conversation_id
    second = home.open_office("second")
    offices = (home.office, second)
    for office in offices:
        office.models.hold()
    requests = [
        await home.request(app_id, query=str(number), conversation_id=conversation_id) for number in range(1, TURNS)
    ]
    lives = await asyncio.gather(*(offices[number % 2].runs.start(request) for number, request in enumerate(requests)))
    for office in offices:
        office.models.let_go()
    ends = [(await live.outcome).end for live in lives]
    # Nobody saw what the others did.
    assert {str(end.outputs["answer"])[:4] for end in ends} == {"2 - "}
    held = await values(home, conversation_id)
    assert (held["total"], held["half"], held["last"]) == (TURNS, 1.0, "x")
    assert isinstance(held["seen"], list)
    assert sorted(held["seen"], key=int) == [str(number) for number in range(TURNS)]
    assert held["old"] == ["p", "p"]
