"""Runs on real databases: begun, watched, stopped, lost and taken over, asked for twice, listed."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from tests.integration.runs.house import House, Office
from tests.support.dsl import JsonObject, answer, chain, end, llm, node, start, variable

from orrery.apps.conversations.tables import Conversation, ConversationVariable, Message
from orrery.apps.runs.errors import ConversationNotFound, KeyReused, NotRecorded, TooManyRuns
from orrery.apps.runs.live import LiveRun
from orrery.apps.runs.tables import NodeExecution, RunEvents, WorkflowRun
from orrery.apps.workflows.tables import Workflow
from orrery.database import new_id
from orrery.errors import InvalidParam
from orrery.workflow.testing import MOCK_TEXT

ECHO = chain(start("word"), end(said=("start", "word")))


def again(drawn: JsonObject) -> JsonObject:
    """The same node, of which the author says that it may be done twice."""
    data = drawn["data"]
    assert isinstance(data, dict)
    return {**drawn, "data": {**data, "retry_config": {"retry_enabled": True, "max_retries": 1, "retry_interval": 1}}}


ASK = chain(start("word"), again(llm("mock", "Say {{#start.word#}}")), end(said=("llm", "text")))
ASK_ONCE = chain(start("word"), llm("mock", "Say {{#start.word#}}"), end(said=("llm", "text")))


def event(text: str) -> dict[str, Any]:
    return json.loads(text)


async def stored_frames(home: House, run_id: str) -> list[dict[str, Any]]:
    return [event(frame.data) for frame in await home.records.frames(run_id, 0)]


async def expire(home: House, run_id: str) -> None:
    """As if the owner had been silent for longer than a lease lasts."""
    async with home.database.write() as session:
        past = datetime.now(UTC) - timedelta(seconds=1)
        await session.execute(update(WorkflowRun).where(WorkflowRun.id == run_id).values(lease_expires_at=past))


async def begun(home: House, app_id: str, **more: Any) -> LiveRun:
    """A run that waits for its model."""
    home.office.models.hold()
    live = await home.office.runs.start(await home.request(app_id, {"word": "hi"}, **more))
    async with asyncio.timeout(60):
        await home.office.models.asked.wait()
    await live.recorder.barrier()
    return live


async def lost(home: House, app_id: str, **more: Any) -> LiveRun:
    """A run whose process is gone."""
    live = await begun(home, app_id, **more)
    await live.abandon()
    await expire(home, live.spec.run_id)
    return live


async def taken(office: Office, run_id: str) -> LiveRun:
    assert await office.take_over() == 1
    live = office.runs.live.by_run(run_id)
    assert live is not None
    return live


async def test_a_workflow_run_leaves_its_whole_record(home: House) -> None:
    app_id = await home.new_app("workflow", ECHO)
    live = await home.run(app_id, {"word": "héllo 😀", "unknown": 1})
    row = await home.row(app_id, live.spec.run_id)
    assert (row.status, row.error, row.total_steps, row.lease_owner) == ("succeeded", None, 2, None)
    assert json.loads(row.outputs or "") == {"said": "héllo 😀"}
    inputs = json.loads(row.inputs or "")
    assert (inputs["word"], inputs["sys.user_id"]) == ("héllo 😀", "ann")
    assert "unknown" not in inputs
    nodes = await home.records.nodes(app_id, row.id)
    assert [(n.node_id, n.status, n.index) for n in nodes] == [("start", "succeeded", 1), ("end", "succeeded", 2)]
    frames = await stored_frames(home, row.id)
    assert frames[0]["event"] == "workflow_started"
    assert frames[-1]["event"] == "workflow_finished"
    assert frames[-1]["data"]["created_by"] == {"id": live.spec.user.id, "user": "ann"}


async def test_a_run_that_nobody_watches_keeps_no_frames(home: House) -> None:
    live = await home.run(await home.new_app("workflow", ECHO), {"word": "x"}, streaming=False)
    assert await stored_frames(home, live.spec.run_id) == []


async def test_numbers_of_any_size_come_through(home: House) -> None:
    app_id = await home.new_app("workflow", chain(start("word", kind="number"), end(said=("start", "word"))))
    live = await home.run(app_id, {"word": "9" * 30})
    assert live.outcome.result().end.outputs == {"said": int("9" * 30)}
    row = await home.row(app_id, live.spec.run_id)
    assert json.loads(row.outputs or "") == {"said": int("9" * 30)}


async def test_inputs_that_do_not_fit_begin_no_run(home: House) -> None:
    app_id = await home.new_app("workflow", ECHO)
    with pytest.raises(InvalidParam, match="word is required in input form"):
        await home.run(app_id, {})
    async with home.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(WorkflowRun)) == 0


async def test_long_titles_and_nul_are_recorded(home: House) -> None:
    graph = chain(start("word"), end(said=("start", "word")))
    graph["nodes"][0]["data"]["title"] = "t\x00" + "x" * 400  # type: ignore[index]  # a list of objects
    app_id = await home.new_app("workflow", graph)
    live = await home.run(app_id, {"word": "a\x00b"})
    nodes = await home.records.nodes(app_id, live.spec.run_id)
    assert nodes[0].title == "t" + "x" * 254
    assert live.outcome.result().end.outputs == {"said": "ab"}


COUNTED = [variable("memory", "nothing"), variable("other", "same")]
REMEMBER = chain(
    start(),
    node(
        "keep",
        "assigner",
        version="2",
        items=[
            {"variable_selector": ["conversation", "memory"], "operation": "over-write", "input_type": "variable",
             "value": ["sys", "query"]},
        ],
    ),
    answer("now {{#conversation.memory#}} {{#conversation.other#}}"),
)  # fmt: skip


async def values_of(home: House, conversation_id: str) -> dict[str, object]:
    async with home.database.read() as session:
        query = select(ConversationVariable).where(ConversationVariable.conversation_id == conversation_id)
        rows = await session.scalars(query)
        return {str(row.data["name"]): row.data["value"] for row in rows}  # type: ignore[index]  # an object


async def test_a_conversation_remembers(home: House) -> None:
    app_id = await home.new_app("advanced-chat", REMEMBER, conversation=COUNTED)
    first = await home.run(app_id, query="one")
    assert first.spec.turn is not None
    conversation_id = first.spec.turn.conversation_id
    assert first.outcome.result().answer == "now one same"
    second = await home.run(app_id, query="two", conversation_id=conversation_id.upper())
    assert second.outcome.result().answer == "now two same"
    assert second.spec.turn is not None
    assert (second.spec.turn.conversation_id, second.spec.turn.dialogue_count) == (conversation_id, 2)
    assert await values_of(home, conversation_id) == {"memory": "two", "other": "same"}
    async with home.database.read() as session:
        held = await session.get(Conversation, conversation_id)
        messages = list(await session.scalars(select(Message).order_by(Message.id)))
    assert held is not None
    assert (held.name, held.dialogue_count, held.invoke_from, held.from_source) == ("one", 2, "service-api", "api")
    assert [(m.query, m.answer, m.status) for m in messages] == [
        ("one", "now one same", "normal"), ("two", "now two same", "normal"),
    ]  # fmt: skip


async def test_a_variable_that_came_later_joins_the_conversation(home: House) -> None:
    app_id = await home.new_app("advanced-chat", REMEMBER, conversation=COUNTED)
    first = await home.run(app_id, query="one")
    assert first.spec.turn is not None
    conversation_id = first.spec.turn.conversation_id
    async with home.database.write() as session:
        other = ConversationVariable.id == str(COUNTED[1]["id"])
        await session.execute(delete(ConversationVariable).where(other))
    await home.run(app_id, query="two", conversation_id=conversation_id)
    assert await values_of(home, conversation_id) == {"memory": "two", "other": "same"}


async def test_conversations_are_their_users_own(home: House) -> None:
    app_id = await home.new_app("advanced-chat", REMEMBER, conversation=COUNTED)
    other_app = await home.new_app("advanced-chat", REMEMBER, conversation=COUNTED)
    first = await home.run(app_id, query="one")
    assert first.spec.turn is not None
    mine = first.spec.turn.conversation_id
    for asked, more in (
        (app_id, {"user": "bob"}),
        (app_id, {"invoke_from": "web-app"}),
        (other_app, {}),
        (app_id, {"conversation_id": new_id()}),
        (app_id, {"conversation_id": "no id"}),
    ):
        known: dict[str, Any] = {"conversation_id": mine, **more}
        with pytest.raises(ConversationNotFound):
            await home.run(asked, query="two", **known)


async def test_a_stop_ends_the_run_wherever_it_is(home: House) -> None:
    app_id = await home.new_app("workflow", ASK)
    live = await begun(home, app_id)
    elsewhere = home.open_office("second")
    bob = await home.user(app_id, "bob")
    await elsewhere.runs.stop(live.spec.task_id, app_id=app_id, user=bob)
    await elsewhere.runs.stop(live.spec.task_id, app_id=new_id(), user=None)
    await elsewhere.runs.stop(new_id(), app_id=app_id, user=None)
    assert (await home.row(app_id, live.spec.run_id)).stop_requested is False
    await elsewhere.runs.stop(live.spec.task_id, app_id=app_id, user=live.spec.user)
    await home.office.recovery.renew()
    async with asyncio.timeout(60):
        outcome = await live.outcome
    assert outcome.end.status == "stopped"
    frames = await stored_frames(home, live.spec.run_id)
    assert (frames[-1]["data"]["status"], frames[-1]["data"]["error"]) == ("stopped", "Stopped by user.")
    row = await home.row(app_id, live.spec.run_id)
    assert row.status == "stopped"


async def test_a_lost_run_goes_on_where_it_was(home: House) -> None:
    app_id = await home.new_app("workflow", ASK)
    first = await lost(home, app_id)
    run_id = first.spec.run_id
    before = await home.records.frames(run_id, 0)
    second = home.open_office("second")
    live = await taken(second, run_id)
    async with asyncio.timeout(60):
        outcome = await live.outcome
    assert outcome.end.outputs == {"said": MOCK_TEXT}
    row = await home.row(app_id, run_id)
    assert (row.status, row.lease_token, row.lease_owner) == ("succeeded", 2, None)
    frames = await home.records.frames(run_id, 0)
    assert [frame.seq for frame in frames] == list(range(1, len(frames) + 1))
    assert frames[: len(before)] == before
    names = [event(frame.data)["event"] for frame in frames]
    assert names.count("workflow_finished") == 1
    text = "".join(event(f.data)["data"]["text"] for f in frames if event(f.data)["event"] == "text_chunk")
    assert text == MOCK_TEXT


async def test_a_call_that_must_not_be_made_twice_fails_as_interrupted(home: House) -> None:
    app_id = await home.new_app("workflow", ASK_ONCE)
    first = await lost(home, app_id)
    second = home.open_office("second")
    live = await taken(second, first.spec.run_id)
    async with asyncio.timeout(60):
        outcome = await live.outcome
    assert outcome.end.status == "failed"
    assert "interrupted" in (outcome.end.error or "").lower()
    assert second.models.calls == []
    nodes = await home.records.nodes(app_id, first.spec.run_id)
    assert [(n.node_id, n.status) for n in nodes] == [("start", "succeeded"), ("llm", "failed")]


async def test_a_lost_turn_ends_with_its_whole_answer(home: House) -> None:
    graph = chain(start("word"), again(llm("mock")), answer("It said: {{#llm.text#}}"))
    app_id = await home.new_app("advanced-chat", graph)
    first = await lost(home, app_id, query="hello")
    live = await taken(home.open_office("second"), first.spec.run_id)
    async with asyncio.timeout(60):
        outcome = await live.outcome
    assert outcome.answer == f"It said: {MOCK_TEXT}"
    message = await home.records.message_of(app_id, first.spec.run_id)
    assert message is not None
    assert (message.answer, message.status) == (f"It said: {MOCK_TEXT}", "normal")
    frames = await stored_frames(home, first.spec.run_id)
    assert "".join(f["answer"] for f in frames if f["event"] == "message") == f"It said: {MOCK_TEXT}"


async def test_the_first_owner_writes_nothing_after_the_second_took_over(home: House) -> None:
    app_id = await home.new_app("workflow", ASK)
    zombie = await begun(home, app_id)
    run_id = zombie.spec.run_id
    await expire(home, run_id)
    zombie.recorder._held_at -= 60
    second = home.open_office("second")
    second.models.hold()
    live = await taken(second, run_id)
    home.office.models.let_go()
    async with asyncio.timeout(60):
        await zombie.wait()
    assert zombie.outcome.cancelled()
    assert zombie.log.closed
    assert (await home.row(app_id, run_id)).status == "running"
    assert "workflow_finished" not in [frame["event"] for frame in await stored_frames(home, run_id)]
    second.models.let_go()
    async with asyncio.timeout(60):
        await live.outcome
    assert [f["event"] for f in await stored_frames(home, run_id)].count("workflow_finished") == 1


async def test_of_many_processes_one_takes_a_lost_run_over(home: House) -> None:
    app_id = await home.new_app("workflow", ASK)
    first = await lost(home, app_id)
    offices = [home.open_office(f"office-{i}") for i in range(3)]
    for office in offices:
        assert await office.recovery.take_over() == 0
        office.clock.advance(seconds=30)
    found = await asyncio.gather(*(office.recovery.take_over() for office in offices))
    assert sum(found) == 1
    assert (await home.row(app_id, first.spec.run_id)).lease_token == 2


async def test_renewed_leases_are_left_alone(home: House) -> None:
    app_id = await home.new_app("workflow", ASK)
    live = await begun(home, app_id)
    second = home.open_office("second")
    for _ in range(3):
        assert await second.recovery.take_over() == 0
        await home.office.recovery.renew()
        second.clock.advance(seconds=20)
    home.office.models.let_go()
    await live.outcome


async def test_wall_clocks_that_jump_end_no_lease_and_keep_none(home: House) -> None:
    """The owner's clock, or this process's, is hours off (F26): what counts is that the owner goes on renewing."""
    app_id = await home.new_app("workflow", ASK)
    live = await begun(home, app_id)
    second = home.open_office("second")
    await expire(home, live.spec.run_id)
    assert await second.recovery.take_over() == 0
    second.clock.advance(seconds=29)
    assert await second.recovery.take_over() == 0
    await live.abandon()
    async with home.database.write() as session:
        far = datetime.now(UTC) + timedelta(hours=5)
        change = update(WorkflowRun).where(WorkflowRun.id == live.spec.run_id).values(lease_expires_at=far)
        await session.execute(change)
    assert await second.take_over() == 1


@pytest.mark.parametrize("damage", ["owners", "request", "version"])
async def test_a_run_that_can_not_go_on_ends_with_a_reason(home: House, damage: str) -> None:
    app_id = await home.new_app("advanced-chat", chain(start("word"), llm("mock"), answer("{{#llm.text#}}")))
    first = await lost(home, app_id, query="hello")
    run_id = first.spec.run_id
    async with home.database.write() as session:
        change = update(WorkflowRun).where(WorkflowRun.id == run_id)
        if damage == "owners":
            await session.execute(change.values(lease_token=20))
        elif damage == "request":
            await session.execute(change.values(request={"no": "spec"}))
        else:
            await session.execute(delete(Workflow).where(Workflow.id == first.spec.workflow_id))
    assert await home.open_office("second").take_over() == 1
    row = await home.row(app_id, run_id)
    assert row.status == "failed"
    assert (row.error or "").startswith("The run was interrupted and can't go on: ")
    assert row.finished_at is not None
    message = await home.records.message_of(app_id, run_id)
    assert message is not None
    assert (message.status, message.error) == ("error", row.error)
    async with home.database.read() as session:
        statuses = set(await session.scalars(select(NodeExecution.status)))
    assert "running" not in statuses
    if damage != "request":
        frames = await home.records.frames(run_id, 0)
        assert [frame.seq for frame in frames] == list(range(1, len(frames) + 1))
        assert [event(frame.data)["event"] for frame in frames][-2:] == ["workflow_finished", "error"]


async def test_the_same_key_is_one_run(home: House) -> None:
    app_id = await home.new_app("workflow", ECHO)
    request = await home.request(app_id, {"word": "x"})
    elsewhere = home.open_office("second")
    found = await asyncio.gather(
        *(office.idempotency.start(request, "key 1", "print") for office in (home.office, elsewhere) * 4)
    )
    ids = {one if isinstance(one, str) else one.spec.run_id for one in found}
    assert len(ids) == 1
    assert sum(not isinstance(one, str) for one in found) == 1
    async with home.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(WorkflowRun)) == 1
    with pytest.raises(KeyReused):
        await home.office.idempotency.start(request, "key 1", "another print")
    for key in ("KEY 1", "key 1 ", "ключ 😀"):
        assert not isinstance(await home.office.idempotency.start(request, key, "third"), str)
    bob = await home.request(app_id, {"word": "x"}, user="bob")
    assert not isinstance(await home.office.idempotency.start(bob, "key 1", "another print"), str)
    for key in ("", "x" * 129, "a\nb"):
        with pytest.raises(InvalidParam, match="Idempotency-Key"):
            await home.office.idempotency.start(request, key, "print")


async def test_a_run_that_the_database_refuses_never_began(home: House) -> None:
    app_id = await home.new_app("workflow", ECHO)
    request = await home.request(app_id, {"word": "x"}, run_id=new_id())
    await (await home.office.runs.start(request)).outcome
    with pytest.raises(NotRecorded) as error:
        await home.office.runs.start(request)
    assert error.value.retry_after
    assert len(home.office.runs.live) == 0


async def test_slots_are_given_back_whatever_happens(home: House) -> None:
    app_id = await home.new_app("workflow", ASK)
    first = await begun(home, app_id, limit=1)
    with pytest.raises(TooManyRuns, match=f"allowed for {app_id} is 1"):
        await home.office.runs.start(await home.request(app_id, {"word": "x"}, limit=1))
    home.office.models.let_go()
    await first.outcome
    await asyncio.sleep(0)
    request = await home.request(app_id, {"word": "x"}, limit=1, run_id=first.spec.run_id)
    with pytest.raises(NotRecorded):
        await home.office.runs.start(request)
    await asyncio.sleep(0)
    await home.run(app_id, {"word": "x"}, limit=1)


async def test_old_frames_and_keys_are_forgotten(home: House) -> None:
    app_id = await home.new_app("workflow", ASK)
    home.office.models.let_go()
    done = await home.run(app_id, {"word": "x"})
    running = await begun(home, app_id)
    async with home.database.write() as session:
        old = datetime.now(UTC) - timedelta(minutes=11)
        await session.execute(update(RunEvents).values(created_at=old))
    await home.office.recovery.clean()
    assert await stored_frames(home, done.spec.run_id) != [], "it began long ago, but ended just now"
    async with home.database.write() as session:
        await session.execute(update(WorkflowRun).where(WorkflowRun.id == done.spec.run_id).values(finished_at=old))
    await home.office.recovery.clean()
    assert await stored_frames(home, done.spec.run_id) == []
    assert await stored_frames(home, running.spec.run_id) != []
    home.office.models.let_go()
    await running.outcome
