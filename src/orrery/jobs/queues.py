"""Names of the queues, as data (deployment.md 3.3). The spelling and the order are the contract's."""

from __future__ import annotations

from collections.abc import Iterable

SELF_HOSTED = (
    "dataset",
    "priority_dataset",
    "priority_pipeline",
    "pipeline",
    "mail",
    "ops_trace",
    "app_deletion",
    "plugin",
    "workflow_storage",
    "conversation",
    "workflow",
    "schedule_poller",
    "schedule_executor",
    "triggered_workflow_dispatcher",
    "trigger_refresh_executor",
    "retention",
)
"""What a worker serves when nobody says otherwise."""

CLOUD_WORKFLOW = ("workflow_professional", "workflow_team", "workflow_sandbox")
"""What stands in the place of ``workflow`` in the cloud edition."""

LATER = (
    "workflow_based_app_execution",
    "dataset_summary",
    "trigger_refresh_publisher",
    "workflow_draft_var",
    "monitor",
)
"""Queues that installations have named besides the default ones. Here every default worker serves them too: a queue
that nobody serves grows for ever."""

URGENT = frozenset({"priority_dataset", "priority_pipeline", "workflow_professional"})
"""Queues whose jobs go before others'; see `orrery.jobs.turns`."""

LOW = frozenset({"mail", "ops_trace", "app_deletion", "retention", "workflow_sandbox"})
"""Queues whose jobs are in no hurry."""

_CLOUD = "CLOUD"


def served_by_default(edition: str = "SELF_HOSTED") -> tuple[str, ...]:
    """Every queue that a worker of this edition serves, the contract's default ones first and in its order."""
    if edition != _CLOUD:
        return SELF_HOSTED + LATER
    at = SELF_HOSTED.index("workflow")
    return SELF_HOSTED[:at] + CLOUD_WORKFLOW + SELF_HOSTED[at + 1 :] + LATER


KNOWN = frozenset(SELF_HOSTED + CLOUD_WORKFLOW + LATER)
"""Every name that a job may be declared with."""


def unserved(used: Iterable[str], served: Iterable[str]) -> tuple[str, ...]:
    """The queues of ``used`` that are not in ``served``, sorted."""
    return tuple(sorted(set(used) - set(served)))
