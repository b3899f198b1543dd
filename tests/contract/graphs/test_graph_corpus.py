"""Runs every graph of the corpus, and holds what else must be true of every graph against it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from orrery.workflow.check import check_app
from orrery.workflow.events import NodeFinished
from orrery.workflow.graph import Graph
from orrery.workflow.journal import FinishedNode, Resume
from orrery.workflow.registry import NodeRegistry
from orrery.workflow.testing import ListJournal, Trial, try_graph

from . import (
    table_conditions,
    table_containers,
    table_failures,
    table_outside,
    table_tools,
    table_values,
    table_variables,
    table_wiring,
)
from .building import UNKNOWN, Case
from .told import kept, line_of

TABLES = (
    table_conditions,
    table_values,
    table_variables,
    table_containers,
    table_failures,
    table_wiring,
    table_outside,
    table_tools,
)
CORPUS = [(f"{table.__name__.rpartition('_')[2]}-{case.name}", case) for table in TABLES for case in table.cases()]
FORGIVEN = (f"'{UNKNOWN}'", "A chatflow without an answer node")
"""Faults that the corpus has on purpose, to keep its graphs small."""
REGISTRY = NodeRegistry()
BY_NAME = dict(CORPUS)
TOLD = kept()
EXAMINED = ("succeeded", "partial-succeeded")


class App:
    """An app file as the examination sees it."""

    def __init__(self, case: Case) -> None:
        def items(variables: Any) -> list[Any]:
            return [{"name": name, "value_type": kind, "value": value} for name, (kind, value) in variables.items()]

        self.mode = case.mode
        self.workflow = {
            "graph": case.graph,
            "environment_variables": items(case.environment),
            "conversation_variables": items(case.conversation),
        }
        self.model_config = None


async def execute(case: Case, journal: ListJournal | None = None, resume: Resume | None = None) -> tuple[Trial, Any]:
    pool = case.pool()
    graph = Graph.parse(case.graph, registry=REGISTRY)
    return await try_graph(graph, pool, case.services(), journal=journal, resume=resume), pool


def params(*, only: tuple[str, ...] = ()) -> list[Any]:
    return [pytest.param(case, id=name) for name, case in CORPUS if not only or case.status in only]


@pytest.mark.parametrize("name", [name for name, _ in CORPUS])
async def test_graph(name: str) -> None:
    case = BY_NAME[name]
    before = copy.deepcopy((case.graph, case.inputs, case.conversation))
    trial, pool = await execute(case)
    result = trial.result
    assert (result.status, result.error if case.error is None else case.error) == (
        case.status,
        result.error and (case.error or result.error),
    )
    if case.error is not None:
        assert case.error in str(result.error)
    if case.outputs is not None:
        assert dict(result.outputs) == dict(case.outputs)
    if case.chunks is not None:
        assert trial.chunks() == list(case.chunks)
    if case.events is not None:
        assert trial.names() == list(case.events)
    if case.nodes is not None:
        assert {event.node_id: event.status for event in trial.events if isinstance(event, NodeFinished)} == dict(
            case.nodes
        )
    if case.steps is not None:
        assert result.total_steps == case.steps
    if case.exceptions is not None:
        assert result.exceptions_count == case.exceptions
    for variable, value in (case.remembered or {}).items():
        assert pool.get(("conversation", variable)) == value
    assert (case.graph, case.inputs, case.conversation) == before
    orderly(trial)
    assert line_of(name, trial) == TOLD.get(name), "see told.py: a change of what is told is to be looked at"


def orderly(trial: Trial) -> None:
    """What holds of every run: one beginning, one end, every node's end after its beginning."""
    names = trial.names()
    assert names[0] == "graph_run_started"
    assert [name for name in names if name.startswith("graph_run_")] == [names[0], names[-1]]
    open_nodes: set[str] = set()
    for event in trial.events:
        tag = str(event.__struct_config__.tag)
        if tag == "node_started":
            open_nodes.add(event.id)  # type: ignore[union-attr]
        elif tag in {"node_finished", "node_paused"}:
            assert event.id in open_nodes  # type: ignore[union-attr]
            open_nodes.remove(event.id)  # type: ignore[union-attr]
    assert not open_nodes


@pytest.mark.parametrize("case", params(only=EXAMINED))
def test_examinations_find_no_error_in_what_succeeds(case: Case) -> None:
    if not case.loose:
        assert errors_of(case) == []


def errors_of(case: Case) -> list[str]:
    found = [finding.message for finding in check_app(App(case)) if finding.level == "error"]
    return [message for message in found if not any(text in message for text in FORGIVEN)]


@pytest.mark.parametrize("case", [case for _, case in CORPUS[::7] if case.status in EXAMINED])
async def test_a_cut_off_run_goes_on_to_the_same_end(case: Case) -> None:
    journal = ListJournal()
    whole, _ = await execute(case, journal)
    finished = [entry for entry in journal.entries if isinstance(entry, FinishedNode)]
    for count in {0, 1, len(finished) // 2, len(finished)}:
        resumed, _ = await execute(case, resume=Resume(finished=finished[:count], streamed_chars=0))
        assert resumed.result.outputs == whole.result.outputs
        assert "".join(resumed.chunks()) == "".join(whole.chunks())


def test_examinations_foretell_the_failures_that_can_be_known() -> None:
    failing = [case for _, case in CORPUS if case.status == "failed"]
    foretold = [case for case in failing if errors_of(case)]
    assert len(foretold) / len(failing) > 0.55  # the others depend on what runs are given


def test_the_corpus_is_wide_enough() -> None:
    assert len(CORPUS) >= 300
    assert len(BY_NAME) == len(CORPUS)
    assert set(TOLD) == set(BY_NAME)
    assert {case.status for _, case in CORPUS} == {"succeeded", "partial-succeeded", "failed", "stopped", "paused"}
