"""What may go wrong with workspaces and members, in the contract's codes; some have hyphens there."""

from __future__ import annotations

from orrery.errors import BadRequest, Forbidden, NotFound


class NotInWorkspace(Forbidden):
    """The account does not belong to the workspace it asks for."""

    code = "account_not_link_tenant"
    default_message = "Account not link tenant."


class MayNotCreateWorkspace(BadRequest):
    """Neither ALLOW_CREATE_WORKSPACE nor the caller's role lets him make one."""

    code = "not_allowed_create_workspace"
    default_message = "Workspaces can only be created by owners and admins here (ALLOW_CREATE_WORKSPACE is off)."


class CannotOperateSelf(BadRequest):
    """Nobody changes his own membership."""

    code = "cannot-operate-self"
    default_message = "You can't do this to your own membership."


class MemberNotFound(NotFound):
    """No such member in this workspace."""

    code = "member-not-found"
    default_message = "Member not found."


class InvalidRole(BadRequest):
    """Not one of the roles that can be given."""

    code = "invalid-role"
    default_message = "Invalid role. Choose admin, editor, normal or dataset_operator."


class NotOwner(BadRequest):
    """Only the owner hands the workspace over."""

    code = "not_owner"
    default_message = "You are not the owner of the workspace."


class CannotTransferToSelf(BadRequest):
    """The owner is the owner already."""

    code = "cannot_transfer_owner_to_self"
    default_message = "You cannot transfer ownership to yourself."


class MemberNotInWorkspace(BadRequest):
    """The heir must be a member first."""

    code = "member_not_in_tenant"
    default_message = "The member is not in the workspace."
