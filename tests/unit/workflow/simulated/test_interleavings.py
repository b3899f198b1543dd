"""A part of the simulation that fits into every test run; ``python -m tests.unit.workflow.simulated`` does more."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from .agreement import Disagreement, check_people, check_seed, compare, graph_of, replayed
from .engine_run import run_engine
from .random_graphs import make_case

GRAPHS = 200
BLOCK = 50


@pytest.mark.parametrize("first", range(0, GRAPHS, BLOCK))
async def test_the_engine_does_what_the_rules_say_in_whatever_order_nodes_go_on(first: int) -> None:
    for seed in range(first, first + BLOCK):
        await check_seed(seed, interleavings=3)


async def test_the_graphs_hold_what_graphs_can_hold() -> None:
    kinds: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    told: Counter[str] = Counter()
    for seed in range(300):
        case = make_case(seed)
        for node in case.graph["nodes"]:
            data = node["data"]
            kinds.update([data["type"], str(data.get("error_strategy")), str(data.get("error_handle_mode"))])
        trace = await run_engine(case, graph_of(case), random.Random(seed))
        ends[trace.told[-1][1]] += 1
        told.update(item[0] for item in trace.told)
    wanted = {
        "llm",
        "tool",
        "if-else",
        "question-classifier",
        "answer",
        "end",
        "assigner",
        "variable-aggregator",
        "iteration",
        "loop",
        "loop-end",
        "human-input",
    }
    assert wanted <= set(kinds)
    assert {"fail-branch", "default-value", "terminated", "continue-on-error", "remove-abnormal-output"} <= set(kinds)
    assert set(ends) == {"succeeded", "partial-succeeded", "failed", "stopped", "paused"}
    assert ends["failed"] < 200
    assert {"retry", "open", "next", "close", "text", "start", "done", "write", "asked", "pause"} <= set(told)


async def test_people_answer_in_every_way() -> None:
    """One form or several at once, along an action or none."""
    ways: Counter[str] = Counter()
    for seed in range(200):
        case = make_case(seed)
        for item in await check_people(case, graph_of(case), random.Random(seed)):
            ways[item[0] if item[0] != "end" else f"end {item[1]}"] += 1
    assert {"asked", "pause", "filled", "nobody", "end paused", "end succeeded"} <= set(ways)
    assert ways["asked"] > ways["end paused"], "several are open at once"


async def test_one_wrong_word_is_found() -> None:
    case = make_case(0)
    trace = await run_engine(case, graph_of(case), random.Random(0))
    expected = replayed(case, trace).told
    compare(case, trace.told, expected)
    number = next(i for i, item in enumerate(trace.told) if item[0] == "done")
    for wrong in (
        [*trace.told[:number], *trace.told[number + 1 :]],
        [*trace.told[:number], ("done", 1, 2, 3, 4, {}), *trace.told[number + 1 :]],
    ):
        with pytest.raises(Disagreement):
            compare(case, wrong, expected)
