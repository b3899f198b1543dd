"""The trigger nodes of a stored graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from orrery.apps.triggers.errors import TriggerRefused
from orrery.jobs.due_times import Cron
from orrery.jobs.errors import JobsConfigurationError
from orrery.workflow.check.triggers import MOST_TRIGGERS
from orrery.workflow.fields import as_mapping, as_mappings, as_text
from orrery.workflow.nodes.trigger_schedule_cron import ScheduleConfigError, cron_of
from orrery.workflow.nodes.trigger_webhook_data import WebhookData, parse_webhook

WEBHOOK: Final = "trigger-webhook"
SCHEDULE: Final = "trigger-schedule"
PLUGIN: Final = "trigger-plugin"
KINDS: Final = frozenset({WEBHOOK, SCHEDULE, PLUGIN})
_LONGEST_TITLE = 255


class TriggerNode(msgspec.Struct, frozen=True):
    """A trigger node as it stands in a graph; ``kind`` is one of `KINDS`."""

    id: str
    kind: str
    data: Mapping[str, object]

    @property
    def title(self) -> str:
        return as_text(self.data.get("title")).replace("\x00", "")[:_LONGEST_TITLE]

    @property
    def provider(self) -> str:
        """The plugin's provider; empty for webhooks and schedules."""
        return as_text(self.data.get("provider_id")).replace("\x00", "")[:_LONGEST_TITLE]

    def webhook(self) -> WebhookData:
        """Raises `TriggerRefused`."""
        try:
            return parse_webhook(self.data)
        except ValueError as error:
            raise TriggerRefused(f"The webhook node {self.title or self.id} can't be read: {error}") from error

    def schedule(self) -> tuple[str, str]:
        """The cron expression and its time zone. Raises `TriggerRefused`."""
        zone = as_text(self.data.get("timezone")) or "UTC"
        try:
            expression = cron_of(self.data)
            Cron(expression, zone)
        except (ScheduleConfigError, JobsConfigurationError) as error:
            raise TriggerRefused(f"The schedule node {self.title or self.id} can't be read: {error}") from error
        return expression, zone


def trigger_nodes(graph: Mapping[str, object]) -> dict[str, TriggerNode]:
    """The trigger nodes by id, in the graph's order."""
    found: dict[str, TriggerNode] = {}
    for node in as_mappings(graph.get("nodes")):
        data, node_id = as_mapping(node.get("data")), node.get("id")
        kind = data.get("type")
        if isinstance(node_id, str) and isinstance(kind, str) and kind in KINDS:
            found[node_id] = TriggerNode(node_id, kind, data)
    return found


def stored_trigger_nodes(graph_text: str) -> dict[str, TriggerNode]:
    """The trigger nodes of a graph as its row keeps it."""
    return trigger_nodes(msgspec.json.decode(graph_text, type=dict[str, object]))


def check_counts(nodes: Mapping[str, TriggerNode]) -> None:
    """Raises `TriggerRefused` when a graph has more triggers of a kind than it may."""
    for kind, most in MOST_TRIGGERS.items():
        count = sum(node.kind == kind for node in nodes.values())
        if count > most:
            raise TriggerRefused(f"A workflow has at most {most} {kind} nodes, not {count}. Remove some of them.")
