"""Ways to examine small graphs: ``findings(stored(...))`` and what is expected of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from orrery.workflow.check import Finding, check_app

MODEL = {"provider": "openai", "name": "m", "mode": "chat"}


class App(msgspec.Struct):
    mode: str
    workflow: Any
    model_config: Any = None


class Models:
    def knows(self, provider: str) -> bool:
        return provider in {"openai", "locked"}

    def is_ready(self, provider: str, name: str) -> bool:
        return provider != "locked"


def findings(
    graph: Any, *, mode: str = "workflow", env: Sequence[Any] = (), conversation: Sequence[Any] = ()
) -> list[Finding]:
    block = {"graph": graph, "environment_variables": list(env), "conversation_variables": list(conversation)}
    return check_app(App(mode, block), models=Models())


def told(found: Sequence[Finding], *, level: str = "error") -> list[tuple[str, str, str]]:
    """(node, field, message) of the findings of one level."""
    return [(finding.node_id, finding.field, finding.message) for finding in found if finding.level == level]


def expect(found: Sequence[Finding], node_id: str, field: str, text: str, *, level: str = "error") -> None:
    """One finding fits, and every finding says how to mend it."""
    assert any(
        finding.level == level and finding.node_id == node_id and finding.field == field and text in finding.message
        for finding in found
    ), found
    assert all(finding.mend and finding.message for finding in found)
