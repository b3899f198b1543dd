"""Members of the current workspace, and invitations."""

from __future__ import annotations

from typing import Annotated

import msgspec

from orrery.http.call import Call
from orrery.http.console.people_shapes import DONE, Done, MemberView, acting, member_view
from orrery.http.endpoint import RouteGroup, route
from orrery.security.permissions import Permission
from orrery.settings.groups.urls import Urls
from orrery.workspaces.accounts.profile import Profiles
from orrery.workspaces.members.invitations import Acceptance, Invitations
from orrery.workspaces.members.service import Members

Short = Annotated[str, msgspec.Meta(max_length=255)]


class MemberViews(msgspec.Struct, frozen=True):
    """The people of a workspace."""

    accounts: list[MemberView]


class InviteBody(msgspec.Struct, frozen=True):
    """Whom to invite, and as what."""

    emails: list[Short]
    role: str
    language: str | None = None


class InvitationResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one address."""

    status: str
    email: str
    url: str | None = None
    message: str | None = None


class Invitees(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each address."""

    result: str = "success"
    invitation_results: list[InvitationResult]
    tenant_id: str


class RoleBody(msgspec.Struct, frozen=True):
    """The new role."""

    role: str


class Removed(msgspec.Struct, frozen=True):
    """The workspace that has one member less."""

    tenant_id: str
    result: str = "success"


class TransferBody(msgspec.Struct, frozen=True):
    """The owner's password, given again."""

    password: str


class CheckQuery(msgspec.Struct, frozen=True):
    """What an invitation's link holds."""

    token: Short
    workspace_id: Short | None = None
    email: Short | None = None


class CheckedInvitation(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the link holds, and what it invites to."""

    is_valid: bool
    data: dict[str, str] | None = None


class ActivateBody(msgspec.Struct, frozen=True):
    """What the invited person chose; with a ``password`` the account can be used at once."""

    token: Short
    name: Annotated[str, msgspec.Meta(max_length=30)]
    interface_language: str
    timezone: str
    workspace_id: str | None = None
    email: str | None = None
    password: str | None = None


class MemberRoutes(RouteGroup):
    """Lists, invites, changes and removes members."""

    def __init__(self, members: Members, invitations: Invitations, profiles: Profiles, urls: Urls) -> None:
        self._members = members
        self._invitations = invitations
        self._profiles = profiles
        self._urls = urls

    @route(
        "GET",
        "/workspaces/current/members",
        auth="console",
        scope="workspace",
        permission=Permission.MEMBER_VIEW,
    )
    async def list(self, call: Call) -> MemberViews:
        """Lists the members of the current workspace."""
        return await self._views(call, None)

    @route(
        "GET",
        "/workspaces/current/dataset-operators",
        auth="console",
        scope="workspace",
        permission=Permission.MEMBER_VIEW,
    )
    async def list_dataset_operators(self, call: Call) -> MemberViews:
        """Lists the members who only work on knowledge."""
        return await self._views(call, "dataset_operator")

    async def _views(self, call: Call, role: str | None) -> MemberViews:
        people = await self._members.of(call.account.workspace_id, role)
        return MemberViews([member_view(account, membership, self._profiles) for account, membership in people])

    @route(
        "POST",
        "/workspaces/current/members/invite-email",
        auth="console",
        scope="workspace",
        permission=Permission.MEMBER_INVITE,
        body=InviteBody,
        status=201,
    )
    async def invite(self, call: Call, body: InviteBody) -> Invitees:
        """Makes people members, and gives the links to send them."""
        console_url = self._urls.console_web or str(call.request.base_url)
        invited = await self._invitations.invite(
            acting(call), body.emails, body.role, language=body.language, console_url=console_url
        )
        results = [
            InvitationResult("failed" if one.url is None else "success", one.email, one.url, one.problem)
            for one in invited
        ]
        return Invitees(invitation_results=results, tenant_id=call.account.workspace_id)

    @route(
        "PUT",
        "/workspaces/current/members/{member_id}/update-role",
        auth="console",
        scope="workspace",
        permission=Permission.MEMBER_MANAGE,
        body=RoleBody,
    )
    async def change_role(self, call: Call, body: RoleBody) -> Done:
        """Gives a member another role."""
        await self._members.change_role(acting(call), call.id("member_id"), body.role)
        return DONE

    @route(
        "DELETE",
        "/workspaces/current/members/{member_id}",
        auth="console",
        scope="workspace",
        permission=Permission.MEMBER_MANAGE,
    )
    async def remove(self, call: Call) -> Removed:
        """Takes a member out of the workspace."""
        await self._members.remove(acting(call), call.id("member_id"))
        return Removed(call.account.workspace_id)

    @route(
        "POST",
        "/workspaces/current/members/{member_id}/owner-transfer",
        auth="console",
        scope="workspace",
        permission=Permission.WORKSPACE_TRANSFER,
        body=TransferBody,
    )
    async def transfer(self, call: Call, body: TransferBody) -> Done:
        """Hands the workspace over to a member."""
        await self._members.transfer(acting(call), call.id("member_id"), body.password)
        return DONE

    @route("GET", "/activate/check", auth="public", scope="none", query=CheckQuery, before_setup=True)
    async def check(self, call: Call, query: CheckQuery) -> CheckedInvitation:
        """Says whether an invitation's link holds."""
        found = await self._invitations.check(query.token, workspace_id=query.workspace_id, email=query.email)
        if found is None:
            return CheckedInvitation(is_valid=False)
        shown = {"workspace_name": found.workspace_name, "workspace_id": found.workspace_id, "email": found.email}
        return CheckedInvitation(is_valid=True, data=shown)

    @route("POST", "/activate", auth="public", scope="none", body=ActivateBody, before_setup=True)
    async def activate(self, call: Call, body: ActivateBody) -> Done:
        """Takes an invitation."""
        acceptance = Acceptance(
            token=body.token,
            name=body.name,
            interface_language=body.interface_language,
            timezone=body.timezone,
            workspace_id=body.workspace_id,
            email=body.email,
            password=body.password,
        )
        await self._invitations.accept(acceptance, ip=call.ip)
        return DONE
