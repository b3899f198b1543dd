"""Content moderation that would refuse every turn, or none."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.workflow.check.examined import App, Models

from orrery.workflow.check import check_app

MODEL = {"provider": "openai", "name": "gpt-4o", "mode": "chat", "completion_params": {}}
GOOD = {"keywords": "a", "inputs_config": {"enabled": True, "preset_response": "No."}, "outputs_config": {}}
PLACE = "model_config.sensitive_word_avoidance"


def found(kind: str, config: dict[str, Any]) -> list[tuple[str, str]]:
    feature = {"enabled": True, "type": kind, "config": config}
    document = App("chat", None, {"model": MODEL, "sensitive_word_avoidance": feature})
    return [(finding.level, finding.field.removeprefix(PLACE)) for finding in check_app(document, models=Models())]


@pytest.mark.parametrize(
    ("kind", "config", "expected"),
    [
        ("keywords", GOOD, []),
        ("cloud", GOOD, [("error", ".type")]),
        ("keywords", {"keywords": "a"}, [("warning", ".config")]),
        ("keywords", {**GOOD, "keywords": " \n"}, [("error", ".config.keywords")]),
        ("keywords", {**GOOD, "keywords": "a\n" * 101}, [("error", ".config.keywords")]),
        ("keywords", {**GOOD, "keywords": "a" * 10_001}, [("error", ".config.keywords")]),
        (
            "openai_moderation",
            {"outputs_config": {"enabled": True, "preset_response": "x" * 101}},
            [("error", ".config.outputs_config.preset_response")],
        ),
        (
            "openai_moderation",
            {"inputs_config": {"enabled": True}},
            [("error", ".config.inputs_config.preset_response")],
        ),
        ("api", {"inputs_config": {"enabled": True}, "api_based_extension_id": "x"}, [("error", ".type")]),
    ],
)
def test_faults_are_named(kind: str, config: dict[str, Any], expected: list[tuple[str, str]]):
    assert found(kind, config) == expected


def test_what_is_switched_off_is_not_looked_at():
    config = {"model": MODEL, "sensitive_word_avoidance": {"enabled": False, "type": "x", "config": None}}
    assert check_app(App("chat", None, config), models=Models()) == []
