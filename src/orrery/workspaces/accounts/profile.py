"""What a person may change about his own account."""

from __future__ import annotations

import asyncio

from orrery.database import Database
from orrery.errors import InvalidParam, Unauthorized
from orrery.security.passwords import Passwords
from orrery.security.tokens import fingerprint
from orrery.workspaces.accounts import store
from orrery.workspaces.accounts.errors import CurrentPasswordIncorrect, RepeatPasswordMismatch
from orrery.workspaces.accounts.pictures import Pictures
from orrery.workspaces.accounts.revocation import Revocation
from orrery.workspaces.accounts.tables import Account
from orrery.workspaces.accounts.words import (
    THEMES,
    checked_language,
    checked_name,
    checked_password,
    checked_timezone,
)
from orrery.workspaces.audit.service import Actor, record


class Profiles:
    """Reads and changes accounts on behalf of themselves."""

    def __init__(self, database: Database, passwords: Passwords, pictures: Pictures, revocation: Revocation) -> None:
        self._database = database
        self._passwords = passwords
        self._revocation = revocation
        self._pictures = pictures

    async def get(self, account_id: str) -> Account:
        """The account. Raises `Unauthorized` when it is gone."""
        async with self._database.read() as session:
            found = await store.account_by_id(session, account_id)
        if found is None:
            raise Unauthorized
        return found

    def avatar_url(self, avatar: str | None) -> str | None:
        """The address of an avatar, which is a file's id or an address already."""
        if not avatar:
            return None
        return avatar if avatar.startswith(("http://", "https://")) else self._pictures.link(avatar)

    async def rename(self, actor: Actor, name: str) -> Account:
        """3 to 30 characters. Raises `InvalidParam`."""
        return await self._change(actor, name=checked_name(name, "name", least=3, most=30))

    async def change_avatar(self, actor: Actor, file_id: str) -> Account:
        """Takes an uploaded picture of the current workspace as avatar. Raises `InvalidParam`."""
        usable = await self._pictures.may_use(file_id, account_id=actor.account_id, workspace_id=actor.workspace_id)
        if not usable:
            raise InvalidParam("The avatar must be a picture that you uploaded.", params="avatar")
        return await self._change(actor, avatar=file_id)

    async def change_language(self, actor: Actor, language: str) -> Account:
        """One of the languages of the pages. Raises `InvalidParam`."""
        return await self._change(actor, interface_language=checked_language(language))

    async def change_theme(self, actor: Actor, theme: str) -> Account:
        """light, dark, or what the device says. Raises `InvalidParam`."""
        if theme not in THEMES:
            raise InvalidParam(f"{theme} is not a valid theme.", params="interface_theme")
        return await self._change(actor, interface_theme=theme)

    async def change_timezone(self, actor: Actor, timezone: str) -> Account:
        """A name of the IANA database. Raises `InvalidParam`."""
        return await self._change(actor, timezone=checked_timezone(timezone))

    async def change_password(
        self, actor: Actor, *, current: str | None, new: str, repeated: str, session_token: str | None
    ) -> Account:
        """Sets a new password and ends every session but the one of ``session_token`` (a refresh token).

        Access tokens issued so far stop counting, so the kept session needs a new one.
        Raises `RepeatPasswordMismatch`, `CurrentPasswordIncorrect`, `WeakPassword`.
        """
        if new != repeated:
            raise RepeatPasswordMismatch
        account = await self.get(actor.account_id)
        if account.password is not None:
            fits = await asyncio.to_thread(
                self._passwords.verify, current or "", account.password, account.password_salt
            )
            if not fits:
                raise CurrentPasswordIncorrect
        hashed = await asyncio.to_thread(self._passwords.hash, checked_password(new, "new_password"))
        async with self._database.write() as session:
            row = await store.account_to_change(session, actor.account_id)
            if row is None:
                raise Unauthorized
            if row.password != account.password:
                raise CurrentPasswordIncorrect
            row.password, row.password_salt = hashed, None
            kept = fingerprint(session_token) if session_token else None
            await store.end_other_sessions(session, actor.account_id, kept)
            if actor.workspace_id:
                record(session, actor, "account.password", actor.account_id)
        await self._revocation.revoke(actor.account_id)
        return row

    async def _change(self, actor: Actor, **values: str) -> Account:
        async with self._database.write() as session:
            row = await store.account_to_change(session, actor.account_id)
            if row is None:
                raise Unauthorized
            for name, value in values.items():
                setattr(row, name, value)
            if actor.workspace_id:
                record(session, actor, "account.update", actor.account_id, **values)
        return row
