"""Built-in providers in a workspace, and the named credentials of those that need some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database import Database
from orrery.database.ids import new_id
from orrery.errors import InvalidParam
from orrery.tools.catalog import ProvidersInCode
from orrery.tools.credential_form import CredentialField, checked, secret_fields
from orrery.tools.entity import ToolEntity
from orrery.tools.errors import ToolError, ToolProviderCredentialValidationError
from orrery.tools.keyed import KeyedProvider
from orrery.tools.protocol import ToolProvider, ToolRef
from orrery.workspaces.audit.service import Actor, record
from orrery.workspaces.models.errors import CredentialUnreadable
from orrery.workspaces.models.sealing import Seal
from orrery.workspaces.tools.errors import ToolCredentialNotFound, ToolProviderTaken, ToolProviderUnknown, ToolRefused
from orrery.workspaces.tools.labels import known
from orrery.workspaces.tools.secrets import masked, merged
from orrery.workspaces.tools.tables import BuiltInCredential
from orrery.workspaces.tools.view import ProviderView

API_KEY: Final = "api-key"
WORKSPACE_DEFAULT: Final = "__workspace_default__"
MOST_CREDENTIALS: Final = 100
LONGEST_NAME: Final = 30


class BuiltInTools:
    """Shows providers; adds, changes, removes and chooses credentials. The first one added is the default."""

    def __init__(self, database: Database, providers: ProvidersInCode, seal: Seal) -> None:
        self._database, self._providers, self._seal = database, providers, seal

    async def list(self, workspace_id: str) -> list[ProviderView]:
        """All providers, in the order in which people should see them."""
        async with self._database.read() as session:
            rows = list(
                await session.scalars(
                    select(BuiltInCredential).where(
                        BuiltInCredential.tenant_id == workspace_id, BuiltInCredential.is_default.is_(True)
                    )
                )
            )
        defaults = {row.provider: row for row in rows}
        return [self._view(workspace_id, found, defaults.get(found.id)) for found in self._providers.all()]

    async def show(self, workspace_id: str, provider: str) -> ProviderView:
        """Raises `ToolProviderUnknown`."""
        found = self._find(provider)
        async with self._database.read() as session:
            rows = await _rows(session, workspace_id, found.id)
        return self._view(workspace_id, found, next((row for row in rows if row.is_default), None))

    def form(self, provider: str) -> Sequence[CredentialField]:
        """The fields of the provider's credentials; none where it needs none. Raises `ToolProviderUnknown`."""
        found = self._find(provider)
        return found.form if isinstance(found, KeyedProvider) else ()

    def knows(self, provider: str) -> bool:
        """Whether the provider is built in, in any of the spellings that apps use."""
        return self._providers.find(provider) is not None

    async def credential_ids(self, workspace_id: str) -> frozenset[str]:
        """Ids of all credentials of the workspace."""
        query = select(BuiltInCredential.id).where(BuiltInCredential.tenant_id == workspace_id)
        async with self._database.read() as session:
            return frozenset(await session.scalars(query))

    async def credentials(
        self, workspace_id: str, provider: str
    ) -> list[tuple[BuiltInCredential, Mapping[str, object]]]:
        """The credentials, oldest first, with masked values. Raises `ToolProviderUnknown`."""
        found = self._find(provider)
        async with self._database.read() as session:
            rows = await _rows(session, workspace_id, found.id)
        return [(row, self._shown(workspace_id, found, row)) for row in rows]

    async def add(
        self, actor: Actor, provider: str, given: Mapping[str, object], name: str | None, credential_type: str
    ) -> str:
        """Saves a new credential that the vendor takes; gives its id. Raises `ToolRefused`, `ToolProviderTaken`."""
        keyed = self._keyed(provider)
        if credential_type != API_KEY:
            raise InvalidParam(f"{keyed.id} takes credentials of type {API_KEY} only.", params="type")
        values = await self._tried(keyed, given)
        row = BuiltInCredential(
            id=new_id(),
            tenant_id=actor.workspace_id,
            user_id=actor.account_id,
            provider=keyed.id,
            credential_type=credential_type,
            encrypted_credentials=self._seal.close(actor.workspace_id, values),
        )
        try:
            async with self._database.write() as session:
                rows = await _rows(session, actor.workspace_id, keyed.id, locked=True)
                if len(rows) >= MOST_CREDENTIALS:
                    raise ToolRefused(f"{keyed.id} has {MOST_CREDENTIALS} credentials already. Remove one first.")
                row.name = _free_name(rows, name)
                row.is_default = not any(other.is_default for other in rows)
                session.add(row)
                record(session, actor, "tool.credential.add", row.id, provider=keyed.id, name=row.name)
        except IntegrityError as error:
            raise _taken(name) from error
        return row.id

    async def change(
        self,
        actor: Actor,
        provider: str,
        credential_id: str,
        given: Mapping[str, object] | None,
        name: str | None,
    ) -> None:
        """Saves new values or a new name; masked secrets are kept. Raises `ToolCredentialNotFound`, `ToolRefused`."""
        keyed, values = self._keyed(provider), None
        if given is not None:
            async with self._database.read() as session:
                row = _chosen(await _rows(session, actor.workspace_id, keyed.id), credential_id)
            kept = self._seal.open(actor.workspace_id, row.encrypted_credentials)
            values = await self._tried(keyed, _with_kept(keyed, given, kept))
        try:
            async with self._database.write() as session:
                rows = await _rows(session, actor.workspace_id, keyed.id, locked=True)
                row = _chosen(rows, credential_id)
                if name and name.strip() != row.name:
                    row.name = _free_name(rows, name)
                if values is not None:
                    row.encrypted_credentials = self._seal.close(actor.workspace_id, values)
                record(session, actor, "tool.credential.change", row.id, provider=keyed.id, name=row.name)
        except IntegrityError as error:
            raise _taken(name) from error

    async def remove(self, actor: Actor, provider: str, credential_id: str) -> None:
        """Forgets a credential; the oldest of the others takes its place. Raises `ToolCredentialNotFound`."""
        found = self._find(provider)
        async with self._database.write() as session:
            rows = await _rows(session, actor.workspace_id, found.id, locked=True)
            row = _chosen(rows, credential_id)
            others = [other for other in rows if other is not row]
            if row.is_default and others:
                others[0].is_default = True
            await session.delete(row)
            record(session, actor, "tool.credential.remove", row.id, provider=found.id, name=row.name)

    async def choose(self, actor: Actor, provider: str, credential_id: str) -> None:
        """Makes a credential the default. Raises `ToolCredentialNotFound`."""
        found = self._find(provider)
        async with self._database.write() as session:
            rows = await _rows(session, actor.workspace_id, found.id, locked=True)
            chosen = _chosen(rows, credential_id)
            for row in rows:
                row.is_default = row is chosen
            record(session, actor, "tool.credential.choose", chosen.id, provider=found.id, name=chosen.name)

    async def provider(self, workspace_id: str, ref: ToolRef) -> ToolProvider | None:
        """The provider as a run may use it; None where there is no such one.

        Raises `ToolProviderCredentialValidationError` without the credentials that it needs.
        """
        found = self._providers.find(ref.provider_id)
        if not isinstance(found, KeyedProvider):
            return found
        async with self._database.read() as session:
            rows = await _rows(session, workspace_id, found.id)
        wanted = ref.credential_id if ref.credential_id != WORKSPACE_DEFAULT else None
        row = next((row for row in rows if (row.id == wanted if wanted else row.is_default)), None)
        if row is None:
            what = "The credential that was chosen is gone" if wanted else "There are no credentials"
            raise ToolProviderCredentialValidationError(f"{what} for {found.id}. Choose or add some under Tools.")
        try:
            return found.open(self._seal.open(workspace_id, row.encrypted_credentials))
        except CredentialUnreadable as error:
            raise ToolProviderCredentialValidationError(error.message) from error

    def _find(self, provider: str) -> ToolProvider | KeyedProvider:
        found = self._providers.find(provider)
        if found is None:
            raise ToolProviderUnknown(f"There is no built-in tool provider {provider}.")
        return found

    def _keyed(self, provider: str) -> KeyedProvider:
        found = self._find(provider)
        if not isinstance(found, KeyedProvider):
            raise ToolRefused(f"The provider {found.id} needs no credentials.")
        return found

    async def _tried(self, keyed: KeyedProvider, given: Mapping[str, object]) -> Mapping[str, object]:
        try:
            values = checked(keyed.id, keyed.form, given)
            await keyed.check(values)
        except ToolError as error:
            raise ToolRefused(str(error), params="credentials") from error
        return values

    def _shown(
        self, workspace_id: str, found: ToolProvider | KeyedProvider, row: BuiltInCredential
    ) -> Mapping[str, object]:
        if not isinstance(found, KeyedProvider):
            return {}
        try:
            return masked(self._seal.open(workspace_id, row.encrypted_credentials), secret_fields(found.form))
        except CredentialUnreadable:
            return {}  # one that can't be read must not hide the others; using it says what is wrong

    def _view(
        self, workspace_id: str, found: ToolProvider | KeyedProvider, row: BuiltInCredential | None
    ) -> ProviderView:
        identity, keyed = found.identity, isinstance(found, KeyedProvider)
        needs = isinstance(found, KeyedProvider) and any(field.required for field in found.form)
        return ProviderView(
            kind="builtin",
            id=f"langgenius/{identity.name}/{identity.name}" if keyed else identity.name,
            name=f"langgenius/{identity.name}/{identity.name}" if keyed else identity.name,
            plugin_id=f"langgenius/{identity.name}" if keyed else None,
            author=identity.author or "Orrery",
            label=identity.label,
            description=identity.description,
            icon=identity.name,
            tools=entities_of(found),
            is_authorized=row is not None or not needs,
            labels=known(identity.tags),
            credentials=self._shown(workspace_id, found, row) if row is not None else {},
            allow_delete=keyed,
        )


def entities_of(found: ToolProvider | KeyedProvider) -> list[ToolEntity]:
    """What can be known of a provider's tools without credentials."""
    return list(found.entities) if isinstance(found, KeyedProvider) else [tool.entity for tool in found.tools()]


def _with_kept(keyed: KeyedProvider, given: Mapping[str, object], kept: Mapping[str, object]) -> dict[str, object]:
    """The given values with stored secrets where masked ones came back.

    Raises `ToolRefused` when another field changed with them: a secret must not follow an address that somebody else
    typed.
    """
    found = merged(given, kept, secret_fields(keyed.form))
    plain = [field.name for field in keyed.form if field.type == "text-input"]
    if found != dict(given) and any(found.get(name) != kept.get(name) for name in plain):
        raise ToolRefused("Other fields have changed: enter the secrets again.", params="credentials")
    return found


async def _rows(
    session: AsyncSession, workspace_id: str, provider: str, *, locked: bool = False
) -> list[BuiltInCredential]:
    """The provider's credentials, oldest first; ``locked`` where the engine can."""
    query = (
        select(BuiltInCredential)
        .where(BuiltInCredential.tenant_id == workspace_id, BuiltInCredential.provider == provider)
        .order_by(BuiltInCredential.id)
    )
    return list(await session.scalars(query.with_for_update() if locked else query))


def _chosen(rows: Sequence[BuiltInCredential], credential_id: str) -> BuiltInCredential:
    for row in rows:
        if row.id == credential_id:
            return row
    raise ToolCredentialNotFound


def _free_name(rows: Sequence[BuiltInCredential], wanted: str | None) -> str:
    taken = {row.name for row in rows}
    wanted = (wanted or "").strip()
    if len(wanted) > LONGEST_NAME:
        raise InvalidParam(f"The name may have {LONGEST_NAME} characters at most.", params="name")
    if wanted:
        if wanted in taken:
            raise _taken(wanted)
        return wanted
    return next(
        name for number in range(len(rows) + 1, 2 * len(rows) + 2) if (name := f"API KEY {number}") not in taken
    )


def _taken(name: str | None) -> ToolProviderTaken:
    return ToolProviderTaken(f"the credential name '{name}' is already used", params="name")
