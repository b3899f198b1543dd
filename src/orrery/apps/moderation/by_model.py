"""Moderation by a vendor's moderation model."""

from __future__ import annotations

from typing import Protocol

from orrery.apps.moderation.plan import ModerationPlan
from orrery.apps.moderation.protocol import Judged, ModerationFailed, Said
from orrery.inference.types import InvokeError, ModelRef

_MODEL = ModelRef(provider="openai", name="omni-moderation-latest", kind="moderation")


class ModerationModels(Protocol):
    """What judges texts; `orrery.inference.gateway.InferenceGateway` does."""

    async def moderate(self, model: ModelRef, text: str) -> bool:
        """Whether the text is flagged. Raises `InvokeError`."""
        ...


class ModelModerator:
    """``openai_moderation``: the workspace's own OpenAI credential is used."""

    reach: int | None = None

    def __init__(self, plan: ModerationPlan, models: ModerationModels) -> None:
        self._plan, self._models = plan, models

    async def judge_inputs(self, said: Said) -> Judged | None:
        answer = self._plan.input_answer
        if answer is None or not said.texts or not await self._bad("\n".join(said.texts)):
            return None
        return Judged(answer)

    async def judge_output(self, text: str) -> str | None:
        return self._plan.output_answer if text and await self._bad(text) else None

    async def _bad(self, text: str) -> bool:
        try:
            return await self._models.moderate(_MODEL, text)
        except InvokeError as error:
            raise ModerationFailed(f"The text could not be moderated: {error}") from error
