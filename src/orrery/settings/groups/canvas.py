"""What the contract's editor lets nobody exceed; the dry run of apps tells what does."""

from __future__ import annotations

from typing import Annotated

from orrery.settings.declare import Env, Group


class Canvas(Group, frozen=True, kw_only=True):
    """What the contract's editor lets nobody exceed; the dry run of apps tells what does."""

    loop_count: Annotated[int, Env("LOOP_NODE_MAX_COUNT", "most rounds of a loop", at_least=1)] = 100
    tools: Annotated[int, Env("MAX_TOOLS_NUM", "tools of an agent", at_least=1)] = 10
    parallel_branches: Annotated[int, Env("MAX_PARALLEL_LIMIT", "parallel branches of a node", at_least=1)] = 10
    agent_iterations: Annotated[int, Env("MAX_ITERATIONS_NUM", "most iterations of an agent", at_least=1)] = 99
    tree_depth: Annotated[int, Env("MAX_TREE_DEPTH", "nodes on the longest path of a workflow", at_least=1)] = 50
