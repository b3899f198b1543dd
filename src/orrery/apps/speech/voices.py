"""Who reads an app's answers aloud."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, cast

from orrery.inference.types import ModelRef, ProviderNotConfigured


class SpeechModels(Protocol):
    """What speaks; `orrery.inference.gateway.InferenceGateway` does."""

    async def speak(self, model: ModelRef, text: str, *, voice: str) -> bytes:
        """MP3. Raises `InvokeError`."""
        ...


class Voice:
    """One app's voice. The workspace's default speech model is looked up with the first sentence."""

    def __init__(self, models: SpeechModels, choose: Callable[[], Awaitable[ModelRef | None]], name: str) -> None:
        self._models, self._choose, self._name = models, choose, name
        self._model: ModelRef | None = None

    async def speak(self, text: str) -> bytes:
        """MP3. Raises `InvokeError`."""
        if self._model is None:
            self._model = await self._choose()
            if self._model is None:
                raise ProviderNotConfigured("The workspace has no model that speaks. Choose a default one.")
        return await self._models.speak(self._model, text, voice=self._name)


class Voices:
    """``choose`` gives a workspace's default speech model."""

    def __init__(
        self, models: Callable[[str], SpeechModels], choose: Callable[[str], Awaitable[ModelRef | None]]
    ) -> None:
        self._models, self._choose = models, choose

    def of(self, workspace_id: str, features: Mapping[str, object]) -> Voice | None:
        """None where answers are not read aloud by themselves."""
        found = features.get("text_to_speech")
        if not isinstance(found, dict):
            return None
        feature = cast("Mapping[str, object]", found)
        if not feature.get("enabled") or feature.get("autoPlay") != "enabled":
            return None
        name = str(feature.get("voice") or "")
        return Voice(self._models(workspace_id), lambda: self._choose(workspace_id), name)
