"""Triggers: times that come, and events that somebody listens to (workflow.md 3.20)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from orrery.jobs.due_times import Cron
from orrery.jobs.errors import JobsConfigurationError
from orrery.workflow.check.inspection import Inspection
from orrery.workflow.fields import as_text
from orrery.workflow.nodes.trigger_schedule_cron import ScheduleConfigError, cron_of

MOST_TRIGGERS: Final[Mapping[str, int]] = {"trigger-webhook": 5, "trigger-plugin": 5}
"""How many nodes of a kind a workflow may have."""


def check_triggers(inspection: Inspection) -> None:
    """What keeps a workflow from being published, or its triggers from starting anything."""
    report, graph = inspection.report, inspection.graph
    for kind, most in MOST_TRIGGERS.items():
        count = len(list(graph.of_type(kind)))
        if count > most:
            report.error(f"There are {count} {kind} nodes, and a workflow has at most {most}", "Remove some of them.")
    for node in graph.of_type("trigger-plugin"):
        report.warning(
            "Nothing listens to the events of plugins here, so this trigger starts no runs",
            "Start the workflow by a webhook or on a schedule.",
            node=node,
            field="provider_id",
        )
    for node in graph.of_type("trigger-schedule"):
        try:
            expression = cron_of(node.data)
        except ScheduleConfigError:
            continue  # the node itself says so
        try:
            Cron(expression, as_text(node.data.get("timezone")) or "UTC")
        except JobsConfigurationError as error:
            report.error(str(error), "Choose other times, or a time zone that this machine knows.", node=node)
