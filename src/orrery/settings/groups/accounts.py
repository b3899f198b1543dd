"""Sign-in methods, one-time codes and lockouts."""

from __future__ import annotations

from typing import Annotated

from orrery.settings.declare import Env, Group


class Accounts(Group, frozen=True, kw_only=True):
    """Sign-in methods, one-time codes and lockouts."""

    password_login: Annotated[bool, Env("ENABLE_EMAIL_PASSWORD_LOGIN", "allow sign-in by password")] = True
    code_login: Annotated[bool, Env("ENABLE_EMAIL_CODE_LOGIN", "allow sign-in by a mailed code")] = False
    social_login: Annotated[bool, Env("ENABLE_SOCIAL_OAUTH_LOGIN", "allow sign-in with GitHub and Google")] = False
    registration: Annotated[bool, Env("ALLOW_REGISTER", "let visitors register")] = False
    create_workspaces: Annotated[bool, Env("ALLOW_CREATE_WORKSPACE", "let users make workspaces of their own")] = False
    dataset_operator: Annotated[bool, Env("DATASET_OPERATOR_ENABLED", "offer the dataset operator role")] = False
    github_client_id: Annotated[str, Env("GITHUB_CLIENT_ID", "OAuth application id at GitHub")] = ""
    github_client_secret: Annotated[
        str, Env("GITHUB_CLIENT_SECRET", "OAuth application secret at GitHub", secret=True)
    ] = ""
    google_client_id: Annotated[str, Env("GOOGLE_CLIENT_ID", "OAuth application id at Google")] = ""
    google_client_secret: Annotated[
        str, Env("GOOGLE_CLIENT_SECRET", "OAuth application secret at Google", secret=True)
    ] = ""
    oauth_redirect_path: Annotated[str, Env("OAUTH_REDIRECT_PATH", "callback path of social sign-in")] = (
        "/console/api/oauth/authorize"
    )
    invite_hours: Annotated[int, Env("INVITE_EXPIRY_HOURS", "life of an invitation, hours", at_least=1)] = 72
    reset_password_minutes: Annotated[
        int, Env("RESET_PASSWORD_TOKEN_EXPIRY_MINUTES", "life of a password reset code, minutes", at_least=1)
    ] = 5
    register_minutes: Annotated[
        int, Env("EMAIL_REGISTER_TOKEN_EXPIRY_MINUTES", "life of a registration code, minutes", at_least=1)
    ] = 5
    change_email_minutes: Annotated[
        int, Env("CHANGE_EMAIL_TOKEN_EXPIRY_MINUTES", "life of a change-of-mail code, minutes", at_least=1)
    ] = 5
    owner_transfer_minutes: Annotated[
        int, Env("OWNER_TRANSFER_TOKEN_EXPIRY_MINUTES", "life of an owner transfer code, minutes", at_least=1)
    ] = 5
    login_code_minutes: Annotated[
        int, Env("EMAIL_CODE_LOGIN_TOKEN_EXPIRY_MINUTES", "life of a sign-in code, minutes", at_least=1)
    ] = 5
    deletion_minutes: Annotated[
        int, Env("ACCOUNT_DELETION_TOKEN_EXPIRY_MINUTES", "life of an account deletion code, minutes", at_least=1)
    ] = 5
    mails_per_address_minute: Annotated[
        int, Env("EMAIL_SEND_IP_LIMIT_PER_MINUTE", "mails one client address may cause in a minute", at_least=1)
    ] = 50
    login_lockout_seconds: Annotated[
        int, Env("LOGIN_LOCKOUT_DURATION", "lock after too many wrong passwords, seconds", at_least=1)
    ] = 86400
    forgot_password_lockout_seconds: Annotated[
        int, Env("FORGOT_PASSWORD_LOCKOUT_DURATION", "lock after too many wrong reset codes, seconds", at_least=1)
    ] = 86400
    change_email_lockout_seconds: Annotated[
        int, Env("CHANGE_EMAIL_LOCKOUT_DURATION", "lock after too many wrong change-of-mail codes, seconds", at_least=1)
    ] = 86400
    owner_transfer_lockout_seconds: Annotated[
        int,
        Env("OWNER_TRANSFER_LOCKOUT_DURATION", "lock after too many wrong owner transfer codes, seconds", at_least=1),
    ] = 86400
    register_lockout_seconds: Annotated[
        int, Env("EMAIL_REGISTER_LOCKOUT_DURATION", "lock after too many wrong registration codes, seconds", at_least=1)
    ] = 86400
