"""Which moderator an app's features ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from orrery.apps.moderation.by_model import ModelModerator, ModerationModels
from orrery.apps.moderation.keywords import KeywordModerator
from orrery.apps.moderation.plan import ModerationPlan, plan_of, unknown_kind
from orrery.apps.moderation.protocol import Moderator

Make: TypeAlias = Callable[[ModerationPlan, str], Moderator]
"""Makes a moderator of a plan for a workspace (by id)."""


class Moderators:
    """The kinds of moderation that this installation has. ``models`` gives a workspace's moderation models."""

    def __init__(self, models: Callable[[str], ModerationModels]) -> None:
        self._kinds: Mapping[str, Make] = {
            "keywords": lambda plan, _: KeywordModerator(plan),
            "openai_moderation": lambda plan, workspace_id: ModelModerator(plan, models(workspace_id)),
        }

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(self._kinds)

    def of(self, workspace_id: str, features: Mapping[str, object]) -> Moderator | None:
        """None where nothing is to be judged. Raises `ModerationFailed` for a kind that is not there."""
        plan = plan_of(features)
        if plan is None:
            return None
        make = self._kinds.get(plan.kind)
        if make is None:
            raise unknown_kind(plan.kind)
        return make(plan, workspace_id)
