"""Providers as this room asks for them: by id, by kind of model, and by whether they take some credentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast, get_args

from orrery.errors import InvalidParam
from orrery.inference.cards.schema import ModelCard, ProviderCard
from orrery.inference.check import CredentialCheck
from orrery.inference.gateway import base_model
from orrery.inference.registry import ProviderRegistry
from orrery.inference.types import InvokeError, ModelKind, ModelNotFound
from orrery.workspaces.models.errors import CredentialsRefused, ProviderUnknown
from orrery.workspaces.models.forms import checked_form
from orrery.workspaces.models.sealing import Values
from orrery.workspaces.models.store import ModelKey

# Older data and clients call three kinds by other names (knowledge reference, 6.4).
_KINDS_BY_OTHER_NAMES = {"text-generation": "llm", "embeddings": "text-embedding", "reranking": "rerank"}


class Vendors:
    """Cards, and real calls that try credentials."""

    def __init__(self, registry: ProviderRegistry, check: CredentialCheck) -> None:
        self._registry = registry
        self._check = check

    def cards(self) -> Sequence[ProviderCard]:
        """All providers, in the order of lists."""
        return self._registry.all()

    def card(self, provider: str) -> ProviderCard:
        """The provider of an id in any spelling. Raises `ProviderUnknown`."""
        if not self._registry.knows(provider):
            raise ProviderUnknown(f"There is no model provider {provider}.")
        return self._registry.find(provider)

    def key(self, provider: str, name: str, kind: str) -> ModelKey:
        """A model under the provider's canonical id. Raises `ProviderUnknown`, `InvalidParam`."""
        if not 1 <= len(name) <= 160:
            raise InvalidParam("model must be between 1 and 160 characters long.", params="model")
        return ModelKey(self.card(provider).id, name, checked_kind(kind))

    def base_model(self, card: ProviderCard, values: Mapping[str, object], kind: str) -> ModelCard | None:
        """The known model that a deployment stands for, where its form says so."""
        try:
            return base_model(self._registry, card, values, checked_kind(kind))
        except ModelNotFound:
            return None

    async def tried(self, provider: str, given: Mapping[str, object]) -> Values:
        """The form's values once the vendor took them. Raises `CredentialsRefused`, `ProviderUnknown`."""
        card = self.card(provider)
        if not card.provider_form:
            raise CredentialsRefused(f"{card.label.en} takes credentials for each model only.")
        values = checked_form(card.provider_form, given)
        await self._try(card, values)
        return values

    async def tried_for(self, key: ModelKey, given: Mapping[str, object]) -> Values:
        """The values of a model's form once the model answered. Raises `CredentialsRefused`, `ProviderUnknown`."""
        card = self.card(key.provider)
        form = card.model_form
        if "customizable-model" not in card.methods or key.kind not in card.kinds:
            raise CredentialsRefused(f"{card.label.en} takes no models of your own of this kind.", params="model_type")
        values = checked_form(form, given, kind=key.kind, model=key.name)
        await self._try(card, values, key)
        return values

    async def _try(self, card: ProviderCard, values: Values, key: ModelKey | None = None) -> None:
        try:
            if key is None:
                await self._check.validate(card.id, values)
            else:
                await self._check.validate(card.id, values, model=key.name, kind=checked_kind(key.kind))
        except InvokeError as error:
            raise CredentialsRefused(str(error)) from error


def checked_kind(kind: str, field: str = "model_type") -> ModelKind:
    """The kind of model, under any of its names. Raises `InvalidParam`."""
    kind = _KINDS_BY_OTHER_NAMES.get(kind, kind)
    if kind not in get_args(ModelKind):
        raise InvalidParam(f"{kind} is not a kind of model.", params=field)
    return cast("ModelKind", kind)
