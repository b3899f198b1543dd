"""An agent's rounds as rows and as frames; both name the same files (workflow.md 4.2)."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from tests.unit.apps.runs.specs import ended, spec, turn

from orrery.apps.runs import statements
from orrery.apps.runs.graph_frames import GraphFrames
from orrery.apps.runs.presenters import AgentPresenter, presenter_for
from orrery.apps.runs.spec import RunSpec
from orrery.apps.runs.thoughts import file_ids, thought_rows
from orrery.apps.runs.truncation import DisplayLimits
from orrery.inference.types import Usage
from orrery.workflow.events import AgentThought, TextChunk

FILE = {"type": "image", "transfer_method": "tool_file", "related_id": "f1", "remote_url": None}


def agent_spec(**given: Any) -> RunSpec:
    return spec(kind="basic", app_mode="agent-chat", turn=turn(), **given)


def thought(stage: Literal["started", "decided", "observed"], **given: Any) -> AgentThought:
    known: dict[str, Any] = {"id": "t1", "node_execution_id": "x", "node_id": "agent", "position": 1, "stage": stage}
    return AgentThought(**{**known, **given})


def presenter(of: RunSpec) -> AgentPresenter:
    made = presenter_for(of, GraphFrames(of, lambda file: f"signed:{file['related_id']}", DisplayLimits()))
    assert isinstance(made, AgentPresenter)
    return made


def test_a_round_is_added_then_changed_with_the_files_it_made() -> None:
    of = agent_spec()
    ((statement, row),) = thought_rows(of, thought("started"))
    assert statement is statements.INSERT_THOUGHT
    assert of.turn is not None
    assert (row["message_id"], row["thought"], row["message_files"]) == (of.turn.message_id, "", [])
    decided = thought("decided", thought="look", tool="web", tool_input="{}", usage=Usage(total_tokens=7))
    ((statement, row),) = thought_rows(of, decided)
    assert statement is statements.SET_THOUGHT
    assert (row["b_id"], row["b_thought"], row["b_tool"], row["b_tokens"]) == ("t1", "look", "web", 7)
    observed = thought("observed", observation="{}", files=(FILE,))
    (_, change), (added, file) = thought_rows(of, observed)
    assert added is statements.INSERT_MESSAGE_FILE
    assert change["b_message_files"] == [file["id"]] == file_ids(observed)
    assert (file["belongs_to"], file["upload_file_id"], file["type"]) == ("assistant", "f1", "image")


def test_files_are_shown_before_the_round_that_made_them() -> None:
    shown = [json.loads(frame) for frame in presenter(agent_spec()).frames(thought("observed", files=(FILE,)))]
    assert [frame["event"] for frame in shown] == ["message_file", "agent_thought"]
    assert shown[0]["url"] == "signed:f1"
    assert shown[1]["message_files"] == [shown[0]["id"]]


def test_text_is_the_agents_and_the_end_as_of_every_chat() -> None:
    made = presenter(agent_spec())
    (frame,) = made.frames(TextChunk("x", "agent", "agent", ["agent", "text"], "hello", is_final=False))
    assert json.loads(frame)["event"] == "agent_message"
    assert "from_variable_selector" not in json.loads(frame)
    (end,) = made.frames(ended())
    assert (json.loads(end)["event"], json.loads(end)["files"]) == ("message_end", None)
    assert made.answer == ["hello"]


@pytest.mark.parametrize("stage", ["started", "decided", "observed"])
def test_a_run_that_nobody_watches_shows_nothing(stage: Literal["started", "decided", "observed"]) -> None:
    assert presenter(agent_spec(watched=None)).frames(thought(stage, files=(FILE,))) == []
