"""Named permissions, and which of them each of the five roles holds (product reference, roles and permissions)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Role(StrEnum):
    """A member's role in one workspace."""

    OWNER = "owner"
    ADMIN = "admin"
    EDITOR = "editor"
    NORMAL = "normal"
    DATASET_OPERATOR = "dataset_operator"


class Permission(StrEnum):
    """What a caller may be asked for. Routes and services name one of these, never a role."""

    WORKSPACE_TRANSFER = "workspace.transfer"
    WORKSPACE_MANAGE = "workspace.manage"
    MEMBER_VIEW = "member.view"
    MEMBER_INVITE = "member.invite"
    MEMBER_MANAGE = "member.manage"
    AUDIT_VIEW = "audit.view"
    SYSTEM_VIEW = "system.view"
    SYSTEM_MANAGE = "system.manage"
    MODEL_VIEW = "model.view"
    MODEL_MANAGE = "model.manage"
    APP_VIEW = "app.view"
    APP_RUN = "app.run"
    APP_CREATE = "app.create"
    APP_EDIT = "app.edit"
    APP_PUBLISH = "app.publish"
    APP_DELETE = "app.delete"
    APP_IMPORT = "app.import"
    APP_EXPORT = "app.export"
    APP_LOG_VIEW = "app.log.view"
    APP_ANNOTATE = "app.annotate"
    APP_API_VIEW = "app.api.view"
    APP_API_MANAGE = "app.api.manage"
    APP_SITE_RESET = "app.site.reset"
    TAG_EDIT = "tag.edit"
    KNOWLEDGE_VIEW = "knowledge.view"
    KNOWLEDGE_EDIT = "knowledge.edit"
    KNOWLEDGE_EXTERNAL_MANAGE = "knowledge.external.manage"
    KNOWLEDGE_API_MANAGE = "knowledge.api.manage"
    TOOL_VIEW = "tool.view"
    TOOL_MANAGE = "tool.manage"
    DATASOURCE_MANAGE = "datasource.manage"
    PLUGIN_VIEW = "plugin.view"
    PLUGIN_MANAGE = "plugin.manage"
    ENDPOINT_MANAGE = "endpoint.manage"
    TRIGGER_ENABLE = "trigger.enable"
    TRIGGER_MANAGE = "trigger.manage"


class WorkspaceRule(StrEnum):
    """Who may install or debug plugins: a setting of the workspace, not of the role."""

    EVERYONE = "everyone"
    ADMINS = "admins"
    NOONE = "noone"


_P = Permission
_NORMAL = frozenset({_P.MEMBER_VIEW, _P.MODEL_VIEW, _P.APP_VIEW, _P.APP_RUN, _P.TOOL_VIEW, _P.PLUGIN_VIEW})
_KNOWLEDGE = frozenset({_P.KNOWLEDGE_VIEW, _P.KNOWLEDGE_EDIT, _P.KNOWLEDGE_EXTERNAL_MANAGE})
_EDITOR = (
    _NORMAL
    | _KNOWLEDGE
    | {
        _P.APP_CREATE,
        _P.APP_EDIT,
        _P.APP_PUBLISH,
        _P.APP_DELETE,
        _P.APP_IMPORT,
        _P.APP_EXPORT,
        _P.APP_LOG_VIEW,
        _P.APP_ANNOTATE,
        _P.APP_API_VIEW,
        _P.TAG_EDIT,
        _P.TRIGGER_ENABLE,
    }
)
_OWNER = frozenset(Permission)
_ADMIN = _OWNER - {_P.WORKSPACE_TRANSFER}

# An admin may change and remove members (as the contract's later versions allow), but never the owner: the members'
# service keeps that rule, because it depends on whom the change is about.
ROLE_PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = MappingProxyType(
    {
        Role.OWNER: _OWNER,
        Role.ADMIN: _ADMIN,
        Role.EDITOR: frozenset(_EDITOR),
        Role.NORMAL: _NORMAL,
        Role.DATASET_OPERATOR: _KNOWLEDGE | {_P.MEMBER_VIEW, _P.MODEL_VIEW},
    }
)
ASSIGNABLE: Final = (Role.ADMIN, Role.EDITOR, Role.NORMAL, Role.DATASET_OPERATOR)


def allows(role: Role, permission: Permission) -> bool:
    """Whether the role holds the permission."""
    return permission in ROLE_PERMISSIONS[role]


def may_use_plugins(role: Role, rule: WorkspaceRule) -> bool:
    """Whether the role may install (or debug) plugins where the workspace's setting is ``rule``."""
    if rule is WorkspaceRule.EVERYONE:
        return True
    return rule is WorkspaceRule.ADMINS and role in {Role.OWNER, Role.ADMIN}
