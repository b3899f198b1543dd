"""What the contract's editor would not let anybody draw: it runs, but other installations may refuse to edit it.

None of these limits stops a run; the operator sets them (workflow.md 2.4).
"""

from __future__ import annotations

from typing import Final

import msgspec

from orrery.agents.app_config import read_agent_mode
from orrery.workflow.check.finding import Named, Report
from orrery.workflow.check.inspection import Inspection
from orrery.workflow.check.stored import StoredGraph
from orrery.workflow.fields import as_mapping, as_mappings

_LESS: Final = "Make it smaller, or ask the operator to raise {}."


class EditorLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The most that an editor offers; ``tree_depth`` counts the nodes on the longest path."""

    loop_count: int = 100
    tools: int = 10
    parallel_branches: int = 10
    agent_iterations: int = 99
    tree_depth: int = 50


def check_limits(inspection: Inspection, limits: EditorLimits) -> None:
    """Loops, agents, branches and the longest path of a graph."""
    graph, report = inspection.graph, inspection.report
    for node in graph.of_type("loop"):
        _told(
            report, "LOOP_NODE_MAX_COUNT", limits.loop_count, node.data.get("loop_count"), "rounds", node, "loop_count"
        )
    for node in graph.of_type("agent"):
        given = as_mapping(node.data.get("agent_parameters"))
        rounds = as_mapping(given.get("maximum_iterations")).get("value")
        tools = [t for t in as_mappings(as_mapping(given.get("tools")).get("value")) if t.get("enabled", True)]
        where = "agent_parameters.maximum_iterations"
        _told(report, "MAX_ITERATIONS_NUM", limits.agent_iterations, rounds, "rounds of its agent", node, where)
        _told(report, "MAX_TOOLS_NUM", limits.tools, len(tools), "tools", node, "agent_parameters.tools")
    for name, edges in graph.outgoing.items():
        widest = max(sum(edge.handle == handle for edge in edges) for handle in {edge.handle for edge in edges})
        _told(report, "MAX_PARALLEL_LIMIT", limits.parallel_branches, widest, "parallel branches", graph.nodes[name])
    _told(report, "MAX_TREE_DEPTH", limits.tree_depth, _longest(graph), "nodes on its longest path")


def check_agent_limits(report: Report, limits: EditorLimits, stored: object) -> None:
    """The rounds and tools of an agent app."""
    mode, place = read_agent_mode(stored), "model_config.agent_mode"
    _told(report, "MAX_TOOLS_NUM", limits.tools, len(mode.tools), "tools", field=f"{place}.tools")
    rounds, field = mode.max_iterations, f"{place}.max_iteration"
    _told(report, "MAX_ITERATIONS_NUM", limits.agent_iterations, rounds, "rounds of its agent", field=field)


def _told(
    report: Report, name: str, most: int, found: object, what: str, node: Named | None = None, field: str = ""
) -> None:
    if isinstance(found, bool) or not isinstance(found, int | float) or found <= most:
        return
    subject = "The app" if node is None else "The node"
    message = f"{subject} has {found:g} {what}, where editors allow {most} ({name})"
    report.warning(message, _LESS.format(name), node=node, field=field)


def _longest(graph: StoredGraph) -> int:
    """Nodes on the longest way from a start; nodes of a circle, which is told elsewhere, count once at most."""
    waiting = {name: len(graph.incoming.get(name, ())) for name in graph.nodes}
    depth = dict.fromkeys(graph.nodes, 1)
    ready = [name for name, edges in waiting.items() if edges == 0]
    done = 0
    while ready:
        name = ready.pop()
        done = max(done, depth[name])
        for edge in graph.outgoing.get(name, ()):
            depth[edge.target] = max(depth[edge.target], depth[name] + 1)
            waiting[edge.target] -= 1
            if waiting[edge.target] == 0:
                ready.append(edge.target)
    return done
