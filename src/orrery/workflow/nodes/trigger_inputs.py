"""What every entry node that is set off from outside gives to the graph: the system values."""

from __future__ import annotations

from orrery.workflow.pool import Pool


def system_outputs(pool: Pool) -> dict[str, object]:
    """Each system value under its literal name ``sys.<name>``, as the start node has them."""
    return {f"sys.{name}": value for name, value in pool.namespace("sys").items()}
