"""Sign-in methods, one-time codes and lockouts."""

from __future__ import annotations

from typing import Annotated

from orrery.settings.declare import Env, Group


class Accounts(Group, frozen=True, kw_only=True):
    """Sign-in methods, one-time codes and lockouts."""

    password_login: Annotated[bool, Env("ENABLE_EMAIL_PASSWORD_LOGIN", "allow sign-in by password")] = True
    create_workspaces: Annotated[bool, Env("ALLOW_CREATE_WORKSPACE", "let users make workspaces of their own")] = False
    invite_hours: Annotated[int, Env("INVITE_EXPIRY_HOURS", "life of an invitation, hours", at_least=1)] = 72
    login_lockout_seconds: Annotated[
        int, Env("LOGIN_LOCKOUT_DURATION", "lock after too many wrong passwords, seconds", at_least=1)
    ] = 86400
