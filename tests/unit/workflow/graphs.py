"""A small language for graphs: ``graph(node(...), ..., edges="start > a > end")``, and ways to run them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from orrery.workflow.graph import Graph
from orrery.workflow.pool import Pool
from orrery.workflow.registry import BUILT_IN, NodeRegistry
from orrery.workflow.testing import Script, Services, Trial, scripted_node, try_graph


def node(node_id: str, node_type: str, **data: Any) -> dict[str, Any]:
    parent = {"parentId": data.pop("parent")} if "parent" in data else {}
    return {"id": node_id, "type": "custom", "data": {"type": node_type, "title": node_id, **data}, **parent}


def edges(text: str) -> list[dict[str, Any]]:
    """``a > b > c, a:handle > d``: chains separated by commas, a source handle after a colon."""
    made = []
    for chain in filter(str.strip, text.split(",")):
        names = [name.strip() for name in chain.split(">")]
        for source, target in itertools.pairwise(names):
            name, _, handle = source.partition(":")
            made.append({"source": name, "sourceHandle": handle or "source", "target": target.partition(":")[0]})
    return made


def stored(*nodes: dict[str, Any], edges_: str) -> dict[str, Any]:
    return {"nodes": list(nodes), "edges": edges(edges_)}


def start(**data: Any) -> dict[str, Any]:
    return node("start", "start", **data)


def end(node_id: str = "end", **outputs: str) -> dict[str, Any]:
    """``end(x="a.out")``"""
    made = [{"variable": name, "value_selector": path.split(".")} for name, path in outputs.items()]
    return node(node_id, "end", outputs=made)


def answer(node_id: str, text: str, **data: Any) -> dict[str, Any]:
    return node(node_id, "answer", answer=text, **data)


def condition(path: str, operator: str, value: Any) -> dict[str, Any]:
    return {"variable_selector": path.split("."), "comparison_operator": operator, "value": value}


def if_else(node_id: str, path: str, operator: str, value: Any, **data: Any) -> dict[str, Any]:
    case = {"case_id": "true", "logical_operator": "and", "conditions": [condition(path, operator, value)]}
    return node(node_id, "if-else", cases=[case], **data)


def assign(node_id: str, *items: tuple[str, str, Any], **data: Any) -> dict[str, Any]:
    """Items are (target path, operation, value); a tuple as value is a selector."""
    made = [
        {
            "variable_selector": target.split("."),
            "operation": operation,
            "input_type": "variable" if isinstance(value, tuple) or value is None else "constant",
            "value": list(value) if isinstance(value, tuple) else value,
        }
        for target, operation, value in items
    ]
    return node(node_id, "assigner", version="2", items=made, **data)


def registry(scripts: Mapping[str, Script] | None = None, **kinds: Any) -> NodeRegistry:
    """``llm`` streams ``text``, ``tool`` doesn't; both by ``scripts``. More classes by keyword."""
    scripts = scripts or {}
    table = {
        "llm": scripted_node("llm", scripts, {"text": "one two"}, streams="text"),
        "tool": scripted_node("tool", scripts, {"text": "done"}),
        "code": scripted_node("code", scripts, {"result": 1}, repeatable=True),
        **kinds,
    }
    return NodeRegistry(BUILT_IN).extended({name: {"1": kind} for name, kind in table.items()})


def parse(graph: dict[str, Any], scripts: Mapping[str, Script] | None = None, **kinds: Any) -> Graph:
    return Graph.parse(graph, registry=registry(scripts, **kinds))


async def run(
    graph: dict[str, Any],
    scripts: Mapping[str, Script] | None = None,
    *,
    pool: Pool | None = None,
    services: Services | None = None,
    kinds: Mapping[str, Any] | None = None,
    **options: Any,
) -> Trial:
    return await try_graph(parse(graph, scripts, **(kinds or {})), pool, services, **options)
