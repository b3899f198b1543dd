"""The addresses under which people reach the parts."""

from __future__ import annotations

from typing import Annotated

from orrery.settings.declare import Env, Group


class Urls(Group, frozen=True, kw_only=True):
    """The addresses under which people reach the parts."""

    console_api: Annotated[
        str, Env("CONSOLE_API_URL", "address of the console API; empty means the address of the request")
    ] = ""
    console_web: Annotated[
        str, Env("CONSOLE_WEB_URL", "address of the console; empty means the address of the request")
    ] = ""
    service_api: Annotated[
        str, Env("SERVICE_API_URL", "address shown to developers for /v1; empty means the address of the request")
    ] = ""
    app_web: Annotated[str, Env("APP_WEB_URL", "address of published apps; empty means the address of the request")] = (
        ""
    )
    trigger: Annotated[str, Env("TRIGGER_URL", "address shown for webhooks and plugin triggers")] = (
        "http://localhost:5001"
    )
    files: Annotated[str, Env("FILES_URL", "address of file links; empty takes CONSOLE_API_URL")] = ""
    internal_files: Annotated[
        str, Env("INTERNAL_FILES_URL", "address of file links for parts inside the network; empty takes FILES_URL")
    ] = ""

    def file_links(self) -> str:
        """Base of file links for outside readers; empty means the address of the request."""
        return (self.files or self.console_api).rstrip("/")

    def internal_file_links(self) -> str:
        """Base of file links for parts inside the network."""
        return (self.internal_files or self.file_links()).rstrip("/")

    def secure_cookies(self) -> bool:
        """Whether cookies are marked Secure: only when both console addresses are https."""
        return self.console_web.startswith("https") and self.console_api.startswith("https")
