"""The named credentials of a provider in a workspace. What is saved was taken by the vendor a moment before."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.exc import IntegrityError

from orrery.database import Database
from orrery.database.ids import new_id
from orrery.workspaces.audit.service import Actor, record
from orrery.workspaces.models import store
from orrery.workspaces.models.errors import CredentialNameTaken
from orrery.workspaces.models.naming import activate, chosen, free_name
from orrery.workspaces.models.sealing import Seal, Values, masked, merged
from orrery.workspaces.models.snapshot import Snapshots
from orrery.workspaces.models.tables import ProviderCredential
from orrery.workspaces.models.vendors import Vendors


class ProviderCredentials:
    """Shows, tries, adds, changes, removes and chooses credentials. The first one added is the active one."""

    def __init__(self, database: Database, snapshots: Snapshots, vendors: Vendors, seal: Seal) -> None:
        self._database = database
        self._snapshots = snapshots
        self._vendors = vendors
        self._seal = seal

    async def show(self, workspace_id: str, provider: str, credential_id: str | None = None) -> Values | None:
        """The values of a credential, by default the active one, with secrets masked; None when there is none."""
        card = self._vendors.card(provider)
        snapshot = await self._snapshots.of(workspace_id)
        if credential_id is None:
            row = snapshot.provider_credential(card.id)
        else:
            row = chosen(snapshot.named_credentials(card.id), credential_id)
        if row is None:
            return None
        return masked(self._seal.open(workspace_id, row.encrypted_config), card.secret_fields())

    async def try_out(
        self, workspace_id: str, provider: str, given: Mapping[str, object], credential_id: str | None = None
    ) -> None:
        """Asks the vendor, and saves nothing. Raises `CredentialsRefused`, `CredentialNotFound`."""
        await self._vendors.tried(provider, await self._with_kept(workspace_id, provider, given, credential_id))

    async def add(self, actor: Actor, provider: str, given: Mapping[str, object], name: str | None) -> str:
        """Saves a new credential; gives its id. Raises `CredentialsRefused`, `CredentialNameTaken`."""
        card = self._vendors.card(provider)
        values = await self._vendors.tried(provider, given)
        workspace = actor.workspace_id
        row = ProviderCredential(
            id=new_id(),
            tenant_id=workspace,
            provider_name=card.id,
            encrypted_config=self._seal.close(workspace, values),
        )
        try:
            async with self._database.write() as session:
                rows = await store.provider_credentials(session, workspace, card.id)
                row.credential_name = free_name(rows, name)
                row.active = not any(other.active for other in rows)
                session.add(row)
                record(session, actor, "model.credential.add", row.id, provider=card.id, name=row.credential_name)
        except IntegrityError as error:
            raise CredentialNameTaken from error
        await self._snapshots.changed(workspace)
        return row.id

    async def change(
        self, actor: Actor, provider: str, credential_id: str, given: Mapping[str, object], name: str | None
    ) -> None:
        """Saves new values; secrets marked as unchanged are kept.

        Raises `CredentialsRefused`, `CredentialNotFound`, `CredentialNameTaken`.
        """
        card = self._vendors.card(provider)
        workspace = actor.workspace_id
        values = await self._vendors.tried(provider, await self._with_kept(workspace, provider, given, credential_id))
        async with self._database.write() as session:
            rows = await store.provider_credentials(session, workspace, card.id)
            row = chosen(rows, credential_id)
            if name and name.strip() != row.credential_name:
                row.credential_name = free_name(rows, name)
            row.encrypted_config = self._seal.close(workspace, values)
            record(session, actor, "model.credential.change", row.id, provider=card.id, name=row.credential_name)
        await self._snapshots.changed(workspace)

    async def remove(self, actor: Actor, provider: str, credential_id: str) -> None:
        """Forgets a credential; the oldest of the others takes its place if it was active. `CredentialNotFound`."""
        card = self._vendors.card(provider)
        async with self._database.write() as session:
            rows = await store.provider_credentials(session, actor.workspace_id, card.id)
            row = chosen(rows, credential_id)
            others = [other for other in rows if other is not row]
            if row.active and others:
                activate(others, others[0].id)
            await session.delete(row)
            record(session, actor, "model.credential.remove", row.id, provider=card.id, name=row.credential_name)
        await self._snapshots.changed(actor.workspace_id)

    async def choose(self, actor: Actor, provider: str, credential_id: str) -> None:
        """Makes a credential the active one. Raises `CredentialNotFound`."""
        card = self._vendors.card(provider)
        async with self._database.write() as session:
            rows = await store.provider_credentials(session, actor.workspace_id, card.id)
            row = chosen(rows, credential_id)
            activate(rows, row.id)
            record(session, actor, "model.credential.choose", row.id, provider=card.id, name=row.credential_name)
        await self._snapshots.changed(actor.workspace_id)

    async def _with_kept(
        self, workspace_id: str, provider: str, given: Mapping[str, object], credential_id: str | None
    ) -> Values:
        if credential_id is None:
            return dict(given)
        card = self._vendors.card(provider)
        snapshot = await self._snapshots.of(workspace_id)
        row = chosen(snapshot.named_credentials(card.id), credential_id)
        return merged(given, self._seal.open(workspace_id, row.encrypted_config), card.secret_fields())
