"""What the nodes inside a container wrote to the conversation, so that it is not lost with the process."""

from __future__ import annotations

from collections.abc import Mapping

from orrery.workflow.node import Selector
from orrery.workflow.pool import Pool


def written_since(before: Mapping[str, object], pool: Pool) -> list[tuple[Selector, object]]:
    """The conversation variables that no longer hold what they held in ``before``."""
    return [
        (("conversation", name), value)
        for name, value in pool.namespace("conversation").items()
        if before.get(name) is not value
    ]
