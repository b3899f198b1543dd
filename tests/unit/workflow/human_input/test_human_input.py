from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.workflow.events import HumanInputFilled, HumanInputRequired, HumanInputTimeout, NodeFinished, RunPaused
from orrery.workflow.journal import Resume
from orrery.workflow.nodes.human_input import HumanInputNode
from orrery.workflow.nodes.human_input_answer import InvalidFormAnswer, check_answer
from orrery.workflow.nodes.human_input_content import fields_in, filled
from orrery.workflow.nodes.human_input_forms import FormRequest, OffersHumanForms
from orrery.workflow.nodes.human_input_memory import FormClosed, MemoryForms
from orrery.workflow.pool import Pool
from orrery.workflow.testing import ListJournal, Services
from workflow.graphs import end, node, parse, run, start, stored

FILE = {"dify_model_identity": "__dify__file__", "type": "document", "filename": "a.pdf"}


class Asking(Services):
    human_forms: MemoryForms = msgspec.field(default_factory=MemoryForms)


def ask(**data: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "form_content": "Send to {{#start.who#}}? {{#$output.note#}}",
        "inputs": [
            {
                "type": "paragraph",
                "output_variable_name": "note",
                "default": {"type": "variable", "selector": ["start", "who"]},
            }
        ],
        "user_actions": [
            {"id": "approve", "title": "Yes", "button_style": "primary"},
            {"id": "reject", "title": "No", "button_style": "default"},
        ],
        "delivery_methods": [{"id": "m", "type": "webapp", "enabled": True, "config": {}}],
        "timeout": 2,
        "timeout_unit": "hour",
    }
    return node("ask", "human-input", **{**given, **data})


def graph(**data: Any) -> dict[str, Any]:
    return stored(
        start(),
        ask(**data),
        end(
            "yes", note="ask.note", action="ask.__action_id", text="ask.__rendered_content", title="ask.__action_value"
        ),
        end("no", refused="ask.__action_id"),
        end("late", late="ask.__action_id", text="ask.__rendered_content"),
        edges_="start > ask, ask:approve > yes, ask:reject > no, ask:__timeout > late",
    )


def pool() -> Pool:
    return Pool(inputs={"who": "Ann"})


async def paused(services: Asking, **data: Any) -> tuple[Any, ListJournal]:
    journal = ListJournal()
    trial = await run(graph(**data), pool=pool(), services=services, journal=journal)
    assert trial.result.status == "paused"
    return trial, journal


async def resumed(services: Asking, journal: ListJournal, **data: Any) -> Any:
    return await run(
        graph(**data), pool=pool(), services=services, journal=journal, resume=Resume.from_entries(journal.entries)
    )


async def test_the_first_visit_opens_a_form_and_pauses() -> None:
    services = Asking()
    trial, _ = await paused(services)
    assert trial.names() == [
        "graph_run_started", "node_started", "node_succeeded", "node_started", "human_input_required", "node_paused",
        "graph_run_paused",
    ]  # fmt: skip
    form = services.human_forms.forms["ask"]
    assert form.request.content == "Send to Ann? {{#$output.note#}}"
    assert form.request.expires_at == 1_000_000 + 2 * 3600
    told = next(event for event in trial.events if isinstance(event, HumanInputRequired))
    assert (told.form_id, told.form_token, told.resolved_default_values) == ("form-1", "token-1", {"note": "Ann"})
    ended = trial.events[-1]
    assert isinstance(ended, RunPaused)
    assert list(ended.paused_nodes) == ["ask"]
    assert ended.reasons[0]["type"] == "human_input_required"
    assert ended.reasons[0]["form_id"] == "form-1"


async def test_an_answer_leads_along_its_action() -> None:
    services = Asking()
    _, journal = await paused(services)
    services.human_forms.submit("ask", "approve", {"note": "soon", "unknown": 1})
    trial = await resumed(services, journal)
    assert trial.result.status == "succeeded"
    assert trial.result.outputs == {
        "note": "soon", "action": "approve", "text": "Send to Ann? soon", "title": "Yes",
    }  # fmt: skip
    assert [n for n in trial.names() if n != "stream_chunk"][:4] == [
        "graph_run_started", "node_started", "human_input_form_filled", "node_succeeded",
    ]  # fmt: skip
    told = next(event for event in trial.events if isinstance(event, HumanInputFilled))
    assert (told.action_id, told.action_text, told.submitted_data) == ("approve", "Yes", {"note": "soon"})


async def test_the_other_action_skips_the_first_path() -> None:
    services = Asking()
    _, journal = await paused(services)
    services.human_forms.submit("ask", "reject")
    trial = await resumed(services, journal)
    assert trial.result.outputs == {"refused": "reject"}


async def test_nobody_answered_in_time() -> None:
    services = Asking()
    _, journal = await paused(services)
    services.human_forms.end("ask", "timeout")
    trial = await resumed(services, journal)
    assert trial.result.outputs == {"late": "", "text": "Send to Ann? "}
    told = next(event for event in trial.events if isinstance(event, HumanInputTimeout))
    assert told.expiration_time == 1_000_000 + 7200


async def test_an_expired_form_fails_the_node() -> None:
    services = Asking()
    _, journal = await paused(services)
    services.human_forms.end("ask", "expired")
    trial = await resumed(services, journal)
    assert (trial.result.status, trial.result.error_type) == ("failed", "HumanInputError")


async def test_a_form_that_still_waits_pauses_again_with_the_same_form() -> None:
    services = Asking()
    _, journal = await paused(services)
    trial = await resumed(services, journal)
    assert trial.result.status == "paused"
    assert list(services.human_forms.forms) == ["ask"]
    assert trial.result.pause_reasons[0]["form_id"] == "form-1"


async def test_each_round_of_a_loop_asks_for_itself() -> None:
    services = Asking()
    inner = {**ask(form_content="Go on? {{#$output.note#}}", inputs=[]), "parentId": "lo"}
    looped = stored(
        start(),
        node("lo", "loop", loop_count=2, loop_variables=[], break_conditions=[]),
        node("lostart", "loop-start", parent="lo"),
        inner,
        end(rounds="lo.loop_round"),
        edges_="start > lo > end, lostart > ask",
    )
    journal, trial = ListJournal(), None
    for place in ("ask/lo:0", "ask/lo:1", ""):
        resume = Resume.from_entries(journal.entries)
        trial = await run(looped, pool=pool(), services=services, journal=journal, resume=resume)
        if place:
            assert trial.result.status == "paused"
            services.human_forms.submit(place, "approve")
    assert trial is not None
    assert trial.result.outputs == {"rounds": 2}


def test_a_form_can_be_seen_before_anybody_is_asked() -> None:
    known = Pool()
    known.put("start", "who", "Ann")
    form = HumanInputNode.of(ask()["data"]).form("ask", "Ask", known, now=1000.0)
    assert (form.content, form.resolved_defaults) == ("Send to Ann? {{#$output.note#}}", {"note": "Ann"})
    assert (form.place, form.expires_at) == ("ask", 1000.0 + 7200)


async def test_without_forms_it_says_so() -> None:
    assert not isinstance(Services(), OffersHumanForms)
    trial = await run(graph(), pool=pool())
    assert trial.result.status == "failed"
    assert "can't wait for a person" in str(trial.result.error)


async def test_the_old_kind_imports_and_fails_clearly() -> None:
    old = graph(required_variables=["start.who"], pause_reason="wait", user_actions=[], inputs=[], form_content="")
    parsed = parse(old)
    assert parsed.problems == ()
    trial = await run(old, pool=pool(), services=Asking())
    assert "has no form" in str(trial.result.error)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"user_actions": [{"id": "a"}, {"id": "a"}]}, "$.user_actions[1].id"),
        ({"user_actions": [{"id": "a b"}]}, "$.user_actions[0].id"),
        ({"user_actions": [{"id": "x" * 21}]}, "$.user_actions[0].id"),
        ({"user_actions": [{"id": "a", "title": "x" * 101}]}, "$.user_actions[0].title"),
        ({"inputs": [{"type": "paragraph", "output_variable_name": "1x"}]}, "$.inputs[0].output_variable_name"),
        ({"inputs": [{"type": "slider", "output_variable_name": "x"}]}, "$.inputs[0].type"),
        ({"inputs": [{"type": "select", "output_variable_name": "x"}] * 2}, "$.inputs[1].output_variable_name"),
        ({"timeout": 0}, "$.timeout"),
        ({"timeout_unit": "year"}, "$.timeout_unit"),
    ],
)
def test_wrong_data_names_its_field(data: dict[str, Any], text: str) -> None:
    ((_, problem),) = parse(graph(**data)).problems
    assert text in problem


async def test_options_and_files() -> None:
    services = Asking()
    inputs = [
        {
            "type": "select",
            "output_variable_name": "pick",
            "option_source": {"type": "variable", "selector": ["start", "list"]},
        },
        {"type": "file", "output_variable_name": "one"},
        {"type": "file-list", "output_variable_name": "many", "number_limits": 2},
    ]
    data = {"inputs": inputs, "form_content": "{{#$output.pick#}} {{#$output.one#}} {{#$output.many#}}"}
    journal = ListJournal()
    given = Pool(inputs={"list": ["a", "b"]})
    await run(graph(**data), pool=given, services=services, journal=journal)
    request = services.human_forms.forms["ask"].request
    for values, text in (
        ({}, "Missing required inputs: pick, one, many"),
        ({"pick": "c", "one": FILE, "many": [FILE]}, "pick must be one of"),
        ({"pick": "a", "one": "x", "many": [FILE]}, "one must be a file"),
        ({"pick": "a", "one": FILE, "many": [FILE] * 3}, "many must be at most 2 files"),
        ({"pick": "a", "one": FILE, "many": ["x"]}, "many must be a list of files"),
    ):
        with pytest.raises(InvalidFormAnswer, match=text):
            services.human_forms.submit("ask", "approve", values)
    with pytest.raises(InvalidFormAnswer, match="Invalid action: other"):
        check_answer(request, "other", {})
    services.human_forms.submit("ask", "approve", {"pick": "a", "one": FILE, "many": [FILE, FILE]})
    with pytest.raises(FormClosed):
        services.human_forms.submit("ask", "approve", {})
    trial = await run(
        graph(**data), pool=given, services=services, journal=journal, resume=Resume.from_entries(journal.entries)
    )
    done = next(e for e in trial.events if isinstance(e, NodeFinished) and e.node_id == "ask")
    assert done.outputs["__rendered_content"] == "a [file] [2 files]"


def request_of(*inputs: dict[str, Any]) -> FormRequest:
    return FormRequest(
        place="p", node_id="n", node_title="t", content="", inputs=inputs, actions=[{"id": "ok"}],
        resolved_defaults={}, delivery_methods=(), expires_at=0,
    )  # fmt: skip


def test_texts_are_mandatory_only_where_flagged() -> None:
    free = {"type": "text_input", "output_variable_name": "x"}
    assert check_answer(request_of(free), "ok", {}) == {}
    assert check_answer(request_of(free), "ok", {"x": ""}) == {"x": ""}
    with pytest.raises(InvalidFormAnswer, match="Missing required inputs: x"):
        check_answer(request_of({**free, "required": True}), "ok", {"x": ""})
    with pytest.raises(InvalidFormAnswer, match="x must be a string"):
        check_answer(request_of(free), "ok", {"x": 5})


@settings(max_examples=50, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(["{{#$output.a#}}", "{{#$output.b#}}", "{{#x.y#}}"]), st.text(max_size=5))))
def test_filling_replaces_fields_and_nothing_else(parts: list[str]) -> None:
    content = "".join(parts)
    names = fields_in(content)
    assert filled(content, {name: f"{{{{#$output.{name}#}}}}" for name in names}) == content
    if not names:
        assert filled(content, {}) == content
