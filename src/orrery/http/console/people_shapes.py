"""The console's objects for people and workspaces (product reference, 8), and who a call acts as."""

from __future__ import annotations

from datetime import datetime

import msgspec

from orrery.http.call import Call
from orrery.workspaces.accounts.profile import Profiles
from orrery.workspaces.accounts.tables import Account
from orrery.workspaces.audit.service import Actor
from orrery.workspaces.members.tables import Membership, Workspace


class Done(msgspec.Struct, frozen=True):
    """The answer of acts that have nothing else to say."""

    result: str = "success"


DONE = Done()


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """One's own account."""

    id: str
    name: str
    avatar: str | None
    avatar_url: str | None
    email: str
    is_password_set: bool
    interface_language: str
    interface_theme: str
    timezone: str
    last_login_at: int | None
    last_login_ip: str | None
    created_at: int


class MemberView(msgspec.Struct, frozen=True, kw_only=True):
    """A member as the others see it."""

    id: str
    name: str
    avatar: str | None
    avatar_url: str | None
    email: str
    last_login_at: int | None
    last_active_at: int | None
    created_at: int
    role: str
    status: str


class WorkspaceView(msgspec.Struct, frozen=True, kw_only=True):
    """The workspace one is in. Plans and trials are the contract's; nothing is limited here."""

    id: str
    name: str
    plan: str
    status: str
    created_at: int
    role: str
    in_trial: bool | None = None
    trial_end_reason: str | None = None
    custom_config: object = None
    trial_credits: int | None = None
    trial_credits_used: int | None = None
    next_credit_reset_date: int | None = None


def seconds(moment: datetime | None) -> int | None:
    """Unix seconds."""
    return None if moment is None else int(moment.timestamp())


def acting(call: Call) -> Actor:
    """The signed-in account in its current workspace, for services that keep the audit log."""
    caller = call.account
    return Actor(workspace_id=caller.workspace_id, account_id=caller.account_id, ip=call.ip)


def account_view(account: Account, profiles: Profiles) -> AccountView:
    return AccountView(
        id=account.id,
        name=account.name,
        avatar=account.avatar,
        avatar_url=profiles.avatar_url(account.avatar),
        email=account.email,
        is_password_set=account.password is not None,
        interface_language=account.interface_language,
        interface_theme=account.interface_theme,
        timezone=account.timezone,
        last_login_at=seconds(account.last_login_at),
        last_login_ip=account.last_login_ip,
        created_at=int(account.created_at.timestamp()),
    )


def member_view(account: Account, membership: Membership, profiles: Profiles) -> MemberView:
    return MemberView(
        id=account.id,
        name=account.name,
        avatar=account.avatar,
        avatar_url=profiles.avatar_url(account.avatar),
        email=account.email,
        last_login_at=seconds(account.last_login_at),
        last_active_at=seconds(account.last_active_at),
        created_at=int(membership.created_at.timestamp()),
        role=membership.role,
        status=account.status,
    )


def workspace_view(workspace: Workspace, role: str) -> WorkspaceView:
    return WorkspaceView(
        id=workspace.id,
        name=workspace.name,
        plan=workspace.plan,
        status=workspace.status,
        created_at=int(workspace.created_at.timestamp()),
        role=role,
        custom_config=workspace.custom_config,
    )
