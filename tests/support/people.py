"""Accounts and workspaces for tests of the console: a whole people's room, and signed-in browsers."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
from starlette.types import ASGIApp
from tests.support.app import asgi_app, browser, new_database
from tests.support.clock import MovableClock

from orrery.cache.memory import MemoryCache
from orrery.database import Database
from orrery.egress import GuardedHttpClient, operator_policy
from orrery.http.app import Authenticator
from orrery.http.console.people import PeopleSettings, people_authenticators, people_routes
from orrery.http.endpoint import RouteGroup
from orrery.inference.registry import ProviderRegistry
from orrery.inference.transport import ModelTimeouts, ModelTransport, RetryPolicy
from orrery.security.encryption import Vault
from orrery.security.passwords import Passwords
from orrery.security.tokens import Tokens
from orrery.settings.groups.accounts import Accounts
from orrery.settings.groups.mail import Mail
from orrery.settings.groups.plugins import Plugins
from orrery.settings.groups.security import Security
from orrery.settings.groups.urls import Urls
from orrery.workspaces.accounts.pictures import NoPictures, Pictures
from orrery.workspaces.parts import WorkspaceNeeds, Workspaces

PREFIX = "/console/api"
PASSWORD = "correct horse 1"
OWNER = "ada@example.com"
SECRET_KEY = "a key for tests only, of no use anywhere else"


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """Settings and outside parts that a test sets differently."""

    accounts: Accounts = Accounts()
    security: Security = Security(secret_key=SECRET_KEY)
    urls: Urls = Urls()
    pictures: Pictures = NoPictures()


class People:
    """The running app with people in it."""

    def __init__(
        self, app: ASGIApp, database: Database, workspaces: Workspaces, clock: MovableClock, cache: MemoryCache
    ) -> None:
        self.app = app
        self.database = database
        self.workspaces = workspaces
        self.clock = clock
        self.cache = cache
        self._open: list[httpx.AsyncClient] = []

    def browser(self, ip: str = "192.0.2.1") -> httpx.AsyncClient:
        """A browser that nobody has signed in with."""
        client = browser(self.app, ip=ip)
        client.base_url = httpx.URL(str(client.base_url) + PREFIX)
        self._open.append(client)
        return client

    async def set_up(self, email: str = OWNER, name: str = "Ada") -> None:
        """Makes the owner."""
        answer = await self.browser().post("/setup", json={"email": email, "name": name, "password": PASSWORD})
        assert answer.status_code == 201, answer.text

    async def signed_in(self, email: str = OWNER, password: str = PASSWORD, ip: str = "192.0.2.1") -> httpx.AsyncClient:
        """A browser with a session; it sends the CSRF header by itself."""
        client = self.browser(ip)
        answer = await client.post("/login", json={"email": email, "password": encoded(password)})
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"result": "success"}
        client.headers["X-CSRF-Token"] = client.cookies["csrf_token"]
        return client

    async def invited(self, inviter: httpx.AsyncClient, email: str, role: str = "normal") -> httpx.AsyncClient:
        """A new member's signed-in browser."""
        answer = await inviter.post("/workspaces/current/members/invite-email", json={"emails": [email], "role": role})
        assert answer.status_code == 201, answer.text
        token = token_of(answer.json()["invitation_results"][0]["url"])
        chosen = {"token": token, "name": email.partition("@")[0], "interface_language": "en-US", "timezone": "UTC"}
        answer = await self.browser().post("/activate", json={**chosen, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return await self.signed_in(email)

    async def second_workspace(self, owner: httpx.AsyncClient, email: str = "eve@example.org") -> httpx.AsyncClient:
        """The browser of somebody who owns a workspace of his own and has nothing to do with the first one."""
        other = await self.invited(owner, email, "admin")
        made = await other.post("/workspaces", json={"name": "Elsewhere"})
        assert made.status_code == 201, made.text
        profile = (await other.get("/account/profile")).json()
        removed = await owner.delete(f"/workspaces/current/members/{profile['id']}")
        assert removed.status_code == 200, removed.text
        return other

    async def close(self) -> None:
        for client in self._open:
            await client.aclose()


def encoded(password: str) -> str:
    """A password as the sign-in page sends it."""
    return base64.b64encode(password.encode()).decode()


def token_of(url: str) -> str:
    """The token in an invitation's link."""
    return parse_qs(urlsplit(url).query)["token"][0]


@asynccontextmanager
async def people(
    folder: Path,
    choices: Choices | None = None,
    *,
    more_groups: Iterable[tuple[str, RouteGroup]] = (),
    more_authenticators: Mapping[str, Authenticator] | None = None,
) -> AsyncGenerator[People]:
    """Builds the app over a new database. Passwords are hashed cheaply."""
    choices = choices or Choices()
    clock = MovableClock()
    memory = MemoryCache(clock=clock.monotonic)
    settings = PeopleSettings(
        accounts=choices.accounts,
        security=choices.security,
        urls=choices.urls,
        mail=Mail(),
        plugins=Plugins(),
        version="1.2.3",
    )
    http = GuardedHttpClient(operator_policy(allow_private=True))
    async with new_database(folder) as database, http:
        workspaces = Workspaces.build(
            WorkspaceNeeds(
                database=database,
                cache=memory,
                passwords=Passwords(memory_kib=64, passes=1),
                tokens=Tokens(choices.security.secret_key, issuer="SELF_HOSTED", clock=clock.seconds),
                vault=Vault(secret_key=choices.security.secret_key),
                accounts=choices.accounts,
                security=choices.security,
                registry=ProviderRegistry(),
                transport=ModelTransport(
                    http,
                    timeouts=ModelTimeouts(connect=60.0, first_byte=60.0, between=60.0, whole=60.0),
                    retries=RetryPolicy(retries=0),
                ),
                version="1.2.3",
                pictures=choices.pictures,
                now=clock.now,
            )
        )
        groups = [(PREFIX, group) for group in people_routes(workspaces, settings)]
        authenticators = {**people_authenticators(workspaces, settings), **(more_authenticators or {})}
        app = asgi_app([*groups, *more_groups], authenticators)
        site = People(app, database, workspaces, clock, memory)
        try:
            yield site
        finally:
            await site.close()
