"""Triggers that would keep a workflow from being published, or start nothing."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support import dsl
from tests.unit.workflow.check.examined import expect, findings, told


def drawn(*triggers: dsl.JsonObject) -> Any:
    nodes = [*triggers, dsl.end(at=[str(triggers[0]["id"]), "sys.timestamp"])]
    return dsl.graph(nodes, [dsl.edge(str(trigger["id"]), "end") for trigger in triggers])


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"mode": "cron", "cron_expression": "*/5 9-17 * * 1-5", "timezone": "Europe/Berlin"},
        {"frequency": "monthly", "visual_config": {"time": "1:00 PM", "monthly_days": [1, "last"]}},
    ],
)
def test_schedules_that_come(data: dict[str, object]) -> None:
    assert told(findings(drawn(dsl.node("clock", "trigger-schedule", **data)))) == []


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"mode": "cron", "cron_expression": "61 * * * *"}, "61 * * * *"),
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus"),
    ],
)
def test_schedules_that_do_not(data: dict[str, object], text: str) -> None:
    expect(findings(drawn(dsl.node("clock", "trigger-schedule", **data))), "clock", "", text)


def test_plugins_are_not_listened_to() -> None:
    found = findings(drawn(dsl.node("event", "trigger-plugin", provider_id="a/b/c", event_name="star")))
    expect(found, "event", "provider_id", "Nothing listens", level="warning")


def test_a_sixth_webhook_is_one_too_many() -> None:
    hooks = [dsl.node(f"hook{n}", "trigger-webhook", method="post") for n in range(6)]
    expect(findings(drawn(*hooks)), "", "", "6 trigger-webhook nodes")
    assert told(findings(drawn(*hooks[:5]))) == []
