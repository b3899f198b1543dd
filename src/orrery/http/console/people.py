"""The route groups of people, workspaces and models, and their authenticators."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from orrery.http.app import Authenticator
from orrery.http.authenticators.console import ConsoleAuthenticator, PublicGate
from orrery.http.authenticators.cookies import SessionCookies
from orrery.http.console.account import AccountRoutes
from orrery.http.console.auth import SessionRoutes
from orrery.http.console.features import FeatureRoutes
from orrery.http.console.members import MemberRoutes
from orrery.http.console.models import ModelProviderRoutes
from orrery.http.console.models_own import OwnModelRoutes
from orrery.http.console.setup import SetupRoutes
from orrery.http.console.workspaces import WorkspaceRoutes
from orrery.http.endpoint import RouteGroup
from orrery.settings.groups.accounts import Accounts as AccountSettings
from orrery.settings.groups.mail import Mail
from orrery.settings.groups.plugins import Plugins
from orrery.settings.groups.security import Security as SecuritySettings
from orrery.settings.groups.urls import Urls
from orrery.workspaces.parts import Workspaces


class PeopleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that these routes show or obey. ``version`` is what the product calls itself."""

    accounts: AccountSettings
    security: SecuritySettings
    urls: Urls
    mail: Mail
    plugins: Plugins
    version: str


def people_authenticators(workspaces: Workspaces, settings: PeopleSettings) -> Mapping[str, Authenticator]:
    """How routes with auth ``public`` and ``console`` find their callers."""
    cookies = SessionCookies(security=settings.security, urls=settings.urls)
    return {
        "public": PublicGate(workspaces.first_run),
        "console": ConsoleAuthenticator(workspaces.callers, workspaces.first_run, cookies),
    }


def people_routes(workspaces: Workspaces, settings: PeopleSettings) -> list[RouteGroup]:
    """The route groups, to be mounted below ``/console/api``."""
    cookies = SessionCookies(security=settings.security, urls=settings.urls)
    return [
        SetupRoutes(workspaces.first_run, cookies),
        SessionRoutes(workspaces.sign_in, cookies),
        AccountRoutes(workspaces.profiles, workspaces.sign_in, cookies),
        WorkspaceRoutes(workspaces.directory, workspaces.audit),
        MemberRoutes(workspaces.members, workspaces.invitations, workspaces.profiles, settings.urls),
        ModelProviderRoutes(workspaces.offer, workspaces.provider_credentials, workspaces.vendors),
        OwnModelRoutes(workspaces.own_models, workspaces.vendors),
        FeatureRoutes(
            accounts=settings.accounts, mail=settings.mail, plugins=settings.plugins, version=settings.version
        ),
    ]
