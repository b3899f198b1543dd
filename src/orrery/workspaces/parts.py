"""The services of this room, built once from what they need."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from orrery.cache.protocol import Cache
from orrery.database import Database
from orrery.database.orm import utc_now
from orrery.inference.check import CredentialCheck
from orrery.inference.registry import ProviderRegistry
from orrery.inference.transport import ModelTransport
from orrery.security.encryption import Vault
from orrery.security.passwords import Passwords
from orrery.security.tokens import Tokens
from orrery.settings.groups.accounts import Accounts as AccountSettings
from orrery.settings.groups.security import Security as SecuritySettings
from orrery.workspaces.accounts.callers import Callers
from orrery.workspaces.accounts.first_run import FirstRun
from orrery.workspaces.accounts.lockout import Lockout
from orrery.workspaces.accounts.pictures import NoPictures, Pictures
from orrery.workspaces.accounts.profile import Profiles
from orrery.workspaces.accounts.recovery import Recovery
from orrery.workspaces.accounts.revocation import Revocation
from orrery.workspaces.accounts.sign_in import SignIn
from orrery.workspaces.audit.service import AuditLog
from orrery.workspaces.members.invitations import Invitations
from orrery.workspaces.members.service import Members
from orrery.workspaces.members.workspaces import WorkspaceDirectory
from orrery.workspaces.models.credentials import ProviderCredentials
from orrery.workspaces.models.gateway import WorkspaceModels
from orrery.workspaces.models.offer import Offer
from orrery.workspaces.models.own_models import OwnModels
from orrery.workspaces.models.sealing import Seal
from orrery.workspaces.models.snapshot import Snapshots
from orrery.workspaces.models.vendors import Vendors


class WorkspaceNeeds(msgspec.Struct, frozen=True, kw_only=True):
    """What the room is built from. ``now`` is the wall clock, aware, in UTC; ``version`` goes into the setup record.

    ``transport`` carries model calls: its client must let through the addresses that administrators may name.
    ``self_hosted`` is false for editions whose first run happens elsewhere.
    """

    database: Database
    cache: Cache
    passwords: Passwords
    tokens: Tokens
    vault: Vault
    accounts: AccountSettings
    security: SecuritySettings
    registry: ProviderRegistry
    transport: ModelTransport
    version: str
    pictures: Pictures = NoPictures()
    self_hosted: bool = True
    now: Callable[[], datetime] = utc_now


class Workspaces(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the services; `build` makes them."""

    first_run: FirstRun
    sign_in: SignIn
    callers: Callers
    profiles: Profiles
    recovery: Recovery
    directory: WorkspaceDirectory
    members: Members
    invitations: Invitations
    audit: AuditLog
    vendors: Vendors
    offer: Offer
    provider_credentials: ProviderCredentials
    own_models: OwnModels
    models: WorkspaceModels

    @classmethod
    def build(cls, needs: WorkspaceNeeds) -> Workspaces:
        """Builds every service; opens nothing."""
        database, passwords, now = needs.database, needs.passwords, needs.now
        vendors = Vendors(needs.registry, CredentialCheck(needs.registry, needs.transport))
        snapshots, seal = Snapshots(database, needs.cache), Seal(needs.vault)
        revocation = Revocation(needs.cache, minutes=needs.security.access_token_minutes, now=now)
        lockout = Lockout(needs.cache, lockout_seconds=needs.accounts.login_lockout_seconds)
        return cls(
            first_run=FirstRun(
                database,
                needs.cache,
                passwords,
                version=needs.version,
                settings=needs.security,
                always_finished=not needs.self_hosted,
                now=now,
            ),
            sign_in=SignIn(
                database,
                passwords,
                needs.tokens,
                lockout,
                revocation,
                accounts=needs.accounts,
                security=needs.security,
                now=now,
            ),
            callers=Callers(database, needs.tokens, revocation, security=needs.security, now=now),
            profiles=Profiles(database, passwords, needs.pictures, revocation),
            recovery=Recovery(database, passwords, revocation),
            directory=WorkspaceDirectory(database, settings=needs.accounts),
            members=Members(database, passwords),
            invitations=Invitations(database, passwords, settings=needs.accounts, now=now),
            audit=AuditLog(database),
            vendors=vendors,
            offer=Offer(database, snapshots, vendors, seal),
            provider_credentials=ProviderCredentials(database, snapshots, vendors, seal),
            own_models=OwnModels(database, snapshots, vendors, seal),
            models=WorkspaceModels(needs.registry, needs.transport, snapshots, seal),
        )
