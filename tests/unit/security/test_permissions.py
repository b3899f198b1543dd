from __future__ import annotations

import pytest

from orrery.security.permissions import (
    ASSIGNABLE,
    ROLE_PERMISSIONS,
    Permission,
    Role,
    WorkspaceRule,
    allows,
    may_use_plugins,
)

TABLE = {
    # capability: roles, row by row of the contract's table
    Permission.WORKSPACE_TRANSFER: "owner",
    Permission.MEMBER_MANAGE: "owner admin",
    Permission.MEMBER_INVITE: "owner admin",
    Permission.MODEL_MANAGE: "owner admin",
    Permission.SYSTEM_VIEW: "owner admin",
    Permission.SYSTEM_MANAGE: "owner admin",
    Permission.APP_API_MANAGE: "owner admin",
    Permission.KNOWLEDGE_API_MANAGE: "owner admin",
    Permission.TOOL_MANAGE: "owner admin",
    Permission.ENDPOINT_MANAGE: "owner admin",
    Permission.TRIGGER_MANAGE: "owner admin",
    Permission.PLUGIN_MANAGE: "owner admin",
    Permission.DATASOURCE_MANAGE: "owner admin",
    Permission.APP_EDIT: "owner admin editor",
    Permission.APP_PUBLISH: "owner admin editor",
    Permission.APP_DELETE: "owner admin editor",
    Permission.APP_LOG_VIEW: "owner admin editor",
    Permission.TRIGGER_ENABLE: "owner admin editor",
    Permission.KNOWLEDGE_EDIT: "owner admin editor dataset_operator",
    Permission.APP_RUN: "owner admin editor normal",
    Permission.APP_VIEW: "owner admin editor normal",
}


@pytest.mark.parametrize(("permission", "roles"), TABLE.items())
def test_roles_hold_what_the_table_says(permission: Permission, roles: str) -> None:
    assert {role.value for role in Role if allows(role, permission)} == set(roles.split())


def test_the_owner_holds_all_and_the_admin_all_but_the_transfer() -> None:
    assert ROLE_PERMISSIONS[Role.OWNER] == set(Permission)
    assert ROLE_PERMISSIONS[Role.OWNER] - ROLE_PERMISSIONS[Role.ADMIN] == {Permission.WORKSPACE_TRANSFER}


def test_ownership_is_not_assigned_but_transferred() -> None:
    assert Role.OWNER not in ASSIGNABLE
    assert set(ASSIGNABLE) == set(Role) - {Role.OWNER}


def test_plugins_follow_the_workspaces_rule() -> None:
    who = {rule: {role.value for role in Role if may_use_plugins(role, rule)} for rule in WorkspaceRule}
    assert who[WorkspaceRule.EVERYONE] == {role.value for role in Role}
    assert who[WorkspaceRule.ADMINS] == {"owner", "admin"}
    assert who[WorkspaceRule.NOONE] == set()
