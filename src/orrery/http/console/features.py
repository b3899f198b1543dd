"""What the pages may show: flags of the installation and of the workspace. Nothing is locked and nothing is counted."""

from __future__ import annotations

import msgspec

from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.settings.groups.accounts import Accounts as AccountSettings
from orrery.settings.groups.mail import Mail
from orrery.settings.groups.plugins import Plugins

JsonObject = dict[str, object]


class VersionQuery(msgspec.Struct, frozen=True):
    """The version that the page was built for."""

    current_version: str = ""


class FeatureRoutes(RouteGroup):
    """Flags in the contract's shapes (product reference, 2.7)."""

    def __init__(self, *, accounts: AccountSettings, mail: Mail, plugins: Plugins, version: str) -> None:
        self._accounts = accounts
        self._mail = mail
        self._plugins = plugins
        self._version = version

    @route("GET", "/system-features", auth="public", scope="none", before_setup=True)
    async def system(self, call: Call) -> JsonObject:
        """Flags of the installation; only flags, because anybody may read them. What is not there is never offered."""
        accounts = self._accounts
        return {
            "sso_enforced_for_signin": False,
            "sso_enforced_for_signin_protocol": "",
            "enable_marketplace": False,
            "max_plugin_package_size": self._plugins.max_package_bytes,
            "enable_email_code_login": False,
            "enable_email_password_login": accounts.password_login,
            "enable_social_oauth_login": False,
            "is_allow_register": False,
            "is_allow_create_workspace": accounts.create_workspaces,
            "is_email_setup": bool(self._mail.type),
            "license": {
                "status": "none",
                "expired_at": "",
                "workspaces": {"enabled": False, "size": 0, "limit": 0},
            },
            "branding": {
                "enabled": False,
                "application_title": "",
                "login_page_logo": "",
                "workspace_logo": "",
                "favicon": "",
            },
            "webapp_auth": {
                "enabled": False,
                "allow_sso": False,
                "sso_config": {"protocol": ""},
                "allow_email_code_login": False,
                "allow_email_password_login": False,
            },
            "plugin_installation_permission": {
                "plugin_installation_scope": "all",
                "restrict_to_marketplace_only": False,
            },
            "enable_change_email": False,
            "plugin_manager": {"enabled": False},
            "trial_models": [],
            "enable_trial_app": False,
            "enable_explore_banner": False,
        }

    @route("GET", "/features", auth="console", scope="workspace")
    async def workspace(self, call: Call) -> JsonObject:
        """Flags of the workspace: everything is open; a limit of 0 is none."""
        return {
            "billing": {"enabled": False, "subscription": {"plan": "sandbox", "interval": ""}},
            "education": {"enabled": False, "activated": False},
            "members": _unlimited(),
            "apps": _unlimited(),
            "vector_space": _unlimited(),
            "knowledge_rate_limit": 10,
            "annotation_quota_limit": _unlimited(),
            "documents_upload_quota": _unlimited(),
            "docs_processing": "standard",
            "can_replace_logo": True,
            "model_load_balancing_enabled": True,
            "dataset_operator_enabled": True,
            "webapp_copyright_enabled": True,
            "workspace_members": {"enabled": False, "size": 0, "limit": 0},
            "is_allow_transfer_workspace": True,
            "trigger_event": {"usage": 0, "limit": 3000, "reset_date": 0},
            "api_rate_limit": {"usage": 0, "limit": 5000, "reset_date": 0},
            "knowledge_pipeline": {"publish_enabled": True},
            "next_credit_reset_date": 0,
        }

    @route("GET", "/version", auth="public", scope="none", query=VersionQuery, before_setup=True)
    async def version(self, call: Call, query: VersionQuery) -> JsonObject:
        """The version that runs. Nobody outside is asked for a newer one."""
        return {
            "version": self._version,
            "release_date": "",
            "release_notes": "",
            "can_auto_update": False,
            "features": {"can_replace_logo": True, "model_load_balancing_enabled": True},
        }


def _unlimited() -> JsonObject:
    return {"size": 0, "limit": 0}
