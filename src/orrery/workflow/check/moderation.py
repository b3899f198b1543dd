"""``sensitive_word_avoidance`` of an app's features: what would refuse its turns, or let through what should not pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from orrery.workflow.check.finding import Report
from orrery.workflow.fields import as_mapping, as_text

KINDS: Final = ("keywords", "openai_moderation")
_FEATURE = "sensitive_word_avoidance"
_SIDES = ("inputs_config", "outputs_config")
_LONGEST_PRESET, _LONGEST_LIST, _MOST_KEYWORDS = 100, 10_000, 100


def check_moderation(report: Report, features: Mapping[str, object], place: str) -> None:
    """Looks at a feature that is switched on. ``place`` is where the features stand in the file."""
    feature = as_mapping(features.get(_FEATURE))
    if not feature.get("enabled"):
        return
    place = f"{place}.{_FEATURE}"
    kind, config = as_text(feature.get("type")), as_mapping(feature.get("config"))
    if kind not in KINDS:
        message = f'Content moderation is of a kind that this version does not have: "{kind}"; turns will be refused.'
        report.error(message, f"Choose one of {', '.join(KINDS)}.", field=f"{place}.type")
        return
    enabled = [side for side in _SIDES if as_mapping(config.get(side)).get("enabled")]
    if not enabled:
        report.warning(
            "Content moderation looks at neither questions nor answers.",
            "Enable inputs_config or outputs_config, or switch moderation off.",
            field=f"{place}.config",
        )
    for side in enabled:
        _check_preset(report, as_text(as_mapping(config.get(side)).get("preset_response")), f"{place}.config.{side}")
    if kind == "keywords":
        _check_keywords(report, as_text(config.get("keywords")), f"{place}.config.keywords")


def _check_preset(report: Report, text: str, place: str) -> None:
    field = f"{place}.preset_response"
    if not text:
        report.error("There is nothing to say instead.", "Write the text that is answered.", field=field)
    elif len(text) > _LONGEST_PRESET:
        report.error(f"The text has more than {_LONGEST_PRESET} characters.", "Shorten it.", field=field)


def _check_keywords(report: Report, text: str, field: str) -> None:
    if not text.strip():
        report.error("There is no keyword.", "Write one word or phrase a line.", field=field)
    if len(text) > _LONGEST_LIST:
        report.error(f"The keywords have more than {_LONGEST_LIST} characters.", "Shorten the list.", field=field)
    if len(text.splitlines()) > _MOST_KEYWORDS:
        report.error(f"There are more than {_MOST_KEYWORDS} keywords.", "Shorten the list.", field=field)
