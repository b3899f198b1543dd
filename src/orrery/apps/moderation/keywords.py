"""Moderation by a list of words."""

from __future__ import annotations

from collections.abc import Sequence

from orrery.apps.moderation.plan import ModerationPlan, keywords_of
from orrery.apps.moderation.protocol import Judged, Said


class KeywordModerator:
    """A word counts wherever it stands, in whatever case."""

    def __init__(self, plan: ModerationPlan) -> None:
        self._plan = plan
        self._words: Sequence[str] = keywords_of(plan.config)
        self.reach: int | None = max(map(len, self._words), default=1) - 1

    async def judge_inputs(self, said: Said) -> Judged | None:
        answer = self._plan.input_answer
        if answer is None or not any(map(self._bad, said.texts)):
            return None
        return Judged(answer)

    async def judge_output(self, text: str) -> str | None:
        return self._plan.output_answer if self._bad(text) else None

    def _bad(self, text: str) -> bool:
        lowered = text.lower()
        return any(word in lowered for word in self._words)
