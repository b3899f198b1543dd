"""Providers by any of the ids that apps, plugins and databases have used for them."""

from __future__ import annotations

from collections.abc import Iterable

from orrery.inference.cards import builtin_cards
from orrery.inference.cards.schema import ModelCard, ProviderCard
from orrery.inference.types import ModelKind, ModelNotFound, ProviderNotConfigured


class ProviderRegistry:
    """Look-ups ignore case. An unknown provider is `ProviderNotConfigured`: a plugin may bring it later."""

    def __init__(self, cards: Iterable[ProviderCard] | None = None) -> None:
        self._cards = tuple(builtin_cards() if cards is None else cards)
        self._by_id: dict[str, ProviderCard] = {}
        self._models: dict[tuple[str, str, ModelKind], ModelCard] = {}
        for card in self._cards:
            for name in (card.id, card.id.rpartition("/")[0], *card.aliases):
                self._by_id.setdefault(name.lower(), card)
            for model in card.models:
                self._models[card.id, model.name, model.kind] = model

    def all(self) -> tuple[ProviderCard, ...]:
        return self._cards

    def knows(self, provider: str) -> bool:
        return provider.strip().lower() in self._by_id

    def find(self, provider: str) -> ProviderCard:
        """Raises `ProviderNotConfigured`."""
        card = self._by_id.get(provider.strip().lower())
        if card is None:
            raise ProviderNotConfigured(f"Provider {provider} is not installed. Add it under Integrations.")
        return card

    def canonical_id(self, provider: str) -> str:
        """``author/plugin/provider``; a short name nobody here knows becomes ``langgenius/<name>/<name>``."""
        name = provider.strip()
        card = self._by_id.get(name.lower())
        if card is not None:
            return card.id
        return name if "/" in name else f"langgenius/{name}/{name}"

    def model(self, provider: str, name: str, kind: ModelKind = "llm") -> ModelCard | None:
        """The card of a known model; None for one that is only known by its name.

        Raises `ProviderNotConfigured`, and `ModelNotFound` when the provider has no models of that kind at all.
        """
        card = self.find(provider)
        if not name or kind not in card.kinds:
            raise ModelNotFound(f"Model {name} not exist.")
        return self._models.get((card.id, name, kind))
