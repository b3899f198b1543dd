"""How an agent fails by itself; model calls fail with `InvokeError`."""

from __future__ import annotations

from orrery.inference.types import Usage


class AgentMaxIterationError(Exception):
    """The model asked for a tool in the round that has none (workflow.md 1.7, 3.17). ``usage`` is what was used."""

    usage: Usage | None = None

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"Agent exceeded the maximum iteration limit of {limit}. "
            "The agent was unable to complete the task within the allowed number of iterations."
        )
