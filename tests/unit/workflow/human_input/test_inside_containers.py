"""People asked inside iterations and loops: every round once, whatever was done before an answer came."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from orrery.workflow.events import HumanInputRequired, NodeFinished, NodePaused
from orrery.workflow.journal import JournalEntry, Resume
from orrery.workflow.nodes.human_input_memory import MemoryForms
from orrery.workflow.pool import Pool
from orrery.workflow.testing import ListJournal, Services
from workflow.graphs import answer, assign, end, node, run, start, stored


class Asking(Services):
    human_forms: MemoryForms = msgspec.field(default_factory=MemoryForms)


def ask(parent: str, text: str) -> dict[str, Any]:
    return node(
        "ask", "human-input", parent=parent, form_content=text,
        inputs=[{"type": "paragraph", "output_variable_name": "note"}], user_actions=[{"id": "ok", "title": "Ok"}],
        delivery_methods=[{"type": "webapp", "enabled": True}], timeout=1, timeout_unit="hour",
    )  # fmt: skip


def iteration(**data: Any) -> dict[str, Any]:
    """Each item is sent (which must not happen twice), asked about, and said."""
    return stored(
        start(),
        node("it", "iteration", iterator_selector=["start", "items"], output_selector=["ask", "note"], **data),
        node("itstart", "iteration-start", parent="it"),
        node("send", "tool", parent="it"),
        ask("it", "About {{#it.item#}}"),
        answer("say", "{{#ask.note#}};", parent="it"),
        end(notes="it.output"),
        edges_="start > it > end, itstart > send > ask, ask:ok > say",
    )


def stored_again(entries: list[JournalEntry]) -> list[JournalEntry]:
    """The journal as it comes back from a database."""
    return msgspec.json.decode(msgspec.json.encode(entries), type=list[JournalEntry])


class Story:
    """A run that is resumed after each answer."""

    def __init__(self, graph: dict[str, Any], inputs: dict[str, Any]) -> None:
        self.graph, self.inputs = graph, inputs
        self.services, self.journal = Asking(), ListJournal()
        self.sent: list[Any] = []
        self.text = ""
        self.trial: Any = None

    async def go_on(self) -> str:
        resume = None
        if self.trial is not None:
            entries = stored_again(self.journal.entries)
            resume = Resume.from_entries(entries, streamed_chars=len(self.text))
        self.trial = await run(
            self.graph, {"send": self.send}, pool=Pool(inputs=self.inputs), services=self.services, journal=self.journal,
            resume=resume,
        )  # fmt: skip
        self.text += "".join(self.trial.chunks())
        return self.trial.result.status

    def send(self, context: Any) -> dict[str, object]:
        self.sent.append(context.marks)
        return {"text": "done"}

    def waiting(self) -> list[str]:
        forms = self.services.human_forms.forms.values()
        return sorted(form.request.place for form in forms if form.status == "waiting")

    def answer(self, place: str, note: str) -> None:
        self.services.human_forms.submit(place, "ok", {"note": note})


async def test_each_item_is_done_once_and_asked_about_once() -> None:
    story = Story(iteration(), {"items": ["a", "b", "c"]})
    for index, note in enumerate("xyz"):
        assert await story.go_on() == "paused"
        place = f"ask/it:{index}"
        assert story.waiting() == [place]
        assert story.services.human_forms.forms[place].request.content == f"About {'abc'[index]}"
        story.answer(place, note)
    assert await story.go_on() == "succeeded"
    assert story.trial.result.outputs["notes"] == ["x", "y", "z"]
    assert [marks.iteration_index for marks in story.sent] == [0, 1, 2]
    assert story.text == "x;y;z;- x\n- y\n- z"


async def test_each_inner_node_is_told_once() -> None:
    story = Story(iteration(), {"items": ["a", "b"]})
    told: list[str] = []
    for note in ("x", "y", ""):
        await story.go_on()
        told += [event.node_id for event in story.trial.events if isinstance(event, NodeFinished)]
        for place in story.waiting():
            story.answer(place, note)
    assert sorted(told) == sorted(["start", "it", "end", *["send", "ask", "say"] * 2])


async def test_items_at_once_ask_at_once() -> None:
    story = Story(iteration(is_parallel=True, parallel_nums=2), {"items": ["a", "b", "c"]})
    assert await story.go_on() == "paused"
    assert story.waiting() == ["ask/it:0", "ask/it:1", "ask/it:2"]
    required = [event for event in story.trial.events if isinstance(event, HumanInputRequired)]
    assert len(required) == 3
    assert sum(isinstance(event, NodePaused) and event.node_id == "ask" for event in story.trial.events) == 3
    story.answer("ask/it:1", "y")
    assert await story.go_on() == "paused"
    story.answer("ask/it:0", "x")
    story.answer("ask/it:2", "z")
    assert await story.go_on() == "succeeded"
    assert story.trial.result.outputs["notes"] == ["x", "y", "z"]
    assert sorted(marks.iteration_index for marks in story.sent) == [0, 1, 2]


async def test_a_loop_keeps_its_variables_through_its_pauses() -> None:
    variable = {"label": "n", "var_type": "number", "value_type": "constant", "value": 0}
    graph = stored(
        start(),
        node("lo", "loop", loop_variables=[variable], break_conditions=[], loop_count=3),
        node("lostart", "loop-start", parent="lo"),
        node("send", "tool", parent="lo"),
        assign("inc", ("lo.n", "+=", 1), parent="lo"),
        ask("lo", "Round {{#lo.n#}}"),
        node("after", "code", parent="lo"),
        end(n="lo.n", rounds="lo.loop_round"),
        edges_="start > lo > end, lostart > send > inc > ask, ask:ok > after",
    )
    story = Story(graph, {})
    for index in range(3):
        assert await story.go_on() == "paused"
        place = f"ask/lo:{index}"
        assert story.waiting() == [place]
        assert story.services.human_forms.forms[place].request.content == f"Round {index + 1}"
        story.answer(place, "go on")
    assert await story.go_on() == "succeeded"
    assert story.trial.result.outputs == {"n": 3, "rounds": 3}
    assert [marks.loop_index for marks in story.sent] == [0, 1, 2]


@pytest.mark.parametrize("mode", ["terminated", "continue-on-error"])
async def test_what_was_cut_off_inside_is_not_done_again(mode: str) -> None:
    """A process died after an answer, in the middle of what must not happen twice."""
    graph = iteration(error_handle_mode=mode)
    graph["edges"] = stored(edges_="start > it > end, itstart > ask, ask:ok > send > say")["edges"]
    story = Story(graph, {"items": ["a"]})
    assert await story.go_on() == "paused"
    story.answer("ask/it:0", "x")
    died = ListJournal()
    died.entries = list(story.journal.entries)
    await story.go_on()
    assert len(story.sent) == 1
    cut = next(
        i for i, e in enumerate(story.journal.entries) if type(e).__name__ == "FinishedNode" and e.node_id == "send"
    )
    story.journal.entries = story.journal.entries[:cut]
    status = await story.go_on()
    assert len(story.sent) == 1
    assert (status, story.trial.result.error) == (
        ("failed", "interrupted") if mode == "terminated" else ("succeeded", None)
    )
