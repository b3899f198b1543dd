"""What a workspace can use: each provider with what is set up for it, and its models with their state."""

from __future__ import annotations

from typing import Literal

import msgspec

from orrery.database import Database
from orrery.inference.cards.schema import ModelCard, ProviderCard
from orrery.workspaces.audit.service import Actor, record
from orrery.workspaces.models import store
from orrery.workspaces.models.errors import CredentialUnreadable, ModelUnknown, ProviderNotSetUp
from orrery.workspaces.models.sealing import Seal, Values
from orrery.workspaces.models.snapshot import Snapshot, Snapshots
from orrery.workspaces.models.store import ModelKey
from orrery.workspaces.models.tables import ModelCredential, ProviderCredential
from orrery.workspaces.models.vendors import Vendors, checked_kind

Status = Literal["active", "no-configure", "disabled"]


class OfferedModel(msgspec.Struct, frozen=True, kw_only=True):
    """One model. ``card`` is None for a model of the workspace's own, whose ``values`` say what it can do.

    ``base`` is the known model that a deployment of one's own stands for, where its form says so.
    """

    key: ModelKey
    status: Status
    card: ModelCard | None = None
    base: ModelCard | None = None
    values: Values = {}


class OfferedProvider(msgspec.Struct, frozen=True, kw_only=True):
    """One provider with its credentials (sealed) and its models."""

    card: ProviderCard
    current: ProviderCredential | None
    credentials: list[ProviderCredential]
    own_models: dict[ModelKey, list[ModelCredential]]
    models: list[OfferedModel]

    @property
    def is_set_up(self) -> bool:
        """Whether anything of this provider can be called."""
        return self.current is not None or bool(self.own_models)


class Offer:
    """Lists providers and models of a workspace, and keeps its default models."""

    def __init__(self, database: Database, snapshots: Snapshots, vendors: Vendors, seal: Seal) -> None:
        self._database = database
        self._snapshots = snapshots
        self._vendors = vendors
        self._seal = seal

    async def providers(self, workspace_id: str, kind: str | None = None) -> list[OfferedProvider]:
        """All providers, or those with models of one kind; the ones that are set up come first."""
        wanted = checked_kind(kind) if kind else None
        snapshot = await self._snapshots.of(workspace_id)
        found = [
            self._provider(workspace_id, card, snapshot)
            for card in self._vendors.cards()
            if wanted is None or wanted in card.kinds
        ]
        return sorted(found, key=lambda provider: not provider.is_set_up)

    async def provider(self, workspace_id: str, provider: str) -> OfferedProvider:
        """One provider. Raises `ProviderUnknown`."""
        snapshot = await self._snapshots.of(workspace_id)
        return self._provider(workspace_id, self._vendors.card(provider), snapshot)

    async def usable(self, workspace_id: str, kind: str) -> list[OfferedProvider]:
        """The providers that have models of the kind ready to be called, with only these models."""
        wanted = checked_kind(kind)
        ready: list[OfferedProvider] = []
        for provider in await self.providers(workspace_id, wanted):
            models = [
                model
                for model in provider.models
                if model.key.kind == wanted and model.status == "active" and not (model.card and model.card.deprecated)
            ]
            if models:
                ready.append(msgspec.structs.replace(provider, models=models))
        return ready

    async def model(self, workspace_id: str, key: ModelKey) -> OfferedModel:
        """One model, listed or the workspace's own. Raises `ModelUnknown`, `ProviderUnknown`."""
        provider = await self.provider(workspace_id, key.provider)
        for model in provider.models:
            if model.key == key:
                return model
        raise ModelUnknown

    async def default(self, workspace_id: str, kind: str) -> tuple[OfferedProvider, OfferedModel] | None:
        """The chosen default of a kind, else the first model that is ready; None when none is."""
        snapshot = await self._snapshots.of(workspace_id)
        chosen = snapshot.default(checked_kind(kind))
        ready = await self.usable(workspace_id, kind)
        pairs = [(provider, model) for provider in ready for model in provider.models]
        return next((pair for pair in pairs if pair[1].key == chosen), pairs[0] if pairs else None)

    async def choose_defaults(self, actor: Actor, keys: list[ModelKey]) -> None:
        """Makes these the defaults of their kinds. Raises `ModelUnknown`, `ProviderNotSetUp`."""
        for key in keys:
            if (await self.model(actor.workspace_id, key)).status == "no-configure":
                raise ProviderNotSetUp
        async with self._database.write() as session:
            for key in keys:
                await store.set_default(session, actor.workspace_id, key)
                told = {"provider": key.provider, "model": key.name, "model_type": key.kind}
                record(session, actor, "model.default", None, **told)
        await self._snapshots.changed(actor.workspace_id)

    def _provider(self, workspace_id: str, card: ProviderCard, snapshot: Snapshot) -> OfferedProvider:
        current = snapshot.provider_credential(card.id)
        own = snapshot.own_models(card.id)
        models = [self._own(workspace_id, card, snapshot, key, rows) for key, rows in own.items()]
        for listed in listed_models(card):
            key = ModelKey(card.id, listed.name, listed.kind)
            if key not in own:
                status = _status(snapshot, key, is_set_up=current is not None)
                models.append(OfferedModel(key=key, status=status, card=listed))
        return OfferedProvider(
            card=card,
            current=current,
            credentials=snapshot.named_credentials(card.id),
            own_models=own,
            models=models,
        )

    def _own(
        self, workspace_id: str, card: ProviderCard, snapshot: Snapshot, key: ModelKey, rows: list[ModelCredential]
    ) -> OfferedModel:
        values = self._plain(workspace_id, card, rows)
        return OfferedModel(
            key=key,
            status=_status(snapshot, key, is_set_up=True),
            base=self._vendors.base_model(card, values, key.kind),
            values=values,
        )

    def _plain(self, workspace_id: str, card: ProviderCard, rows: list[ModelCredential]) -> Values:
        active = next((row for row in rows if row.active), rows[0])
        secret = card.secret_fields()
        try:
            values = self._seal.open(workspace_id, active.encrypted_config)
        except CredentialUnreadable:
            # One that can't be read must not hide the others; opening it says what is wrong.
            return {}
        return {name: value for name, value in values.items() if name not in secret}


def listed_models(card: ProviderCard) -> tuple[ModelCard, ...]:
    """The models that a provider offers by name. A provider with deployments only lists what these may stand for."""
    return card.models if "predefined-model" in card.methods else ()


def _status(snapshot: Snapshot, key: ModelKey, *, is_set_up: bool) -> Status:
    if not snapshot.is_enabled(key):
        return "disabled"
    return "active" if is_set_up else "no-configure"
