"""The first run: ``/setup`` and ``/init``, and the routes that only say that the server is there."""

from __future__ import annotations

from typing import Annotated

import msgspec
from starlette.responses import Response

from orrery.http.authenticators.cookies import INIT_COOKIE, SessionCookies
from orrery.http.call import Call
from orrery.http.console.people_shapes import DONE, Done
from orrery.http.endpoint import RouteGroup, route
from orrery.http.responses import json_response
from orrery.workspaces.accounts.first_run import TICKET_SECONDS, FirstRun, Owner


class SetupBody(msgspec.Struct, frozen=True):
    """The owner's account."""

    email: str
    name: Annotated[str, msgspec.Meta(max_length=30)]
    password: str
    language: str | None = None


class InitBody(msgspec.Struct, frozen=True):
    """INIT_PASSWORD."""

    password: Annotated[str, msgspec.Meta(max_length=30)]


class SetupStep(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far the first run is; ``setup_at`` in ISO 8601."""

    step: str
    setup_at: str | None = None


class InitStatus(msgspec.Struct, frozen=True):
    """Whether the installation password has been dealt with."""

    status: str


class SetupRoutes(RouteGroup):
    """What works before there is an owner."""

    def __init__(self, first_run: FirstRun, cookies: SessionCookies) -> None:
        self._first_run = first_run
        self._cookies = cookies

    @route("GET", "/setup", auth="public", scope="none", before_setup=True)
    async def show(self, call: Call) -> SetupStep:
        """Says whether the owner exists."""
        if not await self._first_run.is_finished():
            return SetupStep("not_started")
        finished = await self._first_run.finished_at()
        return SetupStep("finished", finished.isoformat() if finished else None)

    @route("POST", "/setup", auth="public", scope="none", body=SetupBody, status=201, before_setup=True)
    async def set_up(self, call: Call, body: SetupBody) -> Done:
        """Makes the owner and the first workspace."""
        owner = Owner(email=body.email, name=body.name, password=body.password, language=body.language)
        ticket = call.request.cookies.get(INIT_COOKIE)
        await self._first_run.make_owner(owner, init_validated=self._first_run.is_ticket(ticket), ip=call.ip)
        return DONE

    @route("GET", "/init", auth="public", scope="none", before_setup=True)
    async def show_init(self, call: Call) -> InitStatus:
        """Says whether the installation password must be given."""
        done = (
            not self._first_run.asks_init_password
            or self._first_run.is_ticket(call.request.cookies.get(INIT_COOKIE))
            or await self._first_run.is_finished()
        )
        return InitStatus("finished" if done else "not_started")

    @route("POST", "/init", auth="public", scope="none", body=InitBody, status=201, before_setup=True)
    async def init(self, call: Call, body: InitBody) -> Response:
        """Takes the installation password."""
        ticket = await self._first_run.check_init_password(body.password, ip=call.ip)
        return self._cookies.put_ticket(json_response(DONE, 201), ticket, TICKET_SECONDS)

    @route("GET", "/ping", auth="public", scope="none", before_setup=True)
    async def ping(self, call: Call) -> Done:
        """Says that the server is there."""
        return Done("pong")
