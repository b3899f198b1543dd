"""What an administrator does for a person who can't sign in: from the command line, without the old password."""

from __future__ import annotations

import asyncio

from sqlalchemy.exc import IntegrityError

from orrery.database import Database
from orrery.security.passwords import Passwords
from orrery.workspaces.accounts import store
from orrery.workspaces.accounts.errors import AccountNotFound, EmailInUse
from orrery.workspaces.accounts.revocation import Revocation
from orrery.workspaces.accounts.words import checked_email, checked_password


class Recovery:
    """Sets passwords and mail addresses by mail address; ends the account's sessions."""

    def __init__(self, database: Database, passwords: Passwords, revocation: Revocation) -> None:
        self._database = database
        self._passwords = passwords
        self._revocation = revocation

    async def set_password(self, email: str, password: str) -> str:
        """Gives the account a new password; gives its id. Raises `AccountNotFound`, `WeakPassword`."""
        hashed = await asyncio.to_thread(self._passwords.hash, checked_password(password))
        async with self._database.write() as session:
            account = await store.account_by_email(session, email)
            if account is None:
                raise AccountNotFound
            account.password, account.password_salt = hashed, None
            if account.status == "pending":
                account.status = "active"
            await store.end_other_sessions(session, account.id, None)
        await self._revocation.revoke(account.id)
        return account.id

    async def change_email(self, email: str, new_email: str) -> str:
        """Gives the account another address; gives its id. Raises `AccountNotFound`, `EmailInUse`, `InvalidParam`."""
        wanted = checked_email(new_email)
        try:
            async with self._database.write() as session:
                account = await store.account_by_email(session, email)
                if account is None:
                    raise AccountNotFound
                account.email = wanted
                await store.end_other_sessions(session, account.id, None)
        except IntegrityError as error:
            raise EmailInUse from error
        await self._revocation.revoke(account.id)
        return account.id
