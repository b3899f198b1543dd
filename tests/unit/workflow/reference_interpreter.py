"""The scheduling rules of a graph, written as slowly and plainly as they are told: for comparison only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def interpret(graph: Mapping[str, Any], choices: Mapping[str, str], root: str) -> list[str]:
    """The nodes that run, in order, when each one runs at once; ``choices``: the handle of each branch node."""
    edges = [dict(edge, state="unknown") for edge in graph["edges"]]
    live = {root}
    while True:
        more = {edge["target"] for edge in edges if edge["source"] in live} - live
        if not more:
            break
        live |= more
    edges = [edge for edge in edges if edge["source"] in live]
    ran: list[str] = []
    queue = [root]

    def incoming(node: str) -> list[dict[str, Any]]:
        return [edge for edge in edges if edge["target"] == node]

    def skip(edge: dict[str, Any]) -> None:
        edge["state"] = "skipped"
        states = [other["state"] for other in incoming(edge["target"])]
        if "unknown" in states:
            return
        if "taken" in states:
            queue.append(edge["target"])
            return
        for following in edges:
            if following["source"] == edge["target"]:
                skip(following)

    while queue:
        node = queue.pop(0)
        ran.append(node)
        outgoing = [edge for edge in edges if edge["source"] == node]
        chosen = [edge for edge in outgoing if node not in choices or edge["sourceHandle"] == choices[node]]
        for edge in outgoing:
            if edge not in chosen:
                skip(edge)
        for edge in chosen:
            edge["state"] = "taken"
            if all(other["state"] != "unknown" for other in incoming(edge["target"])):
                queue.append(edge["target"])
    return ran
