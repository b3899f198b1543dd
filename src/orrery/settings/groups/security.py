"""Keys, session lives, origins: what protects the installation."""

from __future__ import annotations

from typing import Annotated

from orrery.settings.declare import Env, Group


class Security(Group, frozen=True, kw_only=True):
    """Keys, session lives, origins: what protects the installation."""

    secret_key: Annotated[
        str, Env("SECRET_KEY", "signs sessions and file links; changing it signs everybody out", secret=True)
    ] = ""
    master_key: Annotated[
        str, Env("ORRERY_MASTER_KEY", "encrypts stored credentials; empty derives it from SECRET_KEY", secret=True)
    ] = ""
    init_password: Annotated[
        str,
        Env(
            "INIT_PASSWORD",
            "asked before the first account is made, 30 characters at most; empty asks nothing",
            secret=True,
        ),
    ] = ""
    access_token_minutes: Annotated[
        int, Env("ACCESS_TOKEN_EXPIRE_MINUTES", "life of a console access token, minutes", at_least=1)
    ] = 60
    refresh_token_days: Annotated[float, Env("REFRESH_TOKEN_EXPIRE_DAYS", "life of a refresh token, days", above=0)] = (
        30.0
    )
    cookie_domain: Annotated[
        str, Env("COOKIE_DOMAIN", "parent domain of the cookies; empty keeps them on the host")
    ] = ""
    console_origins: Annotated[
        tuple[str, ...], Env("CONSOLE_CORS_ALLOW_ORIGINS", "origins that may call the console API, comma separated")
    ] = ("*",)
    web_origins: Annotated[
        tuple[str, ...], Env("WEB_API_CORS_ALLOW_ORIGINS", "origins that may call the web-app API, comma separated")
    ] = ("*",)
    admin_key_enabled: Annotated[bool, Env("ADMIN_API_KEY_ENABLE", "accept ADMIN_API_KEY as bearer token")] = False
    admin_key: Annotated[
        str, Env("ADMIN_API_KEY", "key that acts as the owner of the workspace named by X-WORKSPACE-ID", secret=True)
    ] = ""
    allow_embed: Annotated[bool, Env("ALLOW_EMBED", "let other sites frame the console's pages")] = False
    csp_sources: Annotated[
        str, Env("CSP_WHITELIST", "further sources for the Content-Security-Policy of the pages")
    ] = ""
