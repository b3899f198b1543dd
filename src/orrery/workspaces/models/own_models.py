"""Models that a workspace added by name, each with credentials of its own; and the switch that any model has."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy.exc import IntegrityError

from orrery.database import Database
from orrery.database.ids import new_id
from orrery.workspaces.audit.service import Actor, record
from orrery.workspaces.models import store
from orrery.workspaces.models.errors import CredentialNameTaken, ModelUnknown
from orrery.workspaces.models.naming import activate, chosen, free_name
from orrery.workspaces.models.offer import listed_models
from orrery.workspaces.models.sealing import Seal, Values, masked, merged
from orrery.workspaces.models.snapshot import Snapshots
from orrery.workspaces.models.store import ModelKey
from orrery.workspaces.models.tables import ModelCredential
from orrery.workspaces.models.vendors import Vendors


class ShownModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model's credential with masked secrets, and the names of all its credentials. Empty for unknown models."""

    values: Values
    current: ModelCredential | None
    available: list[ModelCredential]


class OwnModels:
    """Adds, changes and removes models and their credentials. The first credential is the active one."""

    def __init__(self, database: Database, snapshots: Snapshots, vendors: Vendors, seal: Seal) -> None:
        self._database = database
        self._snapshots = snapshots
        self._vendors = vendors
        self._seal = seal

    async def show(self, workspace_id: str, key: ModelKey, credential_id: str | None = None) -> ShownModel:
        """One credential of the model, by default the active one. Raises `CredentialNotFound`."""
        secret = self._vendors.card(key.provider).secret_fields()
        snapshot = await self._snapshots.of(workspace_id)
        rows = snapshot.own_models(key.provider).get(key, [])
        current = chosen(rows, credential_id) if credential_id else snapshot.model_credential(key)
        values = masked(self._seal.open(workspace_id, current.encrypted_config), secret) if current else {}
        return ShownModel(values=values, current=current, available=rows)

    async def try_out(
        self, workspace_id: str, key: ModelKey, given: Mapping[str, object], credential_id: str | None = None
    ) -> None:
        """Asks the model, and saves nothing. Raises `CredentialsRefused`, `CredentialNotFound`."""
        await self._vendors.tried_for(key, await self._with_kept(workspace_id, key, given, credential_id))

    async def add(self, actor: Actor, key: ModelKey, given: Mapping[str, object], name: str | None) -> str:
        """Saves a credential, which makes the model if it is its first; gives the credential's id.

        Raises `CredentialsRefused`, `CredentialNameTaken`.
        """
        values = await self._vendors.tried_for(key, given)
        row = ModelCredential(
            id=new_id(),
            tenant_id=actor.workspace_id,
            provider_name=key.provider,
            model_name=key.name,
            model_type=key.kind,
            encrypted_config=self._seal.close(actor.workspace_id, values),
        )
        try:
            async with self._database.write() as session:
                rows = await store.model_credentials(session, actor.workspace_id, key)
                row.credential_name = free_name(rows, name)
                row.active = not any(other.active for other in rows)
                session.add(row)
                record(session, actor, "model.add", row.id, **_told(key))
        except IntegrityError as error:
            raise CredentialNameTaken from error
        await self._snapshots.changed(actor.workspace_id)
        return row.id

    async def change(
        self, actor: Actor, key: ModelKey, credential_id: str, given: Mapping[str, object], name: str | None
    ) -> None:
        """Saves new values; secrets marked as unchanged are kept.

        Raises `CredentialsRefused`, `CredentialNotFound`, `CredentialNameTaken`.
        """
        workspace = actor.workspace_id
        values = await self._vendors.tried_for(key, await self._with_kept(workspace, key, given, credential_id))
        async with self._database.write() as session:
            rows = await store.model_credentials(session, workspace, key)
            row = chosen(rows, credential_id)
            if name and name.strip() != row.credential_name:
                row.credential_name = free_name(rows, name)
            row.encrypted_config = self._seal.close(workspace, values)
            record(session, actor, "model.change", row.id, **_told(key))
        await self._snapshots.changed(workspace)

    async def remove_credential(self, actor: Actor, key: ModelKey, credential_id: str) -> None:
        """Forgets a credential, and with the last one the model. Raises `CredentialNotFound`."""
        async with self._database.write() as session:
            rows = await store.model_credentials(session, actor.workspace_id, key)
            row = chosen(rows, credential_id)
            others = [other for other in rows if other is not row]
            record(session, actor, "model.credential.remove", row.id, **_told(key))
            if not others:
                await store.remove_model(session, actor.workspace_id, key)
            else:
                if row.active:
                    activate(others, others[0].id)
                await session.delete(row)
        await self._snapshots.changed(actor.workspace_id)

    async def choose(self, actor: Actor, key: ModelKey, credential_id: str) -> None:
        """Makes a credential the active one. Raises `CredentialNotFound`."""
        async with self._database.write() as session:
            rows = await store.model_credentials(session, actor.workspace_id, key)
            activate(rows, chosen(rows, credential_id).id)
            record(session, actor, "model.credential.choose", credential_id, **_told(key))
        await self._snapshots.changed(actor.workspace_id)

    async def remove(self, actor: Actor, key: ModelKey) -> None:
        """Forgets a model of the workspace's own. Raises `ModelUnknown`."""
        async with self._database.write() as session:
            if not await store.model_credentials(session, actor.workspace_id, key):
                raise ModelUnknown
            await store.remove_model(session, actor.workspace_id, key)
            record(session, actor, "model.remove", None, **_told(key))
        await self._snapshots.changed(actor.workspace_id)

    async def switch(self, actor: Actor, key: ModelKey, *, enabled: bool) -> None:
        """Offers a model, or stops offering it. Raises `ModelUnknown`."""
        card = self._vendors.card(key.provider)
        snapshot = await self._snapshots.of(actor.workspace_id)
        listed = any((model.name, model.kind) == (key.name, key.kind) for model in listed_models(card))
        if not listed and key not in snapshot.own_models(key.provider):
            raise ModelUnknown
        async with self._database.write() as session:
            await store.switch_model(session, actor.workspace_id, key, enabled=enabled)
            record(session, actor, "model.enable" if enabled else "model.disable", None, **_told(key))
        await self._snapshots.changed(actor.workspace_id)

    async def _with_kept(
        self, workspace_id: str, key: ModelKey, given: Mapping[str, object], credential_id: str | None
    ) -> Values:
        if credential_id is None:
            return dict(given)
        snapshot = await self._snapshots.of(workspace_id)
        row = chosen(snapshot.own_models(key.provider).get(key, []), credential_id)
        kept = self._seal.open(workspace_id, row.encrypted_config)
        return merged(given, kept, self._vendors.card(key.provider).secret_fields())


def _told(key: ModelKey) -> dict[str, str]:
    return {"provider": key.provider, "model": key.name, "model_type": key.kind}
