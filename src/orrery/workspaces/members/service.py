"""Who belongs to a workspace with which role.

A workspace has exactly one owner. Admins may change and remove members, but never the owner; nobody changes his own
membership; ownership moves only by `Members.transfer`.
"""

from __future__ import annotations

import asyncio

from orrery.database import Database
from orrery.errors import Forbidden
from orrery.security.passwords import Passwords
from orrery.security.permissions import ASSIGNABLE
from orrery.workspaces.accounts import store as accounts_store
from orrery.workspaces.accounts.errors import CurrentPasswordIncorrect
from orrery.workspaces.accounts.tables import Account
from orrery.workspaces.audit.service import Actor, record
from orrery.workspaces.members import store
from orrery.workspaces.members.errors import (
    CannotOperateSelf,
    CannotTransferToSelf,
    InvalidRole,
    MemberNotFound,
    MemberNotInWorkspace,
    NotOwner,
)
from orrery.workspaces.members.tables import Membership


class Members:
    """Lists and changes memberships. Routes have checked the permission; rules about whom it concerns are here."""

    def __init__(self, database: Database, passwords: Passwords) -> None:
        self._database = database
        self._passwords = passwords

    async def of(self, workspace_id: str, role: str | None = None) -> list[tuple[Account, Membership]]:
        """The workspace's people; with ``role`` only those who have it."""
        async with self._database.read() as session:
            return await store.members(session, workspace_id, role)

    async def change_role(self, actor: Actor, account_id: str, role: str) -> None:
        """Gives a member another role. Raises `InvalidRole`, `CannotOperateSelf`, `MemberNotFound`, `Forbidden`."""
        checked_role(role)
        async with self._database.write() as session:
            membership = self._open_to_change(
                actor, account_id, await store.membership(session, actor.workspace_id, account_id)
            )
            record(session, actor, "member.role", account_id, before=membership.role, after=role)
            membership.role = role

    async def remove(self, actor: Actor, account_id: str) -> None:
        """Takes a member out. Raises `CannotOperateSelf`, `MemberNotFound`, `Forbidden`."""
        async with self._database.write() as session:
            membership = self._open_to_change(
                actor, account_id, await store.membership(session, actor.workspace_id, account_id)
            )
            await store.forget_invitations(session, actor.workspace_id, account_id)
            await session.delete(membership)
            record(session, actor, "member.remove", account_id, role=membership.role)

    async def transfer(self, actor: Actor, account_id: str, password: str) -> None:
        """Makes a member the owner, and the owner an admin, after the owner gave his password again.

        Raises `NotOwner`, `CannotTransferToSelf`, `MemberNotInWorkspace`, `CurrentPasswordIncorrect`.
        """
        async with self._database.read() as session:
            owner = await accounts_store.account_by_id(session, actor.account_id)
        if account_id == actor.account_id:
            raise CannotTransferToSelf
        stored, salt = (owner.password, owner.password_salt) if owner else (None, None)
        if not await asyncio.to_thread(self._passwords.verify, password, stored, salt):
            raise CurrentPasswordIncorrect
        async with self._database.write() as session:
            mine = await store.membership(session, actor.workspace_id, actor.account_id)
            if mine is None or mine.role != "owner":
                raise NotOwner
            heir = await store.membership(session, actor.workspace_id, account_id)
            if heir is None:
                raise MemberNotInWorkspace
            account = await accounts_store.account_by_id(session, account_id)
            if account is None or account.status != "active":
                raise MemberNotInWorkspace("The member has not accepted the invitation yet.")
            mine.role, heir.role = "admin", "owner"
            record(session, actor, "workspace.transfer", account_id)

    def _open_to_change(self, actor: Actor, account_id: str, membership: Membership | None) -> Membership:
        if account_id == actor.account_id:
            raise CannotOperateSelf
        if membership is None:
            raise MemberNotFound
        if membership.role == "owner":
            raise Forbidden("The owner's membership can't be changed. Transfer the ownership first.")
        return membership


def checked_role(role: str) -> str:
    """A role that can be given. Raises `InvalidRole`: also for owner, which is handed over instead."""
    if role not in ASSIGNABLE:
        raise InvalidRole
    return role
