"""``sensitive_word_avoidance`` as apps keep it, read (workflow.md 1.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

from orrery.apps.moderation.protocol import ModerationFailed

JsonObject = Mapping[str, object]

FEATURE = "sensitive_word_avoidance"


class ModerationPlan(msgspec.Struct, frozen=True, kw_only=True):
    """``input_answer`` and ``output_answer`` are what is said instead; None where that side is not judged."""

    kind: str
    config: JsonObject
    input_answer: str | None
    output_answer: str | None


def plan_of(features: JsonObject) -> ModerationPlan | None:
    """The plan of an app's features; None where nothing is to be judged."""
    feature = _object(features.get(FEATURE))
    if not feature.get("enabled"):
        return None
    config = _object(feature.get("config"))
    plan = ModerationPlan(
        kind=str(feature.get("type") or ""),
        config=config,
        input_answer=_preset(config, "inputs_config"),
        output_answer=_preset(config, "outputs_config"),
    )
    return None if plan.input_answer is None and plan.output_answer is None else plan


def keywords_of(config: JsonObject) -> list[str]:
    """The words of a ``keywords`` plan, in lower case."""
    return [line.strip().lower() for line in str(config.get("keywords") or "").splitlines() if line.strip()]


def unknown_kind(kind: str) -> ModerationFailed:
    """The refusal of runs whose rules nobody here can apply: unjudged text is not let through."""
    return ModerationFailed(
        f'The app\'s content moderation is of a kind that this installation does not have: "{kind}". '
        "Choose another kind in the app's features, or switch moderation off there."
    )


def _preset(config: JsonObject, side: str) -> str | None:
    found = _object(config.get(side))
    return str(found.get("preset_response") or "") if found.get("enabled") else None


def _object(value: object) -> JsonObject:
    return cast("JsonObject", value) if isinstance(value, dict) else {}
