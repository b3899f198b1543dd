"""Forms on real databases: opened, answered once, run out of time, stopped, told of by mail."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.integration.runs.house import House, Office
from tests.support.dsl import JsonObject, answer, chain, edge, end, graph, llm, node, start
from tests.support.mail_server import mail_server

from orrery.apps.conversations.tables import Message
from orrery.apps.forms.answering import Answer, FormAnswers, Place
from orrery.apps.forms.delivery import FormJobs, FormMails, SendFormMails
from orrery.apps.forms.errors import FormExpired, FormNotFound, FormRecipientInvalid, FormSubmitted, InvalidFormData
from orrery.apps.forms.tables import HumanInputForm, HumanInputRecipient
from orrery.apps.forms.waking import FormWaking
from orrery.apps.runs.live import LiveRun
from orrery.apps.runs.tables import NodeExecution, WorkflowPause, WorkflowRun
from orrery.jobs.announcing import NoAnnouncer
from orrery.jobs.attempt import Attempt
from orrery.jobs.errors import TryAgain
from orrery.jobs.parts import JobNeeds, Jobs
from orrery.jobs.setting_values import setting_values
from orrery.mail.smtp import SmtpServer, SmtpTransport
from orrery.settings.groups.human_input import HumanInput
from orrery.workflow.events import RunPaused
from orrery.workflow.fields import as_mapping

PAGE: JsonObject = {"id": "w", "type": "webapp", "enabled": True, "config": {}}


def ask(node_id: str = "ask", *methods: JsonObject) -> JsonObject:
    actions = [{"id": "yes", "title": "Approve"}, {"id": "no", "title": "Reject"}]
    return node(
        node_id, "human-input", form_content="On {{#start.word#}}: {{#$output.note#}}",
        inputs=[{"type": "paragraph", "output_variable_name": "note", "required": True}], user_actions=actions,
        delivery_methods=list(methods or (PAGE,)), timeout=1, timeout_unit="hour",
    )  # fmt: skip


def asks(*methods: JsonObject) -> JsonObject:
    """Says ``note`` when approved, ``late`` when nobody answered; rejection leads nowhere."""
    late = {**end(said=("start", "word")), "id": "late"}
    edges = [edge("start", "ask"), edge("ask", "end", "yes"), edge("ask", "late", "__timeout")]
    return graph([start("word"), ask("ask", *methods), end(said=("ask", "note")), late], edges)


class Desk:
    """The services of forms in one process."""

    def __init__(self, home: House, office: Office, base: str = "http://forms.test") -> None:
        self.office = office
        self.jobs_room = Jobs.build(
            JobNeeds(
                database=home.database, announcer=NoAnnouncer(), owner="test",
                settings=setting_values([HumanInput()]),
            )
        )  # fmt: skip
        resume = office.recovery.go_on_with
        self.answers = FormAnswers(home.database, office.opening.tokens, office.files.values, resume)
        self.waking = FormWaking(home.database, resume)
        self.base = base
        self.database = home.database

    def jobs(self, transport: SmtpTransport | None = None) -> FormJobs:
        mails = FormMails(
            database=self.database, tokens=self.office.opening.tokens, transport=transport, base=self.base
        )
        made = FormJobs(mails, self.waking, self.jobs_room.outbox)
        if self.jobs_room.catalog.get("send_human_input_mails") is None:
            self.jobs_room.catalog.add(made.declared())
        return made

    async def ended(self, run_id: str) -> LiveRun | None:
        """Waits for the resumed run's next end here."""
        live = self.office.runs.live.by_run(run_id)
        if live is not None:
            async with asyncio.timeout(60):
                await live.outcome
                await live.wait()
        return live


def token_of(live: LiveRun) -> str:
    pause = live.outcome.result().end
    assert isinstance(pause, RunPaused)
    (reason,) = pause.reasons
    return str(reason["form_token"])


def service(app_id: str) -> Place:
    return Place(door="service", app_id=app_id)


async def paused(home: House, *methods: JsonObject, **more: Any) -> tuple[str, LiveRun]:
    app_id = await home.new_app("workflow", asks(*methods))
    live = await home.run(app_id, {"word": "hi"}, **more)
    assert live.has_paused
    await live.wait()
    return app_id, live


async def forms(home: House) -> list[HumanInputForm]:
    async with home.database.read() as session:
        return list(await session.scalars(select(HumanInputForm)))


async def tokens_of(home: House) -> dict[str, str]:
    """The tokens of pages, by the node that asks."""
    async with home.database.read() as session:
        found = await session.execute(
            select(HumanInputForm.node_id, HumanInputRecipient.id)
            .join(HumanInputRecipient, HumanInputRecipient.form_id == HumanInputForm.id)
            .where(HumanInputRecipient.type == "standalone_web_app")
        )
        return {str(row[0]): home.office.opening.tokens.of(str(row[1])) for row in found}


async def set_back(home: House, **values: object) -> None:
    async with home.database.write() as session:
        await session.execute(update(HumanInputForm).values(**values))


async def test_an_answer_lets_the_run_go_on_in_another_process(home: House) -> None:
    app_id, live = await paused(home)
    row = await home.row(app_id, live.spec.run_id)
    assert (row.status, row.finished_at, row.lease_owner) == ("paused", None, None)
    second = Desk(home, home.open_office("second"))
    shown = await second.answers.show(service(app_id), token_of(live))
    assert shown.definition.content == "On hi: {{#$output.note#}}"
    await second.answers.submit(service(app_id), token_of(live), Answer("yes", {"note": "fine"}))
    resumed = await second.ended(live.spec.run_id)
    assert resumed is not None
    row = await home.row(app_id, live.spec.run_id)
    assert (row.status, json.loads(row.outputs or "{}")) == ("succeeded", {"said": "fine"})
    async with home.database.read() as session:
        (pause,) = await session.scalars(select(WorkflowPause))
        nodes = list(await session.scalars(select(NodeExecution).where(NodeExecution.node_id == "ask")))
    assert pause.resumed_at is not None and pause.paused_nodes == ["ask"]
    assert [(one.status, one.id) for one in nodes] == [("succeeded", nodes[0].id)]
    frames = [json.loads(frame.data) for frame in await home.records.frames(live.spec.run_id, 0)]
    names = [frame["event"] for frame in frames]
    at = names.index("workflow_paused")
    assert names[at - 1] == "human_input_required"
    assert names[at + 1 : at + 4] == ["workflow_started", "node_started", "human_input_form_filled"]
    assert frames[at + 1]["data"]["reason"] == "resumption"
    assert names[-1] == "workflow_finished"
    assert names.count("workflow_finished") == 1


async def test_of_many_answers_at_once_one_counts(home: House) -> None:
    app_id, live = await paused(home)
    desks = [Desk(home, home.office), Desk(home, home.open_office("second"))]
    said = await asyncio.gather(
        *(
            desks[i % 2].answers.submit(service(app_id), token_of(live), Answer("yes", {"note": str(i)}))
            for i in range(8)
        ),
        return_exceptions=True,
    )
    refused = [one for one in said if one is not None]
    assert len(refused) == 7
    assert {type(one) for one in refused} == {FormSubmitted}
    async with asyncio.timeout(60):
        while (await home.row(app_id, live.spec.run_id)).status == "running":
            for desk in desks:
                await desk.office.recovery.take_over()
                await desk.ended(live.spec.run_id)
    winner = str(said.index(None))
    assert json.loads((await home.row(app_id, live.spec.run_id)).outputs or "{}") == {"said": winner}


async def test_what_does_not_fit_leaves_the_form_open(home: House) -> None:
    app_id, live = await paused(home)
    desk, token = Desk(home, home.office), token_of(live)
    for wrong, text in (
        (Answer("maybe", {"note": "x"}), "Invalid action: maybe"),
        (Answer("yes", {}), "Missing required inputs: note"),
        (Answer("yes", {"note": 5}), "note must be a string"),
    ):
        with pytest.raises(InvalidFormData, match=text):
            await desk.answers.submit(service(app_id), token, wrong)
    with pytest.raises(FormNotFound):
        await desk.answers.show(service("another-app"), token)
    with pytest.raises(FormNotFound):
        await desk.answers.show(Place(door="console", workspace_id=home.who.workspace_id), token)
    async with home.database.read() as session:
        backstage = await session.scalar(select(HumanInputRecipient.id).where(HumanInputRecipient.type == "backstage"))
    other = home.office.opening.tokens.of(str(backstage))
    with pytest.raises(FormRecipientInvalid):
        await desk.answers.submit(service(app_id), other, Answer("yes", {"note": "x"}))
    assert [form.status for form in await forms(home)] == ["waiting"]
    await desk.answers.submit(Place(door="web"), token, Answer("no", {"note": "x"}))
    await desk.ended(live.spec.run_id)
    row = await home.row(app_id, live.spec.run_id)
    assert (row.status, json.loads(row.outputs or "{}")) == ("succeeded", {})


async def test_a_form_that_nobody_answers_goes_the_way_of_its_timeout(home: House) -> None:
    app_id, live = await paused(home)
    desk = Desk(home, home.office)
    assert await desk.waking.end_overdue() == 0
    (form,) = await forms(home)
    past = datetime.now(UTC) - timedelta(hours=5)
    definition = {**as_mapping(form.definition), "timeout_at": past.timestamp()}
    await set_back(home, ends_at=past, definition=definition)
    with pytest.raises(FormExpired):
        await desk.answers.submit(service(app_id), token_of(live), Answer("yes", {"note": "x"}))
    assert await desk.waking.end_overdue() == 1
    await desk.ended(live.spec.run_id)
    row = await home.row(app_id, live.spec.run_id)
    assert (row.status, json.loads(row.outputs or "{}")) == ("succeeded", {"said": "hi"})
    names = [json.loads(frame.data)["event"] for frame in await home.records.frames(live.spec.run_id, 0)]
    assert "human_input_form_timeout" in names
    assert [one.status for one in await forms(home)] == ["timeout"]
    with pytest.raises(FormExpired):
        await desk.answers.show(service(app_id), token_of(live))


async def test_the_deadline_of_the_installation_stops_the_run(home: House) -> None:
    app_id, live = await paused(home)
    desk = Desk(home, home.office)
    await set_back(home, ends_at=datetime.now(UTC) - timedelta(seconds=5))
    assert await desk.waking.end_overdue() == 1
    await desk.ended(live.spec.run_id)
    row = await home.row(app_id, live.spec.run_id)
    assert (row.status, row.error) == ("stopped", "Human input global timeout at node ask")
    assert [one.status for one in await forms(home)] == ["expired"]


async def test_a_run_may_wait_longer_than_runs_may_last(home: House) -> None:
    app_id, live = await paused(home)
    long_ago = datetime.now(UTC) - timedelta(days=3)
    async with home.database.write() as session:
        await session.execute(update(WorkflowRun).values(created_at=long_ago))
        await session.execute(update(WorkflowPause).values(paused_at=long_ago))
        await session.execute(update(NodeExecution).values(created_at=long_ago))
        done = NodeExecution.finished_at.is_not(None)
        await session.execute(update(NodeExecution).where(done).values(finished_at=long_ago))
    desk = Desk(home, home.open_office("second"))
    await desk.answers.submit(service(app_id), token_of(live), Answer("yes", {"note": "x"}))
    await desk.ended(live.spec.run_id)
    row = await home.row(app_id, live.spec.run_id)
    assert row.status == "succeeded"
    assert row.elapsed_time < 60


async def test_a_paused_run_can_be_stopped(home: House) -> None:
    app_id, live = await paused(home)
    desk = Desk(home, home.open_office("second"))
    await home.office.runs.stop(live.spec.task_id, app_id=app_id, user=None)
    await desk.office.recovery.take_over()
    await desk.ended(live.spec.run_id)
    row = await home.row(app_id, live.spec.run_id)
    assert (row.status, row.error) == ("stopped", "User requested stop")
    with pytest.raises(FormExpired):
        await desk.answers.submit(service(app_id), token_of(live), Answer("yes", {"note": "x"}))
    async with home.database.read() as session:
        ask_row = await session.scalar(select(NodeExecution).where(NodeExecution.node_id == "ask"))
    assert ask_row is not None and ask_row.status == "stopped"
    frames = [json.loads(frame.data) for frame in await home.records.frames(live.spec.run_id, 0)]
    assert frames[-1]["event"] == "workflow_finished" and frames[-1]["data"]["status"] == "stopped"


async def test_an_answer_that_comes_before_the_pause_is_durable_counts(home: House) -> None:
    """The form can be seen as soon as it is durable; its run may still be on its way to the pause."""
    app_id, live = await paused(home)
    desk = Desk(home, home.office)
    async with home.database.write() as session:
        await session.execute(update(WorkflowRun).values(status="running", lease_owner="first"))
    await desk.answers.submit(service(app_id), token_of(live), Answer("yes", {"note": "early"}))
    await desk.waking.wake_answered(live.spec.run_id)
    assert (await home.row(app_id, live.spec.run_id)).status == "running"
    async with home.database.write() as session:
        await session.execute(update(WorkflowRun).values(status="paused", lease_owner=None))
    await desk.waking.wake_answered()
    await desk.ended(live.spec.run_id)
    row = await home.row(app_id, live.spec.run_id)
    assert (row.status, json.loads(row.outputs or "{}")) == ("succeeded", {"said": "early"})
    assert all(form.woken_at is not None for form in await forms(home))


async def test_two_people_are_asked_at_once(home: House) -> None:
    edges = [edge("start", "one"), edge("start", "two"), edge("one", "end", "yes"), edge("two", "end", "yes")]
    drawn = graph([start("word"), ask("one"), ask("two"), end(a=("one", "note"), b=("two", "note"))], edges)
    app_id = await home.new_app("workflow", drawn)
    live = await home.run(app_id, {"word": "hi"})
    await live.wait()
    desk, by_node = Desk(home, home.office), await tokens_of(home)
    assert set(by_node) == {"one", "two"}
    await desk.answers.submit(service(app_id), by_node["two"], Answer("yes", {"note": "B"}))
    await desk.ended(live.spec.run_id)
    assert (await home.row(app_id, live.spec.run_id)).status == "paused"
    await desk.answers.submit(service(app_id), by_node["one"], Answer("yes", {"note": "A"}))
    await desk.ended(live.spec.run_id)
    row = await home.row(app_id, live.spec.run_id)
    assert (row.status, json.loads(row.outputs or "{}")) == ("succeeded", {"a": "A", "b": "B"})
    assert len(await forms(home)) == 2


async def test_everybody_answers_at_the_same_moment(home: House) -> None:
    names = ("one", "two", "three", "four")
    edges = [*(edge("start", name) for name in names), *(edge(name, "end", "yes") for name in names)]
    outputs = {name: (name, "note") for name in names}
    drawn = graph([start("word"), *(ask(name) for name in names), end(**outputs)], edges)
    app_id = await home.new_app("workflow", drawn)
    live = await home.run(app_id, {"word": "hi"})
    await live.wait()
    desks = [Desk(home, home.office), Desk(home, home.open_office("second"))]
    by_node = await tokens_of(home)
    await asyncio.gather(
        *(
            desks[i % 2].answers.submit(service(app_id), by_node[name], Answer("yes", {"note": name}))
            for i, name in enumerate(names)
        )
    )
    async with asyncio.timeout(60):
        while (await home.row(app_id, live.spec.run_id)).status != "succeeded":
            for desk in desks:
                await desk.office.recovery.take_over()
                await desk.ended(live.spec.run_id)
                await desk.waking.wake_answered(live.spec.run_id)
    row = await home.row(app_id, live.spec.run_id)
    assert json.loads(row.outputs or "{}") == {name: name for name in names}


@pytest.mark.parametrize("parallel", [False, True], ids=["in-turn", "at-once"])
async def test_an_iteration_asks_about_each_item(home: House, parallel: bool) -> None:
    inside = [{**node("first", "iteration-start")}, llm("mock", "Say {{#each.item#}}"), ask()]
    drawn = graph(
        [
            start("word", kind="json_object"),
            node(
                "each", "iteration", iterator_selector=["start", "word", "items"], output_selector=["ask", "note"],
                start_node_id="first", is_parallel=parallel, parallel_nums=3,
            ),
            *({**one, "parentId": "each"} for one in inside),
            end(said=("each", "output")),
        ],
        [edge("start", "each"), edge("each", "end"), edge("first", "llm"), edge("llm", "ask")],
    )  # fmt: skip
    app_id = await home.new_app("workflow", drawn)
    live = await home.run(app_id, {"word": {"items": ["a", "b"]}})
    await live.wait()
    desk = Desk(home, home.office)
    for note in ("A", "B"):
        assert (await home.row(app_id, live.spec.run_id)).status == "paused"
        async with home.database.read() as session:
            form_id = await session.scalar(
                select(HumanInputForm.id).where(HumanInputForm.status == "waiting").order_by(HumanInputForm.place)
            )
            recipient = await session.scalar(
                select(HumanInputRecipient.id).where(
                    HumanInputRecipient.form_id == form_id, HumanInputRecipient.type == "standalone_web_app"
                )
            )
        token = home.office.opening.tokens.of(str(recipient))
        await desk.answers.submit(service(app_id), token, Answer("yes", {"note": note}))
        await desk.ended(live.spec.run_id)
    row = await home.row(app_id, live.spec.run_id)
    assert (row.status, json.loads(row.outputs or "{}")) == ("succeeded", {"said": ["A", "B"]})
    async with home.database.read() as session:
        nodes = list(await session.scalars(select(NodeExecution)))
    kinds = sorted(one.node_id for one in nodes)
    assert kinds == sorted(["start", "each", "end", *["llm", "ask"] * 2])
    assert {one.status for one in nodes} == {"succeeded"}
    assert len(home.office.models.calls) == 2


async def test_a_conversation_goes_on_after_its_pause(home: House) -> None:
    drawn = chain(start(), answer("Wait. "), ask(), {**answer("You said {{#ask.note#}}."), "id": "after"})
    edges = drawn["edges"]
    assert isinstance(edges, list)
    edges[-1] = edge("ask", "after", "yes")
    app_id = await home.new_app("advanced-chat", drawn)
    live = await home.run(app_id, query="hello")
    await live.wait()
    async with home.database.read() as session:
        (waiting,) = await session.scalars(select(Message))
    assert (waiting.answer, waiting.status) == ("Wait. ", "paused")
    desk = Desk(home, home.open_office("second"))
    await desk.answers.submit(service(app_id), token_of(live), Answer("yes", {"note": "go"}))
    await desk.ended(live.spec.run_id)
    async with home.database.read() as session:
        (message,) = await session.scalars(select(Message))
    assert (message.answer, message.status) == ("Wait. You said go.", "normal")
    frames = [json.loads(frame.data) for frame in await home.records.frames(live.spec.run_id, 0)]
    assert "".join(f["answer"] for f in frames if f["event"] == "message") == "Wait. You said go."
    assert frames[-1]["event"] == "message_end"


async def test_mails_go_out_once(home: House) -> None:
    people = [{"type": "external", "email": "eve@example.com"}, {"type": "external", "email": "bad@example.com"}]
    config = {"recipients": {"items": people}, "subject": "On {{#start.word#}}", "body": "See {{#url#}}"}
    app_id, live = await paused(home, {"id": "m", "type": "email", "enabled": True, "config": config})
    pause = live.outcome.result().end
    assert isinstance(pause, RunPaused) and pause.reasons[0]["form_token"] is None
    desk = Desk(home, home.office)
    (form,) = await forms(home)
    with mail_server() as server:
        transport = SmtpTransport(SmtpServer(host="127.0.0.1", port=server.port, sender="no@example.com", tls="none"))
        jobs = desk.jobs(transport)
        server.refused.add("bad@example.com")
        server.busy.add("eve@example.com")
        with pytest.raises(TryAgain):
            await jobs.send(SendFormMails(form.id), Attempt("j", "t", 1, last=False))
        server.busy.clear()
        for _ in range(2):
            await jobs.send(SendFormMails(form.id), Attempt("j", "t", 2, last=False))
        (mail,) = server.wait()
    assert (mail["To"], mail["Subject"]) == ("eve@example.com", "On hi")
    body = mail.get_body(("plain",))
    assert body is not None
    token = body.get_content().strip().removeprefix("See http://forms.test/form/")
    async with home.database.read() as session:
        rows = await session.execute(
            select(HumanInputRecipient.email, HumanInputRecipient.delivery, HumanInputRecipient.error).where(
                HumanInputRecipient.email.is_not(None)
            )
        )
        deliveries = {row[0]: (row[1], row[2]) for row in rows}
    assert deliveries["eve@example.com"] == ("sent", None)
    assert deliveries["bad@example.com"][0] == "failed" and "550" in (deliveries["bad@example.com"][1] or "")
    await desk.answers.submit(Place(door="web"), token, Answer("yes", {"note": "by mail"}))
    await desk.ended(live.spec.run_id)
    assert (await home.row(app_id, live.spec.run_id)).status == "succeeded"


async def test_mails_that_a_lost_process_left_are_found(home: House) -> None:
    people = [{"type": "external", "email": "eve@example.com"}]
    config = {"recipients": {"items": people}, "subject": "s", "body": "b"}
    _, live = await paused(home, {"id": "m", "type": "email", "enabled": True, "config": config})
    jobs = Desk(home, home.office).jobs()
    await jobs.enqueue_mails(live.spec.run_id)
    await jobs.enqueue_mails(live.spec.run_id)
    (form,) = await forms(home)
    await jobs.send(SendFormMails(form.id), Attempt("j", "t", 1, last=False))
    async with home.database.read() as session:
        told = await session.scalar(
            select(HumanInputRecipient.error).where(HumanInputRecipient.email == "eve@example.com")
        )
    assert told is not None and "MAIL_TYPE" in told
