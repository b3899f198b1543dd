"""App files: real ones, bent. They are read, examined, parsed to graphs, and run with everything outside scripted."""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from tests.contract.graphs.building import Case
from tests.contract.graphs.test_graph_corpus import CORPUS, orderly

from orrery.apps.dsl.document import DslError, parse
from orrery.apps.dsl.offline import offline_app
from orrery.errors import OrreryError
from orrery.workflow.check import check_app
from orrery.workflow.graph import Graph
from orrery.workflow.graph_errors import GraphError
from orrery.workflow.limits import RunLimits
from orrery.workflow.registry import NodeRegistry
from orrery.workflow.testing import ManualClock, try_graph

from .mutations import bent_bytes, bent_tree
from .target import Ready

ROOT = Path(__file__).parents[2]
REFERENCE = Path(os.environ.get("ORRERY_REFERENCE", ROOT.parent / "shared" / "reference"))
REGISTRY = NodeRegistry()


@cache
def files() -> list[str]:
    """App files of the checkout, and the contract's where they lie beside it."""
    folders = (ROOT / "examples", ROOT / "tests" / "support" / "apps", REFERENCE / "dsl-fixtures")
    return [path.read_text() for folder in folders for path in sorted(folder.glob("*.yml"))]


@cache
def trees() -> list[Any]:
    return [json.loads(json.dumps(yaml.safe_load(text), default=str)) for text in files()]


def made_file(dice: random.Random) -> bytes:
    """A bent app file as YAML or JSON."""
    choice = dice.randrange(10)
    if choice < 3:
        return bent_bytes(dice, dice.choice(files()).encode())
    if choice == 3:
        return _extreme(dice)
    tree = bent_tree(dice, dice.choice(trees()))
    return (json.dumps(tree) if choice < 7 else yaml.safe_dump(tree, allow_unicode=True)).encode("utf-8", "replace")


def _extreme(dice: random.Random) -> bytes:
    """Files of shapes that no editor writes: bombs, depths, circles, crowds."""
    size = dice.choice([10, 300, 3000])
    nodes = [
        {"id": f"n{i}", "data": {"type": "start" if not i else "template-transform", "title": "x", "template": "x"}}
        for i in range(size)
    ]
    edges = [
        {"source": f"n{i}", "target": f"n{dice.randrange(size) if dice.random() < 0.1 else i + 1}"}
        for i in range(size - 1)
    ]
    app = {
        "kind": "app",
        "version": "0.5.0",
        "app": {"mode": "workflow", "name": "x"},
        "workflow": {"graph": {"nodes": nodes, "edges": edges}},
    }
    shapes = [
        "a: &a [x, x]\n" + "".join(f"b{i}: &b{i} [*{'a' if not i else f'b{i - 1}'}, *{'a' if not i else f'b{i - 1}'}]\n" for i in range(40)),
        "a: &a {x: 1}\n" + "".join(f"b{i}: &b{i} {{<<: [*{'a' if not i else f'b{i - 1}'}], k{i}: 1}}\n" for i in range(60)),
        "[" * size, "{a: " * size, "- " * size, "a:\n" + "".join(" " * i + "a:\n" for i in range(min(size, 400))), "? " * size, "!!map " * size, '"' + "\\u0041" * size + '"',
        "a: " + "9" * size, "a: !!binary " + "=" * size, "&a a: *a", "a: &a [*a]", "%YAML 9.9\n---\na: 1", "---\n" * size, json.dumps(app), json.dumps(app).replace("workflow", "advanced-chat", 1),
    ]  # fmt: skip
    return dice.choice(shapes).encode()


class AppFiles(Ready):
    """Reading and examining ends with findings or with a refusal that can be shown."""

    name = "app-files"
    deadline = 2.0

    def make(self, dice: random.Random) -> bytes:
        return made_file(dice)

    async def check(self, data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        try:
            document = parse(text)
        except DslError as refused:
            assert str(refused)
            return
        for finding in check_app(document, registry=REGISTRY):
            assert finding.message
            finding.message.encode()
        try:
            offline_app(document, REGISTRY)
        except OrreryError as refused:
            assert str(refused)


class Hasty(ManualClock):
    """Nobody waits here: a second is over at once."""

    async def sleep(self, seconds: float) -> None:
        if seconds == math.inf:  # the run's own watch
            await asyncio.Event().wait()
        await asyncio.sleep(0)


LIMITS = RunLimits(max_steps=300, max_seconds=math.inf)


class Runs(Ready):
    """A bent graph ends in one of the states that a run can end in, whatever its nodes' data are."""

    name = "runs"
    deadline = 6.0

    def make(self, dice: random.Random) -> bytes:
        number = dice.randrange(len(CORPUS))
        graph = CORPUS[number][1].graph
        return json.dumps([number, bent_tree(dice, graph)]).encode()

    async def check(self, data: bytes) -> None:
        number, drawn = json.loads(data)
        case: Case = CORPUS[number % len(CORPUS)][1]
        try:
            graph = Graph.parse(drawn, registry=REGISTRY)
        except GraphError as refused:
            assert str(refused)
            return
        trial = await try_graph(graph, case.pool(), case.services(), limits=LIMITS, clock=Hasty())
        orderly(trial)
        assert trial.result.status in {"succeeded", "partial-succeeded", "failed", "stopped", "paused"}
